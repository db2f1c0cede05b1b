"""A request that nobody answers gives its time back by itself, at the time promised."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from clinic.booking.appointments.changes import expire_request
from clinic.booking.appointments.models import Appointment
from clinic.foundation.database.transactions import session
from clinic.foundation.outbox import GiveUp
from clinic.foundation.permissions.actors import Actor

EXPIRE = "appointment.expire_request"


def expire_when_due(payload: Mapping[str, Any], now: datetime) -> None:
    """Handle `appointment.expire_request`, as the system itself."""
    appointment = session().get(Appointment, payload["appointment"])
    if appointment is None:
        raise GiveUp
    system = Actor(clinic_id=appointment.clinic_id, name="system:requests", is_system=True)
    expire_request(appointment.id, actor=system, now=now)
