"""Open slots on days when clocks change, and in zones that are not whole hours from UTC."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from clinic.booking.slots.availability import Schedule, WeeklyHours
from clinic.booking.slots.explanation import explain
from clinic.booking.slots.open_slots import open_slots
from tests.support.booking.offered_starts import FAR, HALF_HOURS, LONG_AGO, NEW_YORK, offered
from tests.support.booking.slot_cases import (
    between,
    claim,
    daily,
    offer,
    starts_in,
    wall_range,
    whole_day,
)

# Clocks that change


def test_afternoon_starts_keep_their_hour_on_the_day_clocks_change() -> None:
    """cal#30021: starts from 13:00 on were an hour late on such days."""
    schedule = Schedule(NEW_YORK, daily("11:00-17:00"))
    spring, autumn = whole_day(NEW_YORK, "2027-03-14"), whole_day(NEW_YORK, "2027-11-07")
    hours = ("11", "12", "13", "14", "15", "16")
    assert offered(schedule, FAR, spring) == [f"2027-03-14 {hour}:00-04:00" for hour in hours]
    assert offered(schedule, FAR, autumn) == [f"2027-11-07 {hour}:00-05:00" for hour in hours]


def test_a_weekly_half_hour_stays_where_it_is_across_the_change_and_can_be_booked() -> None:
    """cal#6217: shown at 11:30 on 12 March and 13:30 on 5 November, and refused."""
    schedule = Schedule(NEW_YORK, (WeeklyHours(6, wall_range("12:30-13:00")),))
    for window, expected in (
        (
            between(NEW_YORK, "2023-03-01 00:00", "2023-03-31 00:00"),
            [
                "2023-03-05 12:30-05:00",
                "2023-03-12 12:30-04:00",
                "2023-03-19 12:30-04:00",
                "2023-03-26 12:30-04:00",
            ],
        ),
        (
            between(NEW_YORK, "2023-10-25 00:00", "2023-11-15 00:00"),
            ["2023-10-29 12:30-04:00", "2023-11-05 12:30-05:00", "2023-11-12 12:30-05:00"],
        ),
    ):
        assert offered(schedule, HALF_HOURS, window) == expected
        for start in expected:
            verdict = explain(
                datetime.fromisoformat(start).astimezone(UTC),
                schedule=schedule,
                offer=HALF_HOURS,
                claims=(),
                outside_busy=(),
                now=LONG_AGO,
            )
            assert verdict is None


def test_notice_that_ends_on_the_day_clocks_change_shifts_nothing() -> None:
    """cal#12137: seven days' notice from 29 October 2023 moved all of November."""
    schedule = Schedule(NEW_YORK, daily("09:00-13:00"))
    rules = replace(FAR, notice_minutes=7 * 24 * 60)
    now = datetime(2023, 10, 29, 14, 20, tzinfo=UTC)  # 10:20 in summer, 09:20 in winter time
    window = between(NEW_YORK, "2023-11-04 00:00", "2023-11-07 00:00")
    assert offered(schedule, rules, window, now=now) == [
        "2023-11-05 10:00-05:00",
        "2023-11-05 11:00-05:00",
        "2023-11-05 12:00-05:00",
        "2023-11-06 09:00-05:00",
        "2023-11-06 10:00-05:00",
        "2023-11-06 11:00-05:00",
        "2023-11-06 12:00-05:00",
    ]


def test_hours_from_nine_stay_at_nine_in_every_month() -> None:
    """cal#10517: only November, after the change, began at 08:00."""
    schedule = Schedule(NEW_YORK, daily("09:00-11:00"))
    now = datetime(2023, 8, 1, 12, 0, tzinfo=UTC)
    found = [
        offered(schedule, offer(horizon_days=180), whole_day(NEW_YORK, day), now=now)
        for day in ("2023-10-31", "2023-11-06", "2023-11-30", "2023-12-01")
    ]
    assert found == [
        ["2023-10-31 09:00-04:00", "2023-10-31 10:00-04:00"],
        ["2023-11-06 09:00-05:00", "2023-11-06 10:00-05:00"],
        ["2023-11-30 09:00-05:00", "2023-11-30 10:00-05:00"],
        ["2023-12-01 09:00-05:00", "2023-12-01 10:00-05:00"],
    ]


def test_new_york_offers_no_time_that_the_clocks_skip() -> None:
    """Easy!Appointments offered 02:00, 02:15, 02:30 and 02:45 on 2027-03-14."""
    schedule = Schedule(NEW_YORK, daily("01:00-05:00"))
    assert offered(schedule, HALF_HOURS, whole_day(NEW_YORK, "2027-03-14")) == [
        "2027-03-14 01:00-05:00",
        "2027-03-14 01:30-05:00",
        "2027-03-14 03:00-04:00",
        "2027-03-14 03:30-04:00",
        "2027-03-14 04:00-04:00",
        "2027-03-14 04:30-04:00",
    ]


def test_new_york_offers_both_instants_of_a_repeated_time() -> None:
    """Easy!Appointments offered 01:00 to 01:45 once on 2027-11-07, meaning either."""
    schedule = Schedule(NEW_YORK, daily("01:00-03:00"))
    assert offered(schedule, HALF_HOURS, whole_day(NEW_YORK, "2027-11-07")) == [
        "2027-11-07 01:00-04:00",
        "2027-11-07 01:30-04:00",
        "2027-11-07 01:00-05:00",
        "2027-11-07 01:30-05:00",
        "2027-11-07 02:00-05:00",
        "2027-11-07 02:30-05:00",
    ]


def test_a_session_over_a_change_of_clocks_lasts_its_real_minutes() -> None:
    for day in ("2027-03-14", "2027-11-07"):
        slots = open_slots(
            schedule=Schedule(NEW_YORK, daily("00:00-06:00")),
            offer=replace(FAR, length_minutes=90, grid_minutes=30),
            claims=(),
            outside_busy=(),
            window=whole_day(NEW_YORK, day),
            now=LONG_AGO,
        )
        assert {slot.end - slot.start for slot in slots} == {timedelta(minutes=90)}


def test_hours_that_start_in_the_gap_start_after_it() -> None:
    schedule = Schedule(NEW_YORK, daily("02:15-04:00"))
    assert offered(schedule, HALF_HOURS, whole_day(NEW_YORK, "2027-03-14")) == [
        "2027-03-14 03:00-04:00",
        "2027-03-14 03:30-04:00",
    ]


def test_hours_that_end_in_the_gap_end_where_it_begins() -> None:
    schedule = Schedule(NEW_YORK, daily("01:00-02:45"))
    assert offered(schedule, HALF_HOURS, whole_day(NEW_YORK, "2027-03-14")) == [
        "2027-03-14 01:00-05:00",
        "2027-03-14 01:30-05:00",
    ]


def test_hours_wholly_in_the_gap_open_nothing() -> None:
    schedule = Schedule(NEW_YORK, daily("02:10-02:50"))
    rules = replace(FAR, length_minutes=1, grid_minutes=5)
    assert offered(schedule, rules, whole_day(NEW_YORK, "2027-03-14")) == []


def test_hours_that_end_in_the_fold_end_at_its_second_passing() -> None:
    schedule = Schedule(NEW_YORK, daily("00:30-01:30"))
    assert offered(schedule, HALF_HOURS, whole_day(NEW_YORK, "2027-11-07")) == [
        "2027-11-07 00:30-04:00",
        "2027-11-07 01:00-04:00",
        "2027-11-07 01:30-04:00",
        "2027-11-07 01:00-05:00",
    ]


def test_lord_howe_moves_by_half_an_hour_and_the_grid_stays_on_the_wall() -> None:
    zone = "Australia/Lord_Howe"
    schedule = Schedule(zone, daily("01:00-04:00"))
    assert offered(schedule, HALF_HOURS, whole_day(zone, "2026-10-04")) == [
        "2026-10-04 01:00+10:30",
        "2026-10-04 01:30+10:30",
        "2026-10-04 02:30+11:00",
        "2026-10-04 03:00+11:00",
        "2026-10-04 03:30+11:00",
    ]
    assert offered(schedule, FAR, whole_day(zone, "2027-04-04")) == [
        "2027-04-04 01:00+11:00",
        "2027-04-04 02:00+10:30",
        "2027-04-04 03:00+10:30",
    ]


def test_apia_offers_nothing_on_the_day_it_skipped() -> None:
    zone = "Pacific/Apia"
    schedule = Schedule(zone, daily("09:00-11:00"))
    window = between(zone, "2011-12-29 00:00", "2012-01-01 00:00")
    assert offered(schedule, FAR, window) == [
        "2011-12-29 09:00-10:00",
        "2011-12-29 10:00-10:00",
        "2011-12-31 09:00+14:00",
        "2011-12-31 10:00+14:00",
    ]


def test_casablanca_offers_its_hours_around_ramadan() -> None:
    zone = "Africa/Casablanca"
    schedule = Schedule(zone, daily("09:00-10:00"))
    window = between(zone, "2026-02-14 00:00", "2026-02-16 00:00")
    assert offered(schedule, FAR, window) == ["2026-02-14 09:00+01:00", "2026-02-15 09:00+00:00"]


def test_sao_paulo_folds_at_midnight_and_the_evening_comes_twice() -> None:
    zone = "America/Sao_Paulo"
    schedule = Schedule(zone, daily("22:00-24:00"))
    window = between(zone, "2018-02-17 12:00", "2018-02-18 12:00")
    assert offered(schedule, FAR, window) == [
        "2018-02-17 22:00-02:00",
        "2018-02-17 23:00-02:00",
        "2018-02-17 23:00-03:00",
    ]


# Zones that are not whole hours from UTC, or far from it


def test_a_kathmandu_hour_blocks_an_hour() -> None:
    """cal#2102, cal#15265: 13:00 to 14:00 took the calendar until 14:45."""
    zone = "Asia/Kathmandu"
    booked = claim(between(zone, "2027-05-05 13:00", "2027-05-05 14:00"))
    found = offered(
        Schedule(zone, daily("12:00-18:00")),
        FAR,
        whole_day(zone, "2027-05-05"),
        claims=(booked,),
    )
    assert found == [
        "2027-05-05 12:00+05:45",
        "2027-05-05 14:00+05:45",
        "2027-05-05 15:00+05:45",
        "2027-05-05 16:00+05:45",
        "2027-05-05 17:00+05:45",
    ]


@pytest.mark.parametrize(
    ("zone", "offset"),
    [("Asia/Kolkata", "+05:30"), ("Pacific/Chatham", "+12:45"), ("Pacific/Kiritimati", "+14:00")],
)
def test_hourly_sessions_start_on_the_full_hour_of_the_wall(zone: str, offset: str) -> None:
    """cal#10136: hourly events began at half past in Kolkata."""
    found = offered(Schedule(zone, daily("09:00-12:00")), FAR, whole_day(zone, "2027-06-09"))
    assert found == [f"2027-06-09 {hour}:00{offset}" for hour in ("09", "10", "11")]


def test_partners_on_different_dates_see_the_same_instants() -> None:
    zone = "Pacific/Kiritimati"
    slots = open_slots(
        schedule=Schedule(zone, daily("09:00-11:00")),
        offer=FAR,
        claims=(),
        outside_busy=(),
        window=whole_day(zone, "2027-06-09"),
        now=LONG_AGO,
    )
    assert starts_in(slots, zone) == ["2027-06-09 09:00+14:00", "2027-06-09 10:00+14:00"]
    assert starts_in(slots, "Pacific/Pago_Pago") == [
        "2027-06-08 08:00-11:00",
        "2027-06-08 09:00-11:00",
    ]
