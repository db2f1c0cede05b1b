from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from clinic.booking.slots.instant_ranges import Interval, intersect, merge, overlaps, subtract

NINE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def hours(start: float, end: float) -> Interval:
    return Interval(NINE + timedelta(hours=start), NINE + timedelta(hours=end))


def test_an_interval_starts_before_it_ends() -> None:
    for end in (NINE, NINE - timedelta(minutes=1)):
        with pytest.raises(ValueError, match="starts before it ends"):
            Interval(NINE, end)


@pytest.mark.parametrize(
    "zone",
    [None, timezone(timedelta(hours=1)), ZoneInfo("Europe/Berlin")],
    ids=["naive", "fixed offset", "zone"],
)
def test_an_interval_lies_between_utc_instants(zone: timezone | None) -> None:
    with pytest.raises(ValueError, match="UTC"):
        Interval(NINE.replace(tzinfo=zone), NINE.replace(hour=11))
    with pytest.raises(ValueError, match="UTC"):
        Interval(NINE, NINE.replace(hour=11, tzinfo=zone))


def test_intervals_are_ordered_by_start_then_end() -> None:
    assert sorted([hours(1, 3), hours(0, 4), hours(1, 2)]) == [
        hours(0, 4),
        hours(1, 2),
        hours(1, 3),
    ]


@pytest.mark.parametrize(
    ("other", "shares"),
    [
        (hours(-1, 0), False),
        (hours(1, 2), False),
        (hours(-1, 0.5), True),
        (hours(0.5, 2), True),
        (hours(0.25, 0.75), True),
        (hours(-1, 2), True),
        (hours(0, 1), True),
    ],
)
def test_touching_is_not_overlapping(other: Interval, *, shares: bool) -> None:
    assert (overlaps(hours(0, 1), other), overlaps(other, hours(0, 1))) == (shares, shares)


def test_intervals_that_touch_or_overlap_merge() -> None:
    assert merge([hours(4, 5), hours(0, 1), hours(1, 2), hours(1.5, 3)]) == [
        hours(0, 3),
        hours(4, 5),
    ]


def test_taking_away_leaves_the_parts_on_both_sides() -> None:
    assert subtract([hours(2, 4), hours(0, 3)], [hours(1, 2), hours(3, 9)]) == [
        hours(0, 1),
        hours(2, 3),
    ]


def test_the_common_time_of_two_sets() -> None:
    assert intersect([hours(0, 2), hours(3, 5)], [hours(1, 4)]) == [hours(1, 2), hours(3, 4)]
