"""What buffers take away from open slots, around sessions and outside appointments."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from clinic.booking.slots.availability import Schedule
from clinic.booking.slots.instant_ranges import Interval
from tests.support.booking.offered_starts import BERLIN, FAR, clock_times, offered
from tests.support.booking.slot_cases import between, claim, daily, whole_day


def test_a_buffer_after_the_session_keeps_the_next_one_away() -> None:
    """cal#24253: twenty minutes and five after still gave 10:00, 10:20, 10:40."""
    booked = claim(between(BERLIN, "2026-12-22 10:00", "2026-12-22 10:20"), after=5)
    rules = replace(FAR, length_minutes=20, buffer_after_minutes=5, grid_minutes=5)
    found = offered(
        Schedule(BERLIN, daily("09:30-11:00")),
        rules,
        whole_day(BERLIN, "2026-12-22"),
        claims=(booked,),
    )
    assert clock_times(found) == ["09:30", "09:35", "10:25", "10:30", "10:35", "10:40"]


def test_two_buffers_are_not_added_up() -> None:
    """cal#3662, cal#17414: an hour before and after became two hours."""
    booked = claim(between(BERLIN, "2026-12-22 14:00", "2026-12-22 15:00"), before=60, after=60)
    rules = replace(FAR, buffer_before_minutes=60, buffer_after_minutes=60)
    found = offered(
        Schedule(BERLIN, daily("10:00-19:00")),
        rules,
        whole_day(BERLIN, "2026-12-22"),
        claims=(booked,),
    )
    assert clock_times(found) == ["10:00", "11:00", "12:00", "16:00", "17:00", "18:00"]


def test_the_larger_buffer_counts_on_each_side() -> None:
    booked = claim(between(BERLIN, "2026-12-22 12:00", "2026-12-22 13:00"), before=20, after=5)
    rules = replace(
        FAR,
        length_minutes=30,
        grid_minutes=5,
        buffer_before_minutes=15,
        buffer_after_minutes=10,
    )
    found = offered(
        Schedule(BERLIN, daily("11:00-14:00")),
        rules,
        whole_day(BERLIN, "2026-12-22"),
        claims=(booked,),
    )
    assert clock_times(found) == ["11:00", "11:05", "11:10", "13:15", "13:20", "13:25", "13:30"]


def test_outside_appointments_count_with_our_own_buffers() -> None:
    busy = between(BERLIN, "2026-12-22 11:00", "2026-12-22 12:00")
    rules = replace(
        FAR,
        length_minutes=30,
        grid_minutes=15,
        buffer_before_minutes=15,
        buffer_after_minutes=30,
    )
    found = offered(
        Schedule(BERLIN, daily("09:30-13:00")),
        rules,
        whole_day(BERLIN, "2026-12-22"),
        outside_busy=(busy,),
    )
    assert clock_times(found) == ["09:30", "09:45", "10:00", "12:15", "12:30"]


def test_seconds_of_an_outside_appointment_count() -> None:
    whole = between(BERLIN, "2026-12-22 10:00", "2026-12-22 11:00")
    second = timedelta(seconds=1)
    busy = Interval(whole.start - second, whole.end + second)
    found = offered(
        Schedule(BERLIN, daily("09:00-13:00")),
        FAR,
        whole_day(BERLIN, "2026-12-22"),
        outside_busy=(busy,),
    )
    assert clock_times(found) == ["12:00"]


def test_buffers_need_not_fit_into_the_hours_or_beside_time_off() -> None:
    schedule = Schedule(
        BERLIN,
        daily("09:00-12:00"),
        time_off=(between(BERLIN, "2026-12-22 10:00", "2026-12-22 11:00"),),
    )
    rules = replace(FAR, buffer_before_minutes=30, buffer_after_minutes=30)
    assert clock_times(offered(schedule, rules, whole_day(BERLIN, "2026-12-22"))) == [
        "09:00",
        "11:00",
    ]
