"""Files of couples' records: one with something of everything, and an installation to read it in."""

from __future__ import annotations

import json

import sqlalchemy as sa
from flask_migrate import upgrade

from clinic.extensions import db
from clinic.foundation.database.transactions import Base
from clinic.foundation.permissions.actors import Actor
from clinic.notes.pages.overview import couple_ledger
from clinic.notes.record_file.document import CoupleRecord
from clinic.notes.record_file.export_record import export_record
from clinic.notes.record_file.versions import in_todays_form
from clinic.notes.rules.json_structure import from_plain
from clinic.practice.clinic.clinics import the_clinic
from tests.support.factories import make_care_couple, make_note
from tests.support.notes.full_record import AT, NOW, write_everything
from tests.support.paths import DATA

FIRST = DATA / "records" / "couple-record-1.json"
"""A record as the first version of the file had it, with something of everything."""


def raw_record():
    """The JSON values of that file in the present form."""
    return in_todays_form(json.loads(FIRST.read_text(encoding="utf-8")))


def record_with(changes=()):
    """That record with other values at some places, such as `notes.0.status`."""
    raw = raw_record()
    for place, value in dict(changes).items():
        *way, last = (int(one) if one.isdigit() else one for one in place.split("."))
        part = raw
        for step in way:
            part = part[step]
        part[last] = value
    return from_plain(CoupleRecord, raw)


def system():
    return Actor(clinic_id=the_clinic().id, name="system:test", is_system=True)


def a_record():
    """A record with something of everything, and the ledger it stands for."""
    couple = make_care_couple()
    write_everything(couple)
    make_note(couple, at=AT.replace(hour=15), now=NOW)
    text = export_record(couple.code, actor=system(), now=NOW)
    return couple, text, couple_ledger(couple.code, actor=system(), now=NOW)[1].to_json()


def empty_the_database():
    """Another, empty installation: the same tables without a row but the head of the log."""
    db.session.remove()
    Base.metadata.drop_all(db.engine)
    with db.engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE alembic_version"))
        if db.engine.dialect.name == "postgresql":
            connection.execute(sa.text("DROP FUNCTION refuse_change() CASCADE"))
            for name in ("guard_session_note", "guard_what_a_note_brought"):
                connection.execute(sa.text(f"DROP FUNCTION IF EXISTS {name}() CASCADE"))
    upgrade()
