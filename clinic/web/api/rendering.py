"""What the JSON API says about things, as plain dictionaries for its schemas."""

from __future__ import annotations

from typing import Any

from clinic.booking.appointments.models import Appointment, AppointmentChange
from clinic.booking.slots.open_slots import Slot
from clinic.foundation.wall_clock import utc_text
from clinic.practice.models import SessionType, Therapist


def therapist_document(therapist: Therapist) -> dict[str, Any]:
    """A therapist, with what of theirs anybody can book."""
    offered = [
        kind.slug for kind in therapist.session_types if kind.active and kind.audience == "public"
    ]
    return {
        "slug": therapist.slug,
        "name": therapist.name,
        "title": therapist.title,
        "biography": therapist.biography,
        "time_zone": therapist.time_zone,
        "languages": therapist.languages,
        "formats": therapist.formats,
        "modalities": therapist.modalities,
        "concerns": therapist.concerns,
        "accepts_new_couples": therapist.accepts_new_couples,
        "session_types": offered,
    }


def session_type_document(kind: SessionType) -> dict[str, Any]:
    """A kind of appointment and the rules that a caller can plan with."""
    return {
        "slug": kind.slug,
        "name": kind.name,
        "description": kind.description,
        "minutes": kind.length_minutes,
        "formats": kind.formats,
        "needs_confirmation": kind.needs_confirmation,
        "notice_minutes": kind.notice_minutes,
        "horizon_days": kind.horizon_days,
        "change_notice_minutes": kind.change_notice_minutes,
    }


def slot_document(therapist: Therapist, slot: Slot) -> dict[str, str]:
    """A slot, ready to be sent: there may be thousands, so no schema dumps them."""
    return {
        "start": utc_text(slot.start),
        "end": utc_text(slot.end),
        "therapist": therapist.slug,
    }


def appointment_document(
    appointment: Appointment,
    *,
    token: str,
    base_url: str,
    made: AppointmentChange | None = None,
) -> dict[str, Any]:
    """An appointment as it stands, or as `made` says it was at first. Never who comes."""
    shown = made or appointment
    return {
        "reference": appointment.reference,
        "status": shown.status,
        "start": shown.starts_at,
        "end": shown.ends_at,
        "therapist": appointment.therapist.slug,
        "session_type": appointment.session_type.slug,
        "uid": appointment.uid,
        "manage_url": f"{base_url}/a/{token}",
        "manage_token": token,
        "calendar_url": f"{base_url}/a/{token}/appointment.ics",
        "sequence": shown.sequence,
        "format": appointment.format,
    }
