"""One factory for each thing a test needs; each stores a plain, believable row and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from clinic.foundation.database import new_id, transaction
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
