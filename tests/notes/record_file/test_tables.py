from __future__ import annotations

from dataclasses import fields

import pytest

from clinic.foundation.database.transactions import Base
from clinic.notes.record_file.consistency_check import LISTS
from clinic.notes.record_file.document import CoupleRecord
from clinic.notes.record_file.tables import TABLES

WITHOUT_TABLE = {"format", "couple", "members", "terms", "instruments", "written"}


def test_each_list_of_the_record_has_its_table():
    names = [table.name for table in TABLES]

    assert set(names) == {one.name for one in fields(CoupleRecord)} - WITHOUT_TABLE
    assert set(names) == set(LISTS) - {"members"}
    assert len(names) == len(set(names))


def test_each_table_of_a_couples_notes_is_in_the_file_but_what_stays_at_the_clinic():
    stored = {
        mapper.class_.__tablename__
        for mapper in Base.registry.mappers
        if mapper.class_.__module__.startswith("clinic.notes")
    }

    assert stored - {table.row.__tablename__ for table in TABLES} == {
        "process_note",
        "emergency_access",
    }


def test_parents_are_written_before_what_points_to_them():
    order = [table.row.__tablename__ for table in TABLES]

    backwards = [
        (table.name, key.column.table.name)
        for table in TABLES
        for key in table.row.__table__.foreign_keys
        if key.column.table.name in order
        and order.index(key.column.table.name) > order.index(table.row.__tablename__)
    ]

    assert backwards == []


@pytest.mark.parametrize("table", TABLES, ids=lambda one: one.name)
def test_columns_of_a_row_are_the_fields_of_its_part(table):
    columns = {column.key for column in table.row.__table__.columns}
    sealed = f"{table.sealed}_sealed"
    elsewhere = {"couple_id", "clinic_id", "appointment_id", "held_by_id", "once_key"}

    assert columns - elsewhere == {*table.plain, sealed}
    assert set(table.order) <= columns


def test_note_has_its_text_and_its_holder_apart_from_what_is_stored_as_it_is():
    notes = TABLES[0]

    assert {"body", "held_by"} & set(notes.plain) == set()
    assert notes.plain[:3] == ("id", "kind", "held_from")
