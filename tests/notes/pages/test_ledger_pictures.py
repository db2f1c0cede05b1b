from __future__ import annotations

from datetime import date
from types import SimpleNamespace

from clinic.notes.charts.axis import NARROW, WIDE
from clinic.notes.charts.open_ruptures import open_ruptures
from clinic.notes.charts.questionnaires import questionnaire_charts
from clinic.notes.charts.ratings import ratings_chart
from clinic.notes.charts.received_attempts import received_attempts
from clinic.notes.charts.rupture_lanes import rupture_lanes
from clinic.notes.charts.time_to_repair import lasting_episodes, time_to_repair
from clinic.notes.charts.transparency_window import transparency_window
from clinic.notes.course.stored_windows import StoredRun
from clinic.notes.pages.ledger_pictures import (
    ledger_pictures,
    questionnaire_pictures,
    window_pictures,
)
from clinic.notes.record.entries_in_error import InError
from clinic.notes.rules.questionnaire_responses import from_answers
from clinic.practice.rules.instruments import parse_instrument
from tests.notes.charts.short_course import COURSE
from tests.support.factories import CLOSENESS, NOW, a_run, add_closeness, make_care_couple

DAY = date(2026, 11, 20)


def test_ledger_has_charts_one_to_five_with_the_ratings_of_these_partners_alone():
    drawn = ledger_pictures(COURSE, axis_kind="date", partners=("B",), median_days=7.0)

    assert drawn == {
        "lanes": {
            "wide": rupture_lanes(COURSE, axis_kind="date", frame=WIDE),
            "narrow": rupture_lanes(COURSE, axis_kind="date", frame=NARROW),
        },
        "ratings": {"B": ratings_chart(COURSE, partner="B", axis_kind="date")},
        "open_ruptures": open_ruptures(COURSE, axis_kind="date"),
        "time_to_repair": time_to_repair(COURSE, median=7.0),
        "lasting": lasting_episodes(COURSE),
        "received": [received_attempts(COURSE, partner=one) for one in ("A", "B")],
    }


def test_windows_are_drawn_for_one_partner_or_for_all():
    run = StoredRun("1" * 32, NOW, DAY, NOW, "account:lead", a_run())

    for viewer in (None, "A"):
        picture = transparency_window(run.details, partners=("A", "B"), viewer=viewer)
        assert window_pictures([run], partners=("A", "B"), viewer=viewer) == [
            {"run": run, "picture": picture}
        ]


def test_questionnaires_are_drawn_without_responses_that_were_entered_in_error(context):
    couple = make_care_couple()
    add_closeness(couple)
    instrument = parse_instrument(CLOSENESS.read_text(encoding="utf-8"))
    chart = SimpleNamespace(clinic_id=couple.practice.clinic.id)
    right, wrong = (
        SimpleNamespace(
            taken_on=DAY,
            details=from_answers(instrument, partner="A", answers={"near": near, "warm": 2}),
            in_error=mark,
        )
        for near, mark in ((4, None), (1, InError(NOW, "account:lead", "Another couple's.")))
    )

    drawn = questionnaire_pictures([right, wrong], chart=chart, partners=("A", "B"))

    assert drawn == questionnaire_charts(
        [(DAY, right.details)],
        definitions={("closeness", "2", "en"): instrument},
        partners=("A", "B"),
    )
    assert questionnaire_pictures([wrong], chart=chart, partners=("A", "B")) == ()
