from __future__ import annotations

from datetime import UTC, datetime

from clinic.booking.appointments.models import Appointment, AppointmentChange
from clinic.booking.slots.open_slots import Slot
from clinic.practice.models import SessionType, Therapist
from clinic.web.api.rendering import (
    appointment_document,
    session_type_document,
    slot_document,
    therapist_document,
)

TEN, ELEVEN, NOON = (datetime(2026, 11, 24, hour, tzinfo=UTC) for hour in (10, 11, 12))
PUBLIC = SessionType(
    slug="call",
    name={"en": "Call"},
    description={},
    length_minutes=60,
    formats=["online"],
    needs_confirmation=False,
    notice_minutes=60,
    horizon_days=30,
    change_notice_minutes=1440,
    audience="public",
    active=True,
)


def therapist():
    return Therapist(
        slug="ines-duarte",
        name="Inês Duarte",
        title={"en": "Therapist"},
        biography={},
        time_zone="Europe/Lisbon",
        languages=["en", "pt"],
        formats=["online"],
        modalities=["efct"],
        concerns=[],
        accepts_new_couples=True,
        session_types=[
            PUBLIC,
            SessionType(slug="known", audience="existing", active=True),
            SessionType(slug="old", audience="public", active=False),
        ],
    )


def test_a_therapist_is_shown_with_what_anybody_can_book():
    assert therapist_document(therapist()) == {
        "slug": "ines-duarte",
        "name": "Inês Duarte",
        "title": {"en": "Therapist"},
        "biography": {},
        "time_zone": "Europe/Lisbon",
        "languages": ["en", "pt"],
        "formats": ["online"],
        "modalities": ["efct"],
        "concerns": [],
        "accepts_new_couples": True,
        "session_types": ["call"],
    }


def test_a_session_type_is_shown_with_the_rules_to_plan_with():
    assert session_type_document(PUBLIC) == {
        "slug": "call",
        "name": {"en": "Call"},
        "description": {},
        "minutes": 60,
        "formats": ["online"],
        "needs_confirmation": False,
        "notice_minutes": 60,
        "horizon_days": 30,
        "change_notice_minutes": 1440,
    }


def test_a_slot_is_ready_to_be_sent():
    assert slot_document(therapist(), Slot(TEN, ELEVEN)) == {
        "start": "2026-11-24T10:00:00Z",
        "end": "2026-11-24T11:00:00Z",
        "therapist": "ines-duarte",
    }


def test_an_appointment_is_shown_as_it_stands_or_as_it_was_made_without_who_comes():
    appointment = Appointment(
        reference="K7M2QX",
        uid="u@clinic",
        status="confirmed",
        starts_at=ELEVEN,
        ends_at=NOON,
        sequence=1,
        format="online",
        therapist=therapist(),
        session_type=PUBLIC,
    )
    now = {
        "reference": "K7M2QX",
        "status": "confirmed",
        "start": ELEVEN,
        "end": NOON,
        "therapist": "ines-duarte",
        "session_type": "call",
        "uid": "u@clinic",
        "manage_url": "https://clinic.example/a/t0ken",
        "manage_token": "t0ken",
        "calendar_url": "https://clinic.example/a/t0ken/appointment.ics",
        "sequence": 1,
        "format": "online",
    }
    made = AppointmentChange(status="requested", starts_at=TEN, ends_at=ELEVEN, sequence=0)
    shown = {"token": "t0ken", "base_url": "https://clinic.example"}

    assert appointment_document(appointment, **shown) == now
    assert appointment_document(appointment, made=made, **shown) == now | {
        "status": "requested",
        "start": TEN,
        "end": ELEVEN,
        "sequence": 0,
    }
