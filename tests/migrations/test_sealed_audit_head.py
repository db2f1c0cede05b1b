"""A log from before its head was sealed: it is sealed by the upgrade, and whole after it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask_migrate import downgrade, upgrade

from clinic.extensions import db
from clinic.foundation import audit
from clinic.foundation.database.transactions import session, transaction
from clinic.foundation.permissions.actors import Actor
from tests.support.factories import NOW, make_clinic

BEFORE = "visitor_limits"


def head():
    with db.engine.connect() as connection:
        return connection.execute(sa.text("SELECT * FROM audit_head")).mappings().one()


@pytest.mark.parametrize("entries", [0, 3])
def test_head_that_is_there_is_sealed_alike_by_the_upgrade(context, entries):
    actor = Actor(clinic_id=make_clinic().id, name="account:anna")
    for number in range(entries):
        with transaction() as current:
            kind = {"kind": "couple", "object_id": "c1"}
            audit.record(current, f"deed.{number}", actor=actor, now=NOW, **kind)
    session().rollback()
    sealed = dict(head())

    downgrade(revision=BEFORE)
    without = set(head())
    upgrade()

    assert without == {"id", "seq", "mac"}
    assert dict(head()) == sealed
    assert audit.first_broken_entry(session()) is None
