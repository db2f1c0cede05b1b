from __future__ import annotations

from dataclasses import FrozenInstanceError, asdict
from datetime import date

import pytest

from clinic.practice.rules.edit_commands import (
    ClinicDetails,
    DayHours,
    SessionTypeDetails,
    TherapistProfile,
)


def test_a_session_type_with_only_what_is_needed_is_public_on_the_half_hour():
    details = SessionTypeDetails(
        slug="couple-session", name={"en": "Couple session"}, length_minutes=60, formats=("online",)
    )

    assert asdict(details) == {
        "slug": "couple-session",
        "name": {"en": "Couple session"},
        "length_minutes": 60,
        "formats": ("online",),
        "description": {},
        "buffer_before_minutes": 0,
        "buffer_after_minutes": 0,
        "notice_minutes": 1440,
        "horizon_days": 60,
        "grid_minutes": 30,
        "grid_offset_minutes": 0,
        "audience": "public",
        "max_per_day": None,
        "needs_confirmation": False,
        "change_notice_minutes": 1440,
        "active": True,
        "sort": 0,
        "therapists": (),
    }


def test_a_therapist_with_only_what_is_needed_can_be_booked_by_new_couples():
    profile = TherapistProfile(
        slug="ines", name="Inês", time_zone="Europe/Lisbon", languages=("pt",), formats=("online",)
    )

    assert (profile.active, profile.accepts_new_couples, profile.max_sessions_per_day) == (
        True,
        True,
        None,
    )
    assert (profile.title, profile.biography, profile.modalities, profile.concerns) == (
        {},
        {},
        (),
        (),
    )


def test_a_day_without_ranges_is_closed():
    assert DayHours(date(2026, 12, 24)).ranges == ()


def test_a_command_does_not_change_after_it_was_made():
    details = ClinicDetails(
        name="Clinic", short_name="C", time_zone="UTC", language="en", email="c@example.org"
    )

    with pytest.raises(FrozenInstanceError):
        details.name = "Another"
