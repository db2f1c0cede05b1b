from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from clinic.calendars.imported.reader.limits import SetAside
from clinic.calendars.imported.reader.parser import PropertyLine, RawCalendar
from clinic.calendars.imported.reader.values import (
    Length,
    Moment,
    length_between,
    read_duration,
    read_moment,
    read_moments,
    read_period,
)
from clinic.calendars.imported.reader.zones import Zones, iana_zone
from tests.support.calendars.ics_text import busy

BERLIN = iana_zone("Europe/Berlin")
LISBON = iana_zone("Europe/Lisbon")
ZONES = Zones(RawCalendar(), LISBON)


def moment(*wall, zone=LISBON, is_date=False):
    return Moment(datetime(*wall), zone, is_date)


def test_durations_count_days_by_the_calendar_and_hours_by_the_clock():
    across = "UID:1\nDTSTART;TZID=Europe/Berlin:20260328T120000\nDURATION:"
    assert busy(across + "P1D") == ["0328 1100-0329 1000"]
    assert busy(across + "PT24H") == ["0328 1100-0329 1100"]
    assert busy(across + "P1W") == ["0328 1100-0404 1000"]
    assert busy(across + "+P1DT1H30M") == ["0328 1100-0329 1130"]


def test_an_entry_that_begins_in_the_missing_hour_still_blocks():
    start = "UID:1\nDTSTART;TZID=Europe/Berlin:20260329T023000\n"
    for length in ("DURATION:PT1H", "DTEND;TZID=Europe/Berlin:20260329T033000"):
        assert busy(start + length) == ["0329 0130-0230"]
        series = start.replace("20260329", "20260328") + length.replace("20260329", "20260328")
        assert busy(series + "\nRRULE:FREQ=DAILY;COUNT=3") == [
            "0328 0130-0230",
            "0329 0130-0230",
            "0330 0030-0130",
        ]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (PropertyLine({}, "20260601"), [moment(2026, 6, 1, is_date=True)]),
        (
            PropertyLine({"TZID": "Europe/Berlin"}, "20260601T100000, 20260602T235960"),
            [moment(2026, 6, 1, 10, zone=BERLIN), moment(2026, 6, 2, 23, 59, 59, zone=BERLIN)],
        ),
        (PropertyLine({}, "20260601T100000"), [moment(2026, 6, 1, 10)]),
    ],
)
def test_dates_and_times_are_read_as_wall_times_of_their_zone(line, found):
    assert read_moments(line, zones=ZONES) == found


def test_a_time_with_z_is_an_instant_in_utc():
    found = read_moment(PropertyLine({"TZID": "Europe/Berlin"}, "20260601T100000Z"), zones=ZONES)

    assert found.utc() == datetime(2026, 6, 1, 10, tzinfo=UTC)


def test_a_moment_shows_another_clock_in_another_zone_and_a_date_the_same():
    assert moment(2026, 6, 1, 10).wall_in(BERLIN) == datetime(2026, 6, 1, 11)
    assert moment(2026, 6, 1, is_date=True).wall_in(BERLIN) == datetime(2026, 6, 1)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("20260601,20260602", "it has more than one start or end"),
        ("20260230", "one of its times does not exist"),
        ("21010101", "one of its times is not between 1970 and 2100"),
        ("garbage", "one of its times cannot be read"),
    ],
)
def test_a_moment_that_cannot_be_used_is_set_aside_with_the_reason(value, why):
    with pytest.raises(SetAside) as refused:
        read_moment(PropertyLine({}, value), zones=ZONES)

    assert str(refused.value) == why


@pytest.mark.parametrize(
    ("value", "length"),
    [
        ("P1W", Length(days=7)),
        ("+p1dt2h3m4s", Length(1, timedelta(hours=2, minutes=3, seconds=4))),
        ("-PT0S", Length()),
        ("P400D", Length(days=400)),
    ],
)
def test_a_duration_is_read_as_days_and_exact_time(value, length):
    assert read_duration(value) == length


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("P1DT", "its duration cannot be read"),
        ("-PT1H", "it ends before it begins"),
        ("P401D", "it lasts longer than 400 days"),
    ],
)
def test_a_duration_that_cannot_be_used_is_set_aside_with_the_reason(value, why):
    with pytest.raises(SetAside) as refused:
        read_duration(value)

    assert str(refused.value) == why


def test_a_period_is_a_start_with_an_end_or_a_duration():
    start, hour = moment(2026, 6, 1, 10), Length(exact=timedelta(hours=1))

    for value in ("20260601T100000/20260601T110000", "20260601T100000/PT1H"):
        assert read_period(value, PropertyLine({}, ""), zones=ZONES) == (start, hour)


def test_between_dates_there_are_days_and_between_times_exact_time():
    day = moment(2026, 3, 28, is_date=True)
    assert length_between(day, moment(2026, 3, 30, is_date=True)) == Length(days=2)
    assert length_between(day, day) == Length(days=1)
    assert length_between(moment(2026, 3, 28, 12), moment(2026, 3, 29, 12)) == Length(
        exact=timedelta(hours=23)
    )


def test_a_length_counts_days_by_the_calendar_and_is_about_as_long():
    length = Length(1, timedelta(hours=2))

    assert length.end(datetime(2026, 3, 28, 12), zone=LISBON) == datetime(
        2026, 3, 29, 13, tzinfo=UTC
    )
    assert length.about == timedelta(hours=26)
