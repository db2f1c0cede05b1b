from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from clinic.foundation.database.transactions import session
from clinic.notes.record.note_models import SessionNote
from clinic.notes.session_notes.queries import compare_versions, note_screen
from clinic.notes.session_notes.service import save_draft
from tests.support.factories import a_note, make_note

AT = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
NOW = AT + timedelta(hours=1)
pytestmark = pytest.mark.usefixtures("context")


def test_versions_are_compared_field_by_field(couple):
    note_id = make_note(couple, a_note(plan="Walk."), at=AT, now=NOW)
    later = a_note(plan="Walk far.", free_text="More.")
    save_draft(note_id, content=later, revision=2, actor=couple.lead, now=NOW)

    between = compare_versions(note_id, 1, 2, actor=couple.lead, now=NOW)

    assert [(one.path, one.before, one.after) for one in between] == [
        ("plan", "Walk.", "Walk far."),
        ("free_text", "", "More."),
    ]
    assert compare_versions(note_id, 2, actor=couple.lead, now=NOW) == ()


def test_opening_many_notes_takes_numbers_by_when_the_sessions_were(couple):
    late = make_note(couple, at=AT, now=NOW)
    early = make_note(couple, at=AT - timedelta(days=1), now=NOW)

    numbers = {
        note_id: note_screen(note_id, actor=couple.lead, now=NOW).note.number
        for note_id in (late, early)
    }

    assert numbers == {early: 1, late: 2}
    assert session().scalar(sa.select(sa.func.count()).select_from(SessionNote)) == 2
