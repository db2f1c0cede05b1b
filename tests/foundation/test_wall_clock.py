from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.foundation.epoch_minutes import MINUTE, ceil_minute, floor_minute, instant_at
from clinic.foundation.wall_clock import (
    NonexistentTime,
    day_bounds,
    ending_instant,
    existing_instants,
    instant_from,
    instants_showing,
    is_repeated,
    local_date,
    local_time,
    parse_wall,
    starting_instant,
    times_around,
    utc_text,
    wall_text,
)
from clinic.foundation.zone_offsets import zone_names, zone_offsets


def at(text):
    return datetime.fromisoformat(text)


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


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


@pytest.mark.parametrize(
    ("text", "wall"),
    [
        ("2026-03-29T01:30", datetime(2026, 3, 29, 1, 30)),
        ("2026-3-29T01:30", None),
        ("2026-02-30T01:30", None),
        ("2026-03-29T01:30Z", None),
        ("2026-03-29", None),
    ],
)
def test_wall_time_is_parsed_from_one_form_only(text, wall):
    assert parse_wall(text) == wall


def test_instant_is_shown_on_the_clocks_of_a_zone():
    evening = datetime(2026, 12, 1, 23, 30, tzinfo=UTC)

    assert wall_text(evening, zone="Asia/Kathmandu") == "2026-12-02T05:15"
    assert local_date(evening, zone="Asia/Kathmandu") == date(2026, 12, 2)
    assert local_time(evening, zone="Asia/Kathmandu").isoformat() == "2026-12-02T05:15:00+05:45"


def test_both_passings_of_a_repeated_time_are_repeated():
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    hours = [first + timedelta(hours=number) for number in range(-1, 3)]

    assert [is_repeated(one, zone="Europe/Lisbon") for one in hours] == [False, True, True, False]


def test_both_instants_of_a_typed_time_are_given():
    found = existing_instants(at("2026-10-25T01:30"), zone="Europe/Lisbon", path="start")

    assert found == (
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("on", "zone", "start", "end"),
    [
        (date(2026, 11, 23), "Asia/Kathmandu", "2026-11-22T18:15", "2026-11-23T18:15"),
        (date(2026, 3, 29), "Europe/Lisbon", "2026-03-29T00:00", "2026-03-29T23:00"),
        (date(2026, 10, 25), "Europe/Lisbon", "2026-10-24T23:00", "2026-10-26T00:00"),
        (date(2018, 11, 4), "America/Sao_Paulo", "2018-11-04T03:00", "2018-11-05T02:00"),
        (date(2011, 12, 30), "Pacific/Apia", "2011-12-30T10:00", "2011-12-30T10:00"),
    ],
    ids=["ordinary", "23 hours", "25 hours", "midnight skipped", "day left out"],
)
def test_day_lasts_from_its_first_instant_to_the_next_days(on, zone, start, end):
    assert day_bounds(on, zone=zone) == (utc(start), utc(end))


def test_several_days_last_until_the_end_of_the_last():
    assert day_bounds(date(2026, 3, 23), days=7, zone="Europe/Lisbon") == (
        utc("2026-03-23T00:00"),
        utc("2026-03-29T23:00"),
    )


def test_a_skipped_time_that_nobody_typed_is_moved_to_the_end_of_the_gap():
    on = date(2026, 3, 29)

    found = [instant_from(on, time(*parts), zone="Europe/Lisbon") for parts in ((0, 59), (1, 30))]

    assert found == [utc("2026-03-29T00:59"), utc("2026-03-29T01:00")]


@pytest.mark.parametrize("wall", [datetime.min, datetime(9999, 12, 31, 23, 59)])
def test_the_ends_of_the_calendar_have_an_instant_in_every_zone(wall):
    ends = {"Pacific/Kiritimati", "Pacific/Niue", "Europe/Lisbon"}

    assert all(len(instants_showing(wall, zone=zone)) == 1 for zone in ends)


ANY_ZONE = st.sampled_from(sorted(zone_names()))
ANY_INSTANT = st.datetimes(
    min_value=datetime(1980, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)
).map(lambda one: one.replace(second=0, microsecond=0))


@st.composite
def around_changes(draw):
    """A zone, and an instant within a day of one of its changes of clocks."""
    zone = draw(ANY_ZONE)
    start, end = ceil_minute(utc("1990-01-01T00:00")), ceil_minute(utc("2037-01-01T00:00"))
    eras = zone_offsets(zone, start, end).eras
    change = draw(st.sampled_from(eras)).end
    return zone, instant_at(change + draw(st.integers(-1440, 1440)))


@given(instant=ANY_INSTANT, zone=ANY_ZONE)
@settings(max_examples=200, deadline=None)
def test_what_a_clock_shows_leads_back_to_the_instant(instant, zone):
    wall = instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)

    assert instant in instants_showing(wall, zone=zone)


@given(around_changes())
@settings(max_examples=200, deadline=None)
def test_near_a_change_each_wall_time_has_the_instants_that_minute_arithmetic_finds(found):
    zone, near = found
    wall = near.replace(tzinfo=None)  # read as a wall time, it lies near the change all the same
    minute = floor_minute(near)
    by_eras = zone_offsets(zone, minute, minute).instants(minute)

    assert instants_showing(wall, zone=zone) == tuple(map(instant_at, by_eras))


@given(around_changes())
@settings(max_examples=200, deadline=None)
def test_a_skipped_time_lies_between_the_times_around_it(found):
    zone, near = found
    wall = near.replace(tzinfo=None)
    if instants_showing(wall, zone=zone):
        return
    before, after = times_around(wall, zone=zone)
    change = instant_from(wall.date(), wall.time(), zone=zone)

    assert before < wall < after
    assert local_time(change, zone=zone).replace(tzinfo=None) == after
    assert local_time(change - MINUTE, zone=zone).replace(tzinfo=None) == before


@given(around_changes())
@settings(max_examples=200, deadline=None)
def test_every_instant_lies_in_its_own_day_and_days_follow_without_a_hole(found):
    zone, instant = found
    on = local_date(instant, zone=zone)
    start, end = day_bounds(on, zone=zone)

    assert end == day_bounds(on + timedelta(days=1), zone=zone)[0]
    assert start <= instant
    # Clocks that go back over midnight show the end of a day again after the next has begun.
    assert instant < end or is_repeated(instant, zone=zone)


def test_instant_in_utc_is_written_with_z():
    assert utc_text(datetime(2026, 11, 24, 10, tzinfo=UTC)) == "2026-11-24T10:00:00Z"
