from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from flask_babel import force_locale

from clinic.booking.desk.diary_queries import TherapistWeek
from clinic.booking.desk.display import (
    actor_name,
    change_name,
    row_classes,
    sentence_for,
    week_grid,
)
from clinic.booking.rules.diary_lines import LONGEST_BLOCK, MOST_HOURS, ROW_MINUTES
from clinic.booking.rules.errors import SENTENCES
from clinic.booking.slots.instant_ranges import Interval
from clinic.booking.slots.start_restrictions import RestrictionRule
from clinic.foundation.wall_clock import local_date
from clinic.practice.models import SessionType, Therapist
from tests.support.paths import ROOT

MONDAY = date(2026, 11, 23)
CALL = SessionType(notice_minutes=90, horizon_days=1, grid_minutes=15)


@pytest.fixture(autouse=True)
def english(app):
    with app.test_request_context(), force_locale("en_GB"):
        yield


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (RestrictionRule.NOTICE, "It is too soon: this has to be booked 2 hours ahead."),
        (RestrictionRule.HORIZON, "It is too far ahead: this can be booked 1 day ahead."),
        (RestrictionRule.OFF_GRID, "It does not start here: starts are 15 minutes apart."),
    ],
)
def test_a_rule_with_a_number_says_it(rule, sentence):
    assert sentence_for(rule, CALL) == sentence


def test_every_rule_has_a_sentence():
    said = {rule: sentence_for(rule, CALL) for rule in RestrictionRule}

    assert {rule: text for rule, text in said.items() if rule in SENTENCES and not text} == {}
    assert said[RestrictionRule.CLOSED] == SENTENCES[RestrictionRule.CLOSED]


def test_changes_and_actors_are_named_and_unknown_ones_shown_as_they_are():
    assert [change_name(one) for one in ("booked", "expired", "x")] == [
        "Booked",
        "Given back, as nobody had answered",
        "x",
    ]
    assert [actor_name(one) for one in ("staff", "system", "x")] == ["by staff", "by itself", "x"]


def test_a_date_is_that_of_the_zone():
    late = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)

    assert [local_date(late, zone=zone) for zone in ("Europe/Lisbon", "Europe/Berlin")] == [
        date(2026, 11, 23),
        date(2026, 11, 24),
    ]


def test_a_week_shows_its_working_days_and_the_hours_beside_them():
    tuesday = Interval(
        datetime(2026, 11, 24, 9, tzinfo=UTC), datetime(2026, 11, 24, 11, tzinfo=UTC)
    )
    therapist = Therapist(name="Inês Duarte")
    week = TherapistWeek(therapist, working=[tuesday], busy=[], entries=[])

    grid = week_grid(MONDAY, [week], zone="Europe/Lisbon")

    assert [(one.weekday, one.date, one.short, one.is_closed) for one in grid.columns] == [
        ("Monday", "23 November", "Mon 23", True),
        ("Tuesday", "24 November", "Tue 24", False),
        ("Wednesday", "25 November", "Wed 25", True),
        ("Thursday", "26 November", "Thu 26", True),
        ("Friday", "27 November", "Fri 27", True),
    ]
    assert {one.therapist for one in grid.columns} == {therapist}
    assert [label for _row, label in grid.hours][:4] == ["08:00", "09:00", "10:00", "11:00"]


def test_a_weekend_day_is_shown_when_somebody_works_on_it():
    saturday = Interval(
        datetime(2026, 11, 28, 9, tzinfo=UTC), datetime(2026, 11, 28, 11, tzinfo=UTC)
    )
    week = TherapistWeek(Therapist(name="Inês"), working=[saturday], busy=[], entries=[])

    assert [one.on.day for one in week_grid(MONDAY, [week], zone="Europe/Lisbon").columns] == [
        23,
        24,
        25,
        26,
        27,
        28,
    ]


def test_a_week_without_therapists_has_no_columns():
    assert week_grid(MONDAY, [], zone="UTC").columns == ()


@pytest.mark.parametrize(
    ("row", "rows", "classes"),
    [(0, 1, "for-m-5"), (12, 12, "h-1 for-h-1"), (17, 25, "h-1 m-25 for-h-2 for-m-5")],
)
def test_place_of_a_block_is_named_by_hours_and_minutes(row, rows, classes):
    assert row_classes(row, rows) == classes


def test_style_sheet_knows_every_place_of_a_block():
    rows_shown = MOST_HOURS * 60 // ROW_MINUTES
    named = {name for row in range(rows_shown) for name in row_classes(row, 1).split()}
    named |= {name for rows in range(1, LONGEST_BLOCK + 1) for name in row_classes(0, rows).split()}

    sheet = (ROOT / "static" / "css" / "desk.css").read_text(encoding="utf-8")
    assert set(re.findall(r"^\.((?:for-)?[hm]-\d+) ", sheet, re.MULTILINE)) == named
