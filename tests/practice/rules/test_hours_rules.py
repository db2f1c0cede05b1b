from datetime import UTC, date, datetime, timedelta

import pytest

from clinic.practice.rules.edit_commands import AbsenceTimes, DayHours, HoursRange, WeeklyRange
from clinic.practice.rules.hours_rules import (
    absence_problems,
    day_problems,
    order_problems,
    weekly_problems,
)

OVERLAP = ["These hours overlap with others."]
NINE, NOON, FIVE, TEN_PM = 540, 720, 1020, 1320
MONDAY, TUESDAY, SUNDAY = 0, 1, 6


def test_touching_ranges_of_a_day_are_fine():
    week = [WeeklyRange(MONDAY, NINE, NOON), WeeklyRange(MONDAY, NOON, FIVE)]

    assert weekly_problems(week) == {}


def test_overlapping_ranges_of_a_day_are_named_by_the_later_one():
    week = [WeeklyRange(MONDAY, NOON - 1, FIVE), WeeklyRange(MONDAY, NINE, NOON)]

    assert weekly_problems(week) == {"weekly.0.0": OVERLAP}


def test_a_range_over_midnight_overlaps_with_the_next_morning():
    week = [WeeklyRange(MONDAY, TEN_PM, 1440 + 120), WeeklyRange(TUESDAY, 119, NINE)]

    assert weekly_problems(week) == {"weekly.1.0": OVERLAP}


def test_sunday_night_overlaps_with_monday_morning():
    week = [WeeklyRange(SUNDAY, TEN_PM, 1440 + 120), WeeklyRange(MONDAY, 119, NINE)]

    assert weekly_problems(week) == {"weekly.0.0": OVERLAP}


def test_sunday_night_may_touch_monday_morning():
    week = [WeeklyRange(SUNDAY, TEN_PM, 1440 + 120), WeeklyRange(MONDAY, 120, NINE)]

    assert weekly_problems(week) == {}


def test_a_whole_week_day_and_night_is_fine():
    assert weekly_problems([WeeklyRange(day, 0, 1440) for day in range(7)]) == {}


def test_the_same_range_twice_overlaps_itself():
    assert weekly_problems([WeeklyRange(MONDAY, NINE, NOON)] * 2) == {"weekly.0.1": OVERLAP}


@pytest.mark.parametrize(
    "wrong",
    [(-1, NINE), (1440, 1500), (NINE, NINE), (FIVE, NINE), (NINE, NINE + 1440), (0, 1441)],
)
def test_ranges_start_in_their_day_and_last_less_than_a_day(wrong):
    assert list(weekly_problems([WeeklyRange(MONDAY, *wrong)])) == ["weekly.0.0"]
    assert list(day_problems(DayHours(date(2026, 12, 1), (HoursRange(*wrong),)))) == ["ranges.0"]


def test_everything_wrong_with_a_week_is_told_at_once():
    week = [WeeklyRange(7, NINE, FIVE), WeeklyRange(MONDAY, FIVE, NINE)]

    assert sorted(weekly_problems(week)) == ["weekly.0.0", "weekly.7.0"]


def test_a_day_has_at_most_eight_ranges():
    nine = [WeeklyRange(MONDAY, start * 60, start * 60 + 30) for start in range(9)]

    assert weekly_problems(nine[:8]) == {}
    assert weekly_problems(nine) == {"weekly.0.0": ["Please use at most 8 ranges a day."]}


def test_a_day_without_ranges_is_a_closed_day():
    assert day_problems(DayHours(date(2026, 12, 24))) == {}


def test_overlapping_ranges_of_one_date_are_named():
    hours = DayHours(date(2026, 12, 24), (HoursRange(NINE, NOON), HoursRange(NOON - 1, FIVE)))

    assert day_problems(hours) == {"ranges.1": OVERLAP}


def test_dates_of_other_centuries_are_refused():
    assert list(day_problems(DayHours(date(1926, 12, 24)))) == ["on"]


@pytest.mark.parametrize(
    "typed", ["", "2026-02-30T10:00", "2026-12-01", "2026-12-01T24:00", "1926-12-01T10:00", "x"]
)
def test_absences_need_dates_and_times_that_exist(typed):
    assert absence_problems(AbsenceTimes(typed, "2026-12-01T10:00")) == {
        "start": ["Please give a date and a time that exist."]
    }


def test_an_absence_ends_after_it_starts_and_within_two_years():
    start = datetime(2026, 12, 1, 10, tzinfo=UTC)

    assert order_problems(start, ends_at=start + timedelta(minutes=1)) == {}
    assert order_problems(start, ends_at=start) == {"end": ["The end must come after the start."]}
    assert list(order_problems(start, ends_at=start + timedelta(days=733))) == ["end"]
