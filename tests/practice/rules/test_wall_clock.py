from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.practice.rules.practice_rules import time_zones
from clinic.practice.rules.wall_clock import (
    NonexistentTime,
    ending_instant,
    instants_showing,
    starting_instant,
    times_around,
)


def at(text):
    return datetime.fromisoformat(text)


def test_an_ordinary_wall_time_is_one_instant():
    assert instants_showing(at("2026-07-01T10:00"), zone="Europe/Lisbon") == (
        datetime(2026, 7, 1, 9, tzinfo=UTC),
    )


def test_a_time_that_comes_twice_starts_first_and_ends_last():
    wall = at("2026-10-25T01:30")

    assert starting_instant(wall, zone="Europe/Lisbon", path="start") == datetime(
        2026, 10, 25, 0, 30, tzinfo=UTC
    )
    assert ending_instant(wall, zone="Europe/Lisbon", path="end") == datetime(
        2026, 10, 25, 1, 30, tzinfo=UTC
    )


def test_a_skipped_time_is_refused_with_the_times_around_it():
    with pytest.raises(NonexistentTime) as refused:
        starting_instant(at("2027-03-14T02:30"), zone="America/New_York", path="start")

    assert refused.value.errors == {
        "start": [
            "The clocks skip 02:30 on 2027-03-14 in America/New_York: after 01:59 comes 03:00."
        ]
    }


def test_a_half_hour_gap_is_seen():
    assert times_around(at("2026-10-04T02:10"), zone="Australia/Lord_Howe") == (
        at("2026-10-04T01:59"),
        at("2026-10-04T02:30"),
    )


def test_a_day_that_a_zone_left_out_does_not_exist():
    wall = at("2011-12-30T12:00")

    assert instants_showing(wall, zone="Pacific/Apia") == ()
    assert times_around(wall, zone="Pacific/Apia") == (
        at("2011-12-29T23:59"),
        at("2011-12-31T00:00"),
    )


@given(minute=st.integers(0, 60 * 24 * 365 * 50), zone=st.sampled_from(sorted(time_zones())))
@settings(max_examples=200, deadline=None)
def test_what_a_clock_shows_leads_back_to_the_instant(minute, zone):
    instant = datetime(2000, 1, 3, tzinfo=UTC) + timedelta(minutes=minute)
    wall = instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)

    assert instant in instants_showing(wall, zone=zone)
