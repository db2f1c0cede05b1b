from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from clinic.calendars.imported.reader.events import CalendarEvent, read_entry
from clinic.calendars.imported.reader.limits import SetAside
from clinic.calendars.imported.reader.parser import PropertyLine, RawCalendar, RawEvent
from clinic.calendars.imported.reader.values import Length, Moment
from clinic.calendars.imported.reader.zones import Zones, iana_zone
from tests.support.calendars.ics_text import busy, timed

LISBON = iana_zone("Europe/Lisbon")


def read_one(method="", **lines):
    raw = RawEvent(
        3, {name.replace("_", "-"): [PropertyLine({}, value)] for name, value in lines.items()}
    )
    return read_entry(raw, zones=Zones(RawCalendar(), LISBON), method=method)


def at(hour):
    return Moment(datetime(2026, 6, 1, hour), LISBON, is_date=False)


def test_opaque_tentative_and_confidential_entries_block_the_rest_does_not():
    def at(hour, *more):
        return timed(f"20260601T{hour:02}0000Z", f"20260601T{hour:02}3000Z", *more, tzid="")

    entries = [
        at(8), at(9, "TRANSP:OPAQUE"), at(10, "STATUS:TENTATIVE"), at(11, "CLASS:CONFIDENTIAL"), at(12, "STATUS:CONFIRMED"),
        at(13, "TRANSP:TRANSPARENT"), at(14, "STATUS:CANCELLED"), at(15, "transp:transparent"), at(16, "STATUS:Cancelled"),
    ]  # fmt: skip
    assert busy(*entries) == [f"0601 {hour}00-{hour}30" for hour in ("08", "09", "10", "11", "12")]


def test_an_entry_without_length_blocks_nothing():
    assert (
        busy(
            "UID:1\nDTSTART:20260601T080000Z",
            timed("20260601T090000Z", "20260601T090000Z", tzid=""),
        )
        == []
    )


def test_an_entry_is_read_with_everything_that_shapes_its_time():
    entry = read_one(
        UID="visit", DTSTART="20260601T100000", DTEND="20260601T113000", SEQUENCE="2",
        DTSTAMP="20260101T000000Z", RRULE="FREQ=WEEKLY", EXRULE="FREQ=DAILY",
        RDATE="20260603T100000", EXDATE="20260608T100000", RECURRENCE_ID="20260601T090000",
    )  # fmt: skip

    assert entry == CalendarEvent(
        position=3,
        uid="visit",
        start=at(10),
        length=Length(exact=timedelta(minutes=90)),
        blocks=True,
        version=(2, "20260101T000000Z"),
        replaces=at(9),
        onward=False,
        rules=("FREQ=WEEKLY",),
        exceptions=("FREQ=DAILY",),
        added=(PropertyLine({}, "20260603T100000"),),
        left_out=(PropertyLine({}, "20260608T100000"),),
    )
    assert not entry.is_single


def test_an_entry_with_a_start_only_is_single_and_has_no_length():
    entry = read_one(DTSTART="20260601T100000")

    assert (entry.is_single, entry.length, entry.version) == (True, Length(), (0, ""))


@pytest.mark.parametrize(
    ("lines", "length"),
    [
        ({"DURATION": "PT45M"}, Length(exact=timedelta(minutes=45))),
        ({"DTEND": "20260601T110000", "DURATION": "P9D"}, Length(exact=timedelta(hours=1))),
    ],
)
def test_the_length_is_the_end_then_the_duration(lines, length):
    assert read_one(DTSTART="20260601T100000", **lines).length == length


def test_a_date_without_an_end_lasts_one_day():
    assert read_one(DTSTART="20260601").length == Length(days=1)


def test_a_calendar_that_cancels_blocks_nothing():
    assert read_one(method="CANCEL", DTSTART="20260601T100000").blocks is False


@pytest.mark.parametrize("sequence", ["-1", "x", "1234567890", "٣"])
def test_a_sequence_that_is_no_small_number_is_zero(sequence):
    assert read_one(DTSTART="20260601T100000", SEQUENCE=sequence).version == (0, "")


def test_an_entry_without_a_start_is_set_aside():
    with pytest.raises(SetAside, match="it has no start"):
        read_one(UID="visit")
