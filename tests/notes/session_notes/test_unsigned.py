from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from clinic.foundation.errors import NotFound
from clinic.foundation.permissions.actors import Role
from clinic.notes.course.timeline import timeline_page
from clinic.notes.session_notes.queries import read_note
from clinic.notes.session_notes.unsigned import notes_to_cosign, unsigned_notes
from clinic.notes.signing.signing import cosign_note
from tests.support.factories import (
    make_appointment,
    make_note,
    make_practice,
    make_signed_note,
)
from tests.support.notes.booked_couple import of_the_appointment
from tests.support.notes.separate_session import AFTER, signed_by_daniel


def test_supervisor_cosigns_it_as_a_session_of_its_own(house):
    note_id = house.do(lambda: signed_by_daniel(house, for_cosign=True))
    supervisor = house.actor("supervisor")

    waiting = house.do(lambda: notes_to_cosign(actor=supervisor, now=AFTER))
    seen = house.do(lambda: read_note(note_id, actor=supervisor, now=AFTER))
    page = house.do(lambda: timeline_page(house.code, actor=supervisor, now=AFTER))
    house.do(lambda: cosign_note(note_id, proved_at=AFTER, actor=supervisor, now=AFTER))

    assert [one.note_id for one in waiting] == [note_id]
    assert (seen.kind, seen.number, seen.chart.members) == ("individual_a", None, ("A",))
    assert [(one.note.kind, one.note.number) for one in page.items if one.note] == [
        ("individual_a", None),
        ("joint", 1),
    ]
    assert [one.what for one in page.items if one.what == "session"] == []


def test_lead_who_supervises_too_neither_reads_nor_cosigns_it(house):
    note_id = house.do(lambda: signed_by_daniel(house, for_cosign=True))
    both = replace(house.actor("ines"), roles=frozenset({Role.THERAPIST, Role.SUPERVISOR}))

    assert house.do(lambda: notes_to_cosign(actor=both, now=AFTER)) == []
    with pytest.raises(NotFound):
        house.do(lambda: read_note(note_id, actor=both, now=AFTER))
    with pytest.raises(NotFound):
        house.do(lambda: cosign_note(note_id, proved_at=AFTER, actor=both, now=AFTER))


AT = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
NOW = AT + timedelta(hours=1)


@pytest.mark.usefixtures("context")
def test_unsigned_list_names_drafts_and_sessions_without_a_note_oldest_first():
    practice = make_practice()
    appointment = make_appointment(practice, AT)
    couple = of_the_appointment(appointment, practice)
    draft = make_note(couple, at=AT + timedelta(hours=3), now=AT + timedelta(hours=4))
    make_signed_note(couple, at=AT + timedelta(hours=5))

    waiting = unsigned_notes(actor=couple.lead, now=AT + timedelta(hours=49))

    assert [(one.note_id, one.status, one.overdue) for one in waiting] == [
        (None, "none", True),
        (draft, "draft", False),
    ]
    assert unsigned_notes(actor=couple.supervisor, now=NOW) == []
    assert notes_to_cosign(actor=couple.supervisor, now=NOW) == []
