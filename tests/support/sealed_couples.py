"""Two couples whose names, addresses and messages are sealed, and changes past the models."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update

from clinic.couples.models import Partner
from clinic.foundation.database.transactions import session, transaction
from tests.support.factories import a_request, make_appointment, make_practice

TEN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def two_couples_book():
    """Two couples book once each, with names, addresses and messages."""
    practice = make_practice()
    for number, name in enumerate(("Alex", "Bo")):
        person = a_request(TEN).partner.__class__(
            name=f"{name} Example",
            email=f"{name.lower()}@example.org",
            time_zone="Europe/Lisbon",
            language="en",
        )
        start = TEN + timedelta(hours=number)
        make_appointment(practice, start, partner=person, message=f"{name} wrote this.")
    forget_keys()


def forget_keys():
    session().rollback()
    session().expunge_all()
    session().info.clear()


def overwrite(table, row_id, **values):
    """Write into the database past the models, and read everything anew."""
    with transaction() as current:
        current.execute(update(table).where(table.id == row_id).values(**values))
    forget_keys()


def two_people():
    return session().scalars(select(Partner).order_by(Partner.id)).all()
