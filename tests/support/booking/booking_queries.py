"""What booking by the pages leaves in the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from clinic.booking.appointments.models import Appointment, Hold
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import session
from tests.support.factories import make_appointment

TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)


def stored(app, query):
    with app.app_context():
        return [tuple(row) for row in session().execute(query)]


def appointments(app):
    return stored(app, select(Appointment.starts_at, Appointment.status))


def held(app):
    return [start for (start,) in stored(app, select(Hold.starts_at).order_by(Hold.starts_at))]


def booked_by_another(app, practice, start=TEN):
    with app.app_context():
        make_appointment(practice, start, now=clock.now())
