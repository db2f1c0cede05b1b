"""One factory for each thing a test needs; each stores a plain, believable row and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from clinic.accounts.models import Account
from clinic.accounts.service import create_account
from clinic.booking.details import BookingRequest, Person
from clinic.booking.models import Appointment
from clinic.booking.service import book_appointment
from clinic.foundation.database import new_id, transaction
from clinic.foundation.permissions import Actor, Role
from clinic.practice.clinics import open_clinic
from clinic.practice.models import (
    Clinic,
    SessionType,
    Therapist,
    TherapistSessionType,
    WeeklyHoursRow,
)

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
NINE_TO_FIVE = (9 * 60, 17 * 60)


def make_clinic(**changes: Any) -> Clinic:
    values: dict[str, Any] = {
        "slug": "seam",
        "name": "Test Clinic",
        "short_name": "Clinic",
        "time_zone": "Europe/Lisbon",
        "email": "clinic@example.org",
        "now": NOW,
    }
    return open_clinic(**(values | changes))


def make_session_type(clinic: Clinic, **changes: Any) -> SessionType:
    values: dict[str, Any] = {
        "id": new_id(),
        "clinic_id": clinic.id,
        "slug": "initial-consultation",
        "name": {"en": "Initial consultation", "pt": "Consulta inicial"},
        "length_minutes": 30,
        "notice_minutes": 60,
        "horizon_days": 60,
        "grid_minutes": 30,
        "formats": ["online", "in_person"],
    }
    with transaction() as session:
        row = SessionType(**(values | changes))
        session.add(row)
    return row


def make_therapist(
    clinic: Clinic,
    *,
    session_types: Sequence[SessionType] = (),
    hours: Sequence[tuple[int, int, int]] = tuple((day, *NINE_TO_FIVE) for day in range(5)),
    **changes: Any,
) -> Therapist:
    """`hours` are (weekday, start minute, end minute); Monday to Friday nine to five by default."""
    values: dict[str, Any] = {
        "id": new_id(),
        "clinic_id": clinic.id,
        "slug": "ines-duarte",
        "name": "Inês Duarte",
        "time_zone": "Europe/Lisbon",
        "languages": ["en", "pt"],
        "formats": ["online", "in_person"],
        "modalities": ["efct"],
        "concerns": [],
        "created_at": NOW,
    }
    with transaction() as session:
        row = Therapist(**(values | changes))
        session.add(row)
        session.flush()
        session.add_all(
            TherapistSessionType(therapist_id=row.id, session_type_id=kind.id)
            for kind in session_types
        )
        session.add_all(
            WeeklyHoursRow(
                id=new_id(), therapist_id=row.id, weekday=day, start_minute=start, end_minute=end
            )
            for day, start, end in hours
        )
    return row


@dataclass(frozen=True)
class Practice:
    """A clinic with one therapist who offers one session type."""

    clinic: Clinic
    therapist: Therapist
    session_type: SessionType

    @property
    def visitor(self) -> Actor:
        return Actor(clinic_id=self.clinic.id)

    @property
    def desk(self) -> Actor:
        return Actor(
            clinic_id=self.clinic.id,
            name="account:desk",
            account_id="desk",
            roles=frozenset({Role.FRONT_DESK}),
        )

    def holder_of(self, appointment: Appointment) -> Actor:
        return Actor(clinic_id=self.clinic.id, name="link:test", appointment_id=appointment.id)


def make_practice(**session_type: Any) -> Practice:
    clinic = make_clinic()
    kind = make_session_type(clinic, **session_type)
    therapist = make_therapist(clinic, session_types=[kind])
    return Practice(clinic, therapist, kind)


def a_request(start: datetime, **changes: Any) -> BookingRequest:
    values: dict[str, Any] = {
        "therapist": "ines-duarte",
        "session_type": "initial-consultation",
        "start": start,
        "format": "online",
        "partner": Person(
            name="Alex Example",
            email="alex@example.org",
            time_zone="Europe/Lisbon",
            language="en",
        ),
        "privacy_accepted": True,
    }
    return BookingRequest(**(values | changes))


def make_appointment(
    practice: Practice, start: datetime, *, now: datetime = NOW, **changes: Any
) -> Appointment:
    return book_appointment(a_request(start, **changes), actor=practice.visitor, now=now)


PASSWORD = "lanterns over quiet water"


def make_account(clinic: Clinic, **changes: Any) -> Account:
    values: dict[str, Any] = {
        "email": "ines.duarte@example.org",
        "name": "Inês Duarte",
        "password": PASSWORD,
        "roles": [Role.THERAPIST],
        "actor": Actor(clinic_id=clinic.id, name="system:test", is_system=True),
        "now": NOW,
    }
    return create_account(**(values | changes))
