from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from clinic.couples.models import Couple
from clinic.foundation.database.transactions import session
from clinic.notes.pages.overview import chain_break, couple_ledger
from clinic.notes.record_file.document import LeadPart
from clinic.notes.record_file.export_record import export_record, read_record
from clinic.notes.record_file.import_record import import_record
from tests.support.notes.full_record import MARK
from tests.support.notes.record_files import NOW, a_record, empty_the_database, system
from tests.support.notes.separate_session import signed_by_daniel

pytestmark = pytest.mark.usefixtures("context")


def test_record_goes_out_comes_in_and_goes_out_the_same_to_the_byte():
    couple, text, ledger = a_record()
    empty_the_database()

    code = import_record(text, now=NOW)

    assert export_record(code, actor=system(), now=NOW) == text
    assert couple_ledger(code, actor=system(), now=NOW)[1].to_json() == ledger
    assert chain_break(code, actor=system(), now=NOW) is None
    assert code == couple.code


def test_process_notes_are_not_in_the_file():
    _couple, text, _ledger = a_record()

    assert f"{MARK} plan" in text
    assert f"{MARK} process" not in text
    assert "process" not in json.loads(text)


def test_export_holds_it_as_a_session_with_one_partner_alone(house):
    note_id = house.do(lambda: signed_by_daniel(house))

    record = house.do(
        lambda: read_record(
            session().scalars(sa.select(Couple.id).where(Couple.code == house.code)).one()
        )
    )

    kinds = {one.id: (one.kind, one.held_by) for one in record.notes}
    assert kinds == {
        house.joint_note: ("joint", None),
        note_id: ("individual_a", LeadPart("daniel-reyes", "Daniel Reyes")),
    }
    assert [one.note_id for one in record.attempts] == [house.joint_note]
