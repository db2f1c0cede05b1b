from __future__ import annotations

import pytest
import sqlalchemy as sa

from clinic.couples.models import Partner
from clinic.foundation.crypto.encryption import SealBroken
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import InvalidInput
from clinic.notes.record.note_models import NoteVersion, SessionNote
from clinic.notes.record.rupture_models import RuptureEventRow
from clinic.notes.rules.clinical_values import EventDetails
from tests.support.factories import make_care_couple, make_signed_note
from tests.support.notes.full_record import AT

pytestmark = pytest.mark.usefixtures("context")


def test_older_text_of_a_note_does_not_open_in_its_own_row():
    couple = make_care_couple()
    make_signed_note(couple, at=AT)
    note = session().scalars(sa.select(SessionNote)).one()
    versions = session().scalars(sa.select(NoteVersion)).all()

    for sealed in [*(one.body_sealed for one in versions)]:
        note.__dict__["body_sealed"] = sealed
        with pytest.raises(SealBroken):
            _ = note.body


def test_note_under_another_revision_does_not_open():
    couple = make_care_couple()
    make_signed_note(couple, at=AT)
    note = session().scalars(sa.select(SessionNote)).one()

    note.__dict__["revision"] -= 1

    with pytest.raises(SealBroken):
        _ = note.body


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize("text", ["a\x00b", "\x1b", "\x7f", "\x85", "\ud800", "x" * 1_048_577])
def test_sealed_value_refuses_to_be_written_what_it_would_refuse_to_read(text):
    row = RuptureEventRow(id="1" * 32, couple_id="2" * 32)
    person = Partner(id="1" * 32, seal_owner="2" * 32)

    with pytest.raises(InvalidInput) as refused:
        row.details = EventDetails("status", text=text)
    with pytest.raises(InvalidInput) as also:
        person.name = text

    assert (list(refused.value.errors), list(also.value.errors)) == (["text"], ["name"])
    assert (row.details_sealed, person.name_sealed) == (None, None)
