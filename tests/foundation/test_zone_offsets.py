from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.foundation.epoch_minutes import (
    MINUTE,
    ceil_minute,
    day_number,
    instant_at,
)
from clinic.foundation.zone_offsets import Stretch, zone_names, zone_offsets
from tests.support.booking.slot_cases import ZONES, days_in, thorough


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type]


def epoch_minute(*parts: int) -> int:
    return ceil_minute(utc(*parts))


def shown(on: date, minute: int, zone: str) -> tuple[datetime, ...]:
    """The instants at which clocks in `zone` show `minute` past midnight on `on`."""
    wall = day_number(on) * 1440 + minute
    return tuple(instant_at(found) for found in zone_offsets(zone, wall, wall).instants(wall))


def test_an_ordinary_wall_time_has_one_instant() -> None:
    expected = (utc(2026, 11, 23, 3, 15),)
    assert shown(date(2026, 11, 23), 9 * 60, "Asia/Kathmandu") == expected


def test_a_skipped_wall_time_has_no_instant() -> None:
    spring = date(2027, 3, 14)
    found = {
        minute: len(shown(spring, minute, "America/New_York"))
        for minute in (119, 120, 150, 179, 180)
    }
    assert found == {119: 1, 120: 0, 150: 0, 179: 0, 180: 1}


def test_a_repeated_wall_time_has_two_instants() -> None:
    both = (utc(2027, 11, 7, 5, 30), utc(2027, 11, 7, 6, 30))
    assert shown(date(2027, 11, 7), 90, "America/New_York") == both


def test_lord_howe_skips_and_repeats_half_an_hour() -> None:
    spring, autumn = date(2026, 10, 4), date(2027, 4, 4)
    skipped = [m for m in range(1440) if not shown(spring, m, "Australia/Lord_Howe")]
    twice = [m for m in range(1440) if len(shown(autumn, m, "Australia/Lord_Howe")) == 2]
    assert (skipped, twice) == (list(range(120, 150)), list(range(90, 120)))


def test_apia_has_no_30_december_2011() -> None:
    found = [shown(date(2011, 12, 30), minute, "Pacific/Apia") for minute in range(1440)]
    assert found == [()] * 1440


def test_what_opens_or_closes_in_a_gap_does_so_where_the_gap_is() -> None:
    change = epoch_minute(2027, 3, 14, 7)
    offsets = zone_offsets("America/New_York", change, change)
    midnight = day_number(date(2027, 3, 14)) * 1440
    for skipped in (120, 150, 179):
        wall = midnight + skipped
        assert (offsets.opening(wall), offsets.closing(wall)) == (change, change)
    assert offsets.opening(midnight + 180) == change


def test_what_opens_in_a_fold_opens_first_and_what_closes_there_closes_last() -> None:
    change = epoch_minute(2027, 11, 7, 6)
    offsets = zone_offsets("America/New_York", change, change)
    half_past_one = day_number(date(2027, 11, 7)) * 1440 + 90
    assert (offsets.opening(half_past_one), offsets.closing(half_past_one)) == (
        epoch_minute(2027, 11, 7, 5, 30),
        epoch_minute(2027, 11, 7, 6, 30),
    )


def test_a_day_that_folds_at_midnight_comes_in_two_parts() -> None:
    """Sao Paulo, 2018-02-18: at midnight the clocks went back to 23:00 of the 17th."""
    start, end = epoch_minute(2018, 2, 18, 1), epoch_minute(2018, 2, 18, 4)
    day = day_number(date(2018, 2, 17))
    found = zone_offsets("America/Sao_Paulo", start, end).stretches(start, end)
    assert found == [
        Stretch(start, start + 60, day, epoch_minute(2018, 2, 17, 2)),
        Stretch(start + 60, start + 120, day, epoch_minute(2018, 2, 17, 3)),
        Stretch(start + 120, end, day + 1, epoch_minute(2018, 2, 18, 3)),
    ]


@pytest.mark.parametrize(
    "on", [date(1979, 6, 1), date(2101, 6, 1), date(1, 1, 1), date(9999, 12, 31)]
)
def test_years_outside_1980_to_2100_are_refused(on: date) -> None:
    with pytest.raises(ValueError, match="1980 to 2100"):
        shown(on, 600, "Europe/Lisbon")


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../../etc/passwd", "Europe", "localtime"])
def test_unknown_zones_are_refused(zone: str) -> None:
    with pytest.raises(ValueError):
        shown(date(2027, 1, 1), 600, zone)


@thorough(400)
@given(data=st.data(), zone=st.sampled_from(ZONES), minute=st.integers(0, 1439))
def test_wall_times_agree_with_the_time_zone_database(
    data: st.DataObject, zone: str, minute: int
) -> None:
    on = data.draw(days_in(zone)).date()
    tz = ZoneInfo(zone)
    wall = datetime(on.year, on.month, on.day) + timedelta(minutes=minute)
    tried = {wall.replace(tzinfo=tz, fold=fold).astimezone(UTC) for fold in (0, 1)}
    real = sorted(i for i in tried if i.astimezone(tz).replace(tzinfo=None) == wall)
    assert shown(on, minute, zone) == tuple(real)


def test_every_zone_keeps_whole_minutes_from_1980_to_2100() -> None:
    fractions = [
        (zone, year, month)
        for zone in sorted(zone_names())
        for year in range(1980, 2101)
        for month in (1, 7)
        if (utc(year, month, 1).astimezone(ZoneInfo(zone)).utcoffset() or timedelta()) % MINUTE
    ]
    assert fractions == []


def test_every_zone_agrees_with_the_database_minutes_around_its_changes() -> None:
    start, end = epoch_minute(2026, 1, 1), epoch_minute(2027, 12, 31)
    wrong = [
        (zone, instant_at(minute))
        for zone in sorted(zone_names())
        for era in zone_offsets(zone, start, end).eras
        for minute in (era.start, era.start + 1, (era.start + era.end) // 2, era.end - 1)
        if instant_at(minute).astimezone(ZoneInfo(zone)).utcoffset() != era.offset * MINUTE
    ]
    assert wrong == []
