from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from clinic.notes.pages.overview import couple_ledger
from clinic.notes.rules.clinical_values import FlagDetails
from clinic.notes.rules.note_content import SafetyCheck
from clinic.notes.rules.rupture_lifecycle import TransitionRefused
from clinic.notes.ruptures.safety_flags import (
    FlagDue,
    clear_safety_flag,
    flags_due,
    list_safety_flags,
    open_safety_flag,
)
from clinic.notes.ruptures.service import change_status, open_rupture
from clinic.notes.session_notes.queries import read_note
from tests.support.factories import make_signed_note
from tests.support.notes.led_record import BROKE
from tests.support.notes.separate_session import AFRAID, AFTER, HELD, alone, signed_by_daniel
from tests.support.notes.signing import AT, LATER, REVIEW_ON, TOLD
from tests.support.notes.whole_record import NOW, REVIEW, open_in_emergency

pytestmark = pytest.mark.usefixtures("context")


def test_safety_flag_parks_every_open_rupture_until_it_is_cleared(record):
    record(open_rupture, BROKE)
    record(open_rupture, BROKE)
    details = FlagDetails("Fear of the other", 2, "Seen alone on Monday.")
    flag = record(open_safety_flag, details, review_on=date(2026, 12, 1))

    assert {one.state.status for one in record(couple_ledger)[0].ruptures} == {"parked"}
    with pytest.raises(TransitionRefused, match="safety flag"):
        record(change_status, "R-01", "open")
    record(clear_safety_flag, flag, because="Seen alone twice; no fear.")
    assert record(change_status, "R-01", "open").status == "open"
    [seen] = record(list_safety_flags)
    assert (seen.cleared_by, seen.details.cleared_because) == (
        "account:lead",
        "Seen alone twice; no fear.",
    )


def flags_of(couple, now=LATER):
    return list_safety_flags(couple.code, actor=couple.lead, now=now)


@pytest.mark.parametrize(
    ("day", "due"),
    [
        (22, []),
        (23, [("C-0001", False)]),
        (24, [("C-0001", True)]),
    ],
)
def test_flag_stands_among_what_waits_for_the_lead_from_its_day_on(couple, day, due):
    make_signed_note(couple, TOLD, at=AT)
    now = datetime(2026, 11, day, 9, 0, tzinfo=UTC)

    found = flags_due(actor=couple.lead, now=now)

    assert found == [FlagDue(code, REVIEW_ON, is_late) for code, is_late in due]
    assert flags_due(actor=couple.other_therapist, now=now) == []
    assert [one.is_due for one in flags_of(couple, now)] == [bool(due)]


def test_break_glass_shows_an_open_flag_with_its_action_and_without_the_concern(whole_record):
    asks = {"actor": whole_record.couple.lead, "now": NOW}
    details = FlagDetails("Shouting heard", 2, "Seen alone on Monday.", "Inês Duarte")
    flag = open_safety_flag(whole_record.couple.code, details, review_on=REVIEW, **asks)
    open_in_emergency(whole_record)

    def seen():
        flags = list_safety_flags(
            whole_record.couple.code, actor=whole_record.couple.other_therapist, now=NOW
        )
        return [(one.details, one.review_on, one.cleared_at) for one in flags]

    assert seen() == [(FlagDetails("", 2, "Seen alone on Monday."), REVIEW, None)]
    clear_safety_flag(whole_record.couple.code, flag, because="Told by A: safe.", **asks)
    assert seen() == []
    assert [one.details.about for one in list_safety_flags(whole_record.couple.code, **asks)] == [
        "Shouting heard"
    ]


def test_flag_raised_in_it_reaches_the_lead_without_the_partners_words(house):
    words = SafetyCheck("flag_raised", AFRAID, 2, "Seen again on Friday.", HELD.date())
    note_id = house.do(lambda: signed_by_daniel(house, alone(safety=words)))

    flag = house.do(lambda: list_safety_flags(house.code, actor=house.actor("ines"), now=AFTER))[0]
    page = house.enter("ines").get(f"/desk/couples/{house.code}")
    seen = house.do(lambda: read_note(note_id, actor=house.actor("daniel"), now=AFTER))

    assert (flag.details.level, flag.details.action) == (2, "Seen again on Friday.")
    assert "Raised in a session with one partner alone" in flag.details.about
    assert AFRAID not in page
    assert seen.body.content.safety == words
