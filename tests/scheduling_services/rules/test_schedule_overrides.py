from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from clinic.booking.slots.availability import DayOverride, Schedule, WallRange, WeeklyHours
from clinic.booking.slots.instant_ranges import Interval
from clinic.scheduling_services.rules.schedule_overrides import (
    Combined,
    Override,
    combine,
    read_overrides,
    wanted_overrides,
)

MONDAY = datetime(2026, 12, 7, tzinfo=UTC)
WEEK = tuple(WeeklyHours(day, WallRange(9 * 60, 17 * 60)) for day in range(5))


def at(hour, day=8):
    return datetime(2026, 12, day, hour, tzinfo=UTC)


def row(on, start, end):
    return Override(on, start, end)


def wanted(**changes):
    schedule = Schedule("Europe/Lisbon", WEEK, **changes)
    return wanted_overrides(schedule, zone="Europe/Lisbon", now=MONDAY)


def test_a_row_is_written_as_the_api_takes_it_and_counted_in_minutes():
    override = row("2026-12-08", "09:30", "17:00")

    assert override.as_row() == {"date": "2026-12-08", "startTime": "09:30", "endTime": "17:00"}
    assert override.minutes == (570, 1020)


def test_rows_that_cannot_be_read_are_left_out_and_the_others_sorted():
    rows = [
        {"date": "2026-12-09T00:00:00Z", "startTime": "09:00:00", "endTime": "10:00"},
        {"date": "2026-12-08", "startTime": "09:00", "endTime": "10:00"},
        {"date": "2026-12-08", "startTime": "9", "endTime": "10:00"},
        {"date": "2026-12-08", "startTime": "٠٩:00", "endTime": "10:00"},
        "a row",
    ]

    assert read_overrides(rows) == (
        row("2026-12-08", "09:00", "10:00"),
        row("2026-12-09", "09:00", "10:00"),
    )


def test_a_usual_week_wants_no_overrides():
    assert wanted() == ()


def test_time_off_leaves_the_rest_of_the_day():
    assert wanted(time_off=(Interval(at(10), at(12)),)) == (
        row("2026-12-08", "09:00", "10:00"),
        row("2026-12-08", "12:00", "17:00"),
    )


def test_a_closed_day_is_a_row_without_length():
    assert wanted(closures=(Interval(at(0), at(0, day=9)),)) == (
        row("2026-12-08", "00:00", "00:00"),
    )


def test_a_day_with_other_hours_has_them_alone():
    other = DayOverride(date(2026, 12, 12), (WallRange(600, 24 * 60),))

    assert wanted(overrides=(other,)) == (row("2026-12-12", "10:00", "23:59"),)


def test_days_that_are_over_are_not_wanted():
    assert wanted(time_off=(Interval(at(10, day=4), at(12, day=4)),)) == ()


@pytest.mark.parametrize(
    ("there", "ours", "displaced", "rows", "gave_way"),
    [
        ([], [], [], [("10:00", "12:00")], []),
        ([("09:00", "11:00")], [], [], [("10:00", "11:00")], [("09:00", "11:00")]),
        (
            [("10:00", "11:00")],
            [("10:00", "11:00")],
            [("09:00", "11:00")],
            [("10:00", "11:00")],
            [("09:00", "11:00")],
        ),
        ([("13:00", "15:00")], [], [], [("00:00", "00:00")], [("13:00", "15:00")]),
    ],
)
def test_only_what_both_leave_open_is_open(there, ours, displaced, rows, gave_way):
    def of(times):
        return tuple(row("2026-12-08", *one) for one in times)

    found = combine(
        of(there), ours=of(ours), displaced=of(displaced), wanted=of([("10:00", "12:00")])
    )

    assert found == Combined(of(rows), of(rows), of(gave_way))


def test_rows_of_others_stay_and_come_back_when_ours_go():
    theirs, ours = row("2026-12-09", "09:00", "10:00"), row("2026-12-08", "10:00", "11:00")
    before = row("2026-12-08", "09:00", "11:00")

    assert combine([theirs, ours], ours=[ours], displaced=[before], wanted=[]) == Combined(
        (before, theirs), (), ()
    )
