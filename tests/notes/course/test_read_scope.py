from __future__ import annotations

from datetime import timedelta

import pytest

from clinic.foundation.errors import NotFound
from clinic.notes.between_sessions.queries import list_entries
from clinic.notes.course.timeline import timeline_page
from clinic.notes.pages.overview import couple_ledger
from clinic.notes.restricted.emergency_access import break_glass
from clinic.notes.rules.note_content import RuptureEntry
from clinic.notes.session_notes.queries import read_note
from tests.support.factories import a_note, make_signed_note
from tests.support.notes.separate_session import AFTER, signed_by_daniel
from tests.support.notes.whole_record import (
    AT,
    CHARTS,
    NONE,
    NOW,
    open_in_emergency,
    outcome,
    read_as,
)

pytestmark = pytest.mark.usefixtures("context")


def test_break_glass_opens_the_joint_chart_for_an_hour_without_what_is_restricted(whole_record):
    until = open_in_emergency(whole_record)
    actor = whole_record.couple.other_therapist

    assert until == NOW + timedelta(hours=1)
    course, _ledger = couple_ledger(whole_record.couple.code, actor=actor, now=NOW)
    note = read_note(whole_record.note, actor=actor, now=NOW).body.content
    assert [one.ref for one in course.ruptures] == ["R-01"]
    assert [one.details.rupture for one in course.attempts] == ["R-01", "R-01"]
    assert [one.key for one in note.new_ruptures] == ["R-01"]
    assert [one.rupture for one in note.attempts] == ["R-01"]
    page = timeline_page(whole_record.couple.code, actor=actor, now=NOW)
    assert sorted(one.what for one in page.items) == ["attempt", "attempt", "note", "rupture"]
    between = list_entries(whole_record.couple.code, actor=actor, now=NOW)
    assert [one.id for one in between.entries] == [whole_record.told]
    assert outcome(lambda: read_note(whole_record.note, actor=actor, now=until)) == NONE


@pytest.mark.parametrize(
    ("thing", "given"),
    [
        ("draft", NONE),
        ("writing a note", "refused"),
        ("writing in the ledger", "refused"),
        ("drawing the cycle", "refused"),
        ("marking an entry in error", "refused"),
        ("process note", NONE),
        ("process notes", "refused"),
        ("disclosures", []),
        ("export", "refused"),
        ("list of accesses", "refused"),
    ],
)
def test_break_glass_never_reaches_further(whole_record, thing, given):
    open_in_emergency(whole_record)

    assert read_as(whole_record, "other_therapist", CHARTS[thing]) == given


def test_break_glass_shows_no_individual_session(whole_record):
    open_in_emergency(whole_record)

    assert (
        outcome(
            lambda: read_note(
                whole_record.alone, actor=whole_record.couple.other_therapist, now=NOW
            )
        )
        == NONE
    )


def test_entry_of_a_hidden_rupture_is_not_in_what_break_glass_shows(whole_record):
    second = a_note(
        ruptures=(RuptureEntry("R-01", status="open"), RuptureEntry("R-02", status="open"))
    )
    note_id = make_signed_note(whole_record.couple, second, at=AT + timedelta(days=2, hours=4))
    open_in_emergency(whole_record)

    content = read_note(note_id, actor=whole_record.couple.other_therapist, now=NOW).body.content

    assert [one.ref for one in content.ruptures] == ["R-01"]


def test_break_glass_shows_neither_the_note_nor_the_time(house):
    note_id = house.do(lambda: signed_by_daniel(house))
    ruth = house.actor("ruth")
    house.do(
        lambda: break_glass(
            house.code, "Called from the hospital.", proved_at=AFTER, actor=ruth, now=AFTER
        )
    )

    page = house.do(lambda: timeline_page(house.code, actor=ruth, now=AFTER))

    assert {one.what for one in page.items} == {"note", "rupture", "attempt"}
    assert [one.id for one in page.items if one.note] == [house.joint_note]
    with pytest.raises(NotFound):
        house.do(lambda: read_note(note_id, actor=ruth, now=AFTER))
