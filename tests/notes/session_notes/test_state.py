"""How far a note is, without its text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from clinic.foundation.errors import NotAllowed, NotFound
from clinic.notes.session_notes.state import NoteState, note_state
from tests.support.factories import make_care_couple, make_note

AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("context")


def test_state_tells_revision_status_and_partners_to_who_writes_the_note():
    couple = make_care_couple()
    note_id = make_note(couple, at=AT, now=AT + timedelta(hours=1))
    names = {"A": "Alex Example", "B": "Sam Example"}
    assert note_state(note_id, actor=couple.lead, now=AT) == NoteState(
        2, "draft", ("A", "B"), names
    )
    with pytest.raises(NotAllowed):
        note_state(note_id, actor=couple.supervisor, now=AT)
    with pytest.raises(NotFound):
        note_state(note_id, actor=couple.other_therapist, now=AT)
