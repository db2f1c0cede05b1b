"""Bookings here and at the stand-in for Cal.com, compared."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from clinic.foundation.database.transactions import session
from clinic.scheduling_services.models import ServiceTask
from tests.support.scheduling_services.deliveries import (
    appointments,
    deliver,
    work,
)

TODAY = datetime(2026, 12, 4, 9, tzinfo=UTC)
NINE = datetime(2026, 12, 7, 9, tzinfo=UTC)
NOON = datetime(2026, 12, 7, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def deliver_all(calcom, service):
    """Everything the service would have delivered by now."""
    while service.deliveries:
        assert deliver(calcom.client, service.deliveries.pop(0)).status_code in {200, 202}
        work()


def sides(service):
    ours = sorted(one.starts_at for one in appointments() if one.is_live)
    theirs = [datetime.fromisoformat(one["start"]) for one in service.live()]
    return ours, theirs


def tasks():
    session().rollback()
    return [(one.kind, one.details.get("action")) for one in session().scalars(select(ServiceTask).where(ServiceTask.done_at.is_(None)))]  # fmt: skip
