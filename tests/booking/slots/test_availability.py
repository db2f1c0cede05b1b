from __future__ import annotations

from datetime import date

import pytest

from clinic.booking.slots.availability import (
    DayOverride,
    Schedule,
    WallRange,
    WeeklyHours,
    open_hours,
)
from tests.support.booking.slot_cases import between, daily, wall_range, whole_day

ZONE = "Europe/Lisbon"


@pytest.mark.parametrize("minutes", [(-1, 60), (1440, 1500), (60, 60), (60, 30), (0, 2881)])
def test_a_range_starts_on_its_day_and_ends_by_the_end_of_the_next(
    minutes: tuple[int, int],
) -> None:
    with pytest.raises(ValueError, match="a range"):
        WallRange(*minutes)


def test_a_range_may_last_to_the_end_of_the_following_day() -> None:
    schedule = Schedule(ZONE, (WeeklyHours(0, WallRange(0, 2880)),))
    expected = [between(ZONE, "2026-12-21 00:00", "2026-12-23 00:00")]
    for day in ("2026-12-21", "2026-12-22"):
        assert open_hours(schedule, window=whole_day(ZONE, day)) == expected
    assert open_hours(schedule, window=whole_day(ZONE, "2026-12-23")) == []


def test_a_range_of_two_days_reaches_its_end_also_far_from_utc() -> None:
    for zone in ("Etc/GMT+12", "Pacific/Honolulu", "Pacific/Kiritimati"):
        schedule = Schedule(zone, (WeeklyHours(0, WallRange(0, 2880)),))
        expected = [between(zone, "2026-12-21 00:00", "2026-12-23 00:00")]
        for window in (
            between(zone, "2026-12-21 00:00", "2026-12-21 00:01"),
            between(zone, "2026-12-22 23:59", "2026-12-23 00:00"),
        ):
            assert open_hours(schedule, window=window) == expected


@pytest.mark.parametrize("weekday", [-1, 7])
def test_weekdays_are_monday_to_sunday(weekday: int) -> None:
    with pytest.raises(ValueError, match="weekday"):
        WeeklyHours(weekday, wall_range("09:00-10:00"))


def test_a_date_has_one_override() -> None:
    closed = DayOverride(date(2026, 12, 24), ())
    with pytest.raises(ValueError, match="one override"):
        Schedule(ZONE, overrides=(closed, closed))


def test_open_hours_are_the_work_less_time_off_and_closures() -> None:
    schedule = Schedule(
        ZONE,
        daily("09:00-13:00", "14:00-18:00"),
        overrides=(DayOverride(date(2026, 12, 23), (wall_range("10:00-12:00"),)),),
        time_off=(between(ZONE, "2026-12-22 11:30", "2026-12-22 15:00"),),
        closures=(between(ZONE, "2026-12-22 17:00", "2026-12-22 20:00"),),
    )
    window = between(ZONE, "2026-12-22 00:00", "2026-12-24 00:00")
    assert open_hours(schedule, window=window) == [
        between(ZONE, "2026-12-22 09:00", "2026-12-22 11:30"),
        between(ZONE, "2026-12-22 15:00", "2026-12-22 17:00"),
        between(ZONE, "2026-12-23 10:00", "2026-12-23 12:00"),
    ]


def test_ranges_that_touch_or_overlap_are_one() -> None:
    schedule = Schedule(ZONE, daily("09:00-12:00", "11:00-13:00", "13:00-14:00"))
    assert open_hours(schedule, window=whole_day(ZONE, "2026-12-22")) == [
        between(ZONE, "2026-12-22 09:00", "2026-12-22 14:00")
    ]
