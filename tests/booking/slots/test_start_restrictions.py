"""What appointments and holds take away from open slots."""

from __future__ import annotations

from dataclasses import replace

from clinic.booking.slots.availability import Schedule
from clinic.booking.slots.inputs import ClaimKind
from tests.support.booking.offered_starts import BERLIN, FAR, clock_times, offered
from tests.support.booking.slot_cases import between, claim, daily, whole_day


def test_an_appointment_strictly_inside_a_slot_takes_the_slot() -> None:
    """Easy!Appointments still offered 10:00 to 11:00 around 10:15 to 10:45."""
    booked = claim(between(BERLIN, "2026-12-22 10:15", "2026-12-22 10:45"), session_type="intake")
    found = offered(
        Schedule(BERLIN, daily("09:00-13:00")),
        FAR,
        whole_day(BERLIN, "2026-12-22"),
        claims=(booked,),
    )
    assert clock_times(found) == ["09:00", "11:00", "12:00"]


def test_a_session_longer_than_the_step_takes_every_start_it_overlaps() -> None:
    """adamspd/django-appointment#261: only the start itself was taken."""
    booked = claim(between(BERLIN, "2026-12-22 11:00", "2026-12-22 12:30"))
    found = offered(
        Schedule(BERLIN, daily("09:00-15:00")),
        replace(FAR, length_minutes=90, grid_minutes=30),
        whole_day(BERLIN, "2026-12-22"),
        claims=(booked,),
    )
    assert clock_times(found) == ["09:00", "09:30", "12:30", "13:00", "13:30"]


def test_a_hold_takes_its_slot_like_an_appointment() -> None:
    """cal#15813: a request must hold its slot while the intake is filled in."""
    held = claim(between(BERLIN, "2026-12-22 10:00", "2026-12-22 11:00"), kind=ClaimKind.HOLD)
    found = offered(
        Schedule(BERLIN, daily("09:00-12:00")), FAR, whole_day(BERLIN, "2026-12-22"), claims=(held,)
    )
    assert clock_times(found) == ["09:00", "11:00"]
