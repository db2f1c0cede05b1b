"""What appointments, holds, buffers, notice, horizon and limits take away from open slots."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from clinic.booking.slots.availability import Schedule
from clinic.booking.slots.inputs import ClaimKind
from clinic.booking.slots.instant_ranges import Interval
from tests.support.booking.offered_starts import BERLIN, FAR, clock_times, offered
from tests.support.booking.slot_cases import between, claim, daily, offer, whole_day

# Appointments, holds, buffers


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


# Notice, horizon, limits


def test_a_start_exactly_at_the_end_of_the_notice_is_open() -> None:
    schedule = Schedule(BERLIN, daily("09:00-13:00"))
    rules = replace(FAR, notice_minutes=120)
    eight = between(BERLIN, "2026-12-22 08:00", "2026-12-22 09:00").start
    window = whole_day(BERLIN, "2026-12-22")
    assert [
        clock_times(offered(schedule, rules, window, now=eight + timedelta(seconds=late)))
        for late in (0, 1)
    ] == [["10:00", "11:00", "12:00"], ["11:00", "12:00"]]


def test_the_horizon_counts_local_dates_also_across_a_change_of_clocks() -> None:
    """Cal.com takes today's offset for the end of the last day."""
    schedule = Schedule(BERLIN, daily("22:00-24:00"))
    now = between(BERLIN, "2026-10-23 23:59", "2026-10-24 01:00").start
    window = between(BERLIN, "2026-10-23 00:00", "2026-10-30 00:00")
    assert offered(schedule, offer(horizon_days=2), window, now=now) == [
        "2026-10-24 22:00+02:00",
        "2026-10-24 23:00+02:00",
        "2026-10-25 22:00+01:00",
        "2026-10-25 23:00+01:00",
    ]


def test_a_horizon_of_no_days_is_today_where_the_therapist_is() -> None:
    zone = "Pacific/Auckland"
    schedule = Schedule(zone, daily("09:00-11:00"))
    now = between(zone, "2026-12-22 08:00", "2026-12-22 09:00").start
    window = between(zone, "2026-12-21 00:00", "2026-12-24 00:00")
    assert [start[:16] for start in offered(schedule, offer(horizon_days=0), window, now=now)] == [
        "2026-12-22 09:00",
        "2026-12-22 10:00",
    ]


def test_daily_limits_count_appointments_and_holds_of_the_therapists_date() -> None:
    """09:00 in Auckland is still the day before in UTC."""
    zone = "Pacific/Auckland"
    claims = (
        claim(between(zone, "2026-12-22 09:00", "2026-12-22 10:00")),
        claim(between(zone, "2026-12-22 15:00", "2026-12-22 16:00"), kind=ClaimKind.HOLD),
    )
    schedule = Schedule(zone, daily("09:00-11:00"))
    window = between(zone, "2026-12-21 00:00", "2026-12-24 00:00")
    others = ["2026-12-21 09:00", "2026-12-21 10:00", "2026-12-23 09:00", "2026-12-23 10:00"]
    for limit, expected in ((2, others), (3, [*others[:2], "2026-12-22 10:00", *others[2:]])):
        rules = replace(FAR, max_sessions_per_day=limit)
        found = offered(schedule, rules, window, claims=claims)
        assert [start[:16] for start in found] == expected


def test_the_limit_of_a_session_type_counts_only_its_own() -> None:
    first = claim(between(BERLIN, "2026-12-22 09:00", "2026-12-22 10:00"), session_type="first")
    schedule = Schedule(BERLIN, daily("09:00-12:00"))
    found = {
        session_type: clock_times(
            offered(
                schedule,
                replace(FAR, session_type=session_type, max_per_day=1),
                whole_day(BERLIN, "2026-12-22"),
                claims=(first,),
            )
        )
        for session_type in ("first", "couple-session")
    }
    assert found == {"first": [], "couple-session": ["10:00", "11:00"]}
