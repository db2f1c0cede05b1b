"""Deliveries of one booking at Cal.com, and what they left behind here."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from clinic.booking.appointments.models import AppointmentChange
from clinic.foundation.database.transactions import session
from clinic.foundation.outbox import OutboxMessage
from clinic.scheduling_services.models import ServiceTask
from tests.support.scheduling_services.deliveries import (
    payload,
)

TODAY = datetime(2026, 12, 4, 9, tzinfo=UTC)
NINE = datetime(2026, 12, 7, 9, tzinfo=UTC)
TEN = datetime(2026, 12, 7, 10, tzinfo=UTC)
LATER = datetime(2026, 12, 8, 13, tzinfo=UTC)
HOUR = timedelta(hours=1)
CREATED = payload("calcom/booking_created")
MOVED = payload("calcom/booking_rescheduled")
CANCELLED = payload("calcom/booking_cancelled")
PAID = payload("calcom/booking_paid")
REQUESTED = payload("calcom/booking_requested")
CONFIRMED = payload("calcom/booking_created_by_confirmation")
REJECTED = payload("calcom/booking_rejected")


def tasks():
    session().rollback()
    open_ = select(ServiceTask).where(ServiceTask.done_at.is_(None)).order_by(ServiceTask.key)
    return [one.kind for one in session().scalars(open_)]


def history():
    session().rollback()
    rows = session().scalars(select(AppointmentChange).order_by(AppointmentChange.number))
    return [(one.kind, one.sequence) for one in rows]


def mails():
    session().rollback()
    kinds = session().scalars(select(OutboxMessage.kind))
    return Counter(kinds)["appointment.mail"]
