"""A clinic with a long past, for measurements: rows put in at once, as years of use would."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import insert, select, text

from app import create_app
from clinic.booking.models import Appointment
from clinic.config import read_settings
from clinic.couples.service import PartnerDetails, enrol_couple
from clinic.demo import load_demo
from clinic.extensions import db
from clinic.foundation.database import new_id, transaction
from clinic.foundation.permissions import Actor
from clinic.practice.clinics import the_clinic
from clinic.practice.models import SessionType, Therapist

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@contextmanager
def clinic_with(past: int) -> Iterator[Flask]:
    """The demo clinic with `past` earlier appointments of its first therapist, app context open."""
    with TemporaryDirectory() as folder:
        environ = {"CLINIC_INSTANCE": str(Path(folder)), "CLINIC_RATE_LIMITS": "off"}
        settings = read_settings(environ)
        app = create_app(settings)
        with app.app_context():
            upgrade()
            load_demo(settings, now=NOW)
            _add_past(past)
            db.session.remove()
            yield app
            db.session.remove()
            db.engine.dispose()


def _add_past(count: int) -> None:
    clinic = the_clinic()
    actor = Actor(clinic_id=clinic.id, name="system:bench", is_system=True)
    with transaction() as session:
        therapist = session.scalars(select(Therapist).order_by(Therapist.sort)).first()
        kind = session.scalars(select(SessionType).order_by(SessionType.sort)).first()
        assert therapist is not None
        assert kind is not None
        partner = PartnerDetails(
            name="Past", email="past@example.org", time_zone="Europe/Lisbon", language="en"
        )
        couple = enrol_couple([partner], lead_therapist_id=therapist.id, actor=actor, now=NOW)
        rows = [
            _row(number, clinic.id, therapist.id, kind.id, couple.id) for number in reversed(range(count))
        ]
        if rows:
            session.execute(insert(Appointment), rows)
        session.execute(text("ANALYZE"))


def _row(number: int, clinic: str, therapist: str, kind: str, couple: str) -> dict[str, object]:
    start = NOW - timedelta(days=300, minutes=60 * (number + 1))
    return {
        "id": new_id(),
        "clinic_id": clinic,
        "reference": f"P{number:07d}",
        "uid": str(uuid.uuid4()),
        "sequence": 0,
        "status": "confirmed" if number % 10 else "cancelled",
        "therapist_id": therapist,
        "session_type_id": kind,
        "couple_id": couple,
        "starts_at": start,
        "ends_at": start + timedelta(minutes=30),
        "wall_start": start.strftime("%Y-%m-%dT%H:%M"),
        "time_zone": "Europe/Lisbon",
        "buffer_before_minutes": 0,
        "buffer_after_minutes": 15,
        "format": "online",
        "source": "site",
        "conflict": False,
        "created_at": start,
        "updated_at": start,
    }
