"""Slots open where the minimum notice ends and close where the horizon does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from clinic.booking.slots.availability import Schedule
from clinic.booking.slots.notice_and_horizon import earliest_start, for_staff
from tests.support.booking.offered_starts import BERLIN, FAR, clock_times, offered
from tests.support.booking.slot_cases import between, daily, offer, whole_day


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


def test_notice_counts_from_now_in_real_minutes() -> None:
    now = datetime(2026, 10, 24, 23, 30, 15, tzinfo=UTC)
    found = earliest_start(offer(notice_minutes=90), now=now)
    assert found == datetime(2026, 10, 25, 1, 0, 15, tzinfo=UTC)


def test_staff_are_free_of_notice_and_of_the_clients_horizon_only() -> None:
    for_clients = offer(notice_minutes=60, horizon_days=90, grid_minutes=30, max_per_day=4)
    as_staff = offer(notice_minutes=0, horizon_days=730, grid_minutes=30, max_per_day=4)
    assert for_staff(for_clients) == as_staff
