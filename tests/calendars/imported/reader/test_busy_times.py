from __future__ import annotations

from datetime import UTC, datetime

import pytest

from clinic.booking.slots.instant_ranges import Interval
from clinic.calendars.imported.reader.busy_times import CalendarBusyTimes, busy_from_ics
from tests.support.calendars.ics_text import (
    AN_HOUR,
    BERLIN,
    GOOD,
    GOOD_SPAN,
    WEEKLY,
    WEEKS,
    WINDOW,
    busy,
    calendar,
    moved,
    read,
    show,
    timed,
)


def test_spans_are_merged_and_cut_to_the_window():
    window = Interval(datetime(2026, 6, 1, 8, tzinfo=UTC), datetime(2026, 6, 1, 12, tzinfo=UTC))
    entries = [
        timed("20260601T070000Z", "20260601T083000Z", tzid=""),
        timed("20260601T083000Z", "20260601T090000Z", tzid=""),
        timed("20260601T110000Z", "20260601T130000Z", tzid=""),
        timed("20260601T120000Z", "20260601T130000Z", tzid=""),
    ]
    assert busy(*entries, window=window) == ["0601 0800-0900", "0601 1100-1200"]


def test_whole_days_block_from_midnight_to_midnight_of_the_therapist():
    day = "UID:1\nDTSTART;VALUE=DATE:20260601\nDTEND;VALUE=DATE:20260603"
    one = "UID:2\nDTSTART;VALUE=DATE:20260101"
    slip = "UID:3\nDTSTART;VALUE=DATE:20260701\nDTEND;VALUE=DATE:20260701"
    assert busy(day) == ["0531 2200-0602 2200"]
    assert busy(day, head="X-WR-TIMEZONE:America/New_York\n") == ["0531 2200-0602 2200"]
    assert busy(one, window=Interval(datetime(2025, 12, 1, tzinfo=UTC), WINDOW.end)) == [
        "1231 2300-0101 2300"
    ]
    assert busy(slip) == ["0630 2200-0701 2200"]
    assert busy(day, one, slip, GOOD, ignore_all_day=True) == [GOOD_SPAN]


def test_a_whole_day_with_a_clock_change_is_23_or_25_hours_long():
    assert busy("UID:1\nDTSTART;VALUE=DATE:20260329") == ["0328 2300-0329 2200"]
    assert busy("UID:1\nDTSTART;VALUE=DATE:20261025") == ["1024 2200-1025 2300"]


def test_a_changed_occurrence_without_its_series_stands_alone():
    assert busy(moved("20260608T100000", "20260609T150000", "20260609T160000")) == [
        "0609 1300-1400"
    ]


def test_of_two_versions_the_higher_sequence_then_the_later_stamp_counts():
    def version(hour, *more):
        return "\n".join(["UID:same", f"DTSTART:20260601T{hour:02}0000Z", "DURATION:PT1H", *more])

    assert busy(version(8, "SEQUENCE:2"), version(10, "SEQUENCE:1")) == ["0601 0800-0900"]
    assert busy(
        version(8, "DTSTAMP:20260101T000000Z"), version(10, "DTSTAMP:20260102T000000Z")
    ) == ["0601 1000-1100"]
    assert busy(version(8, "SEQUENCE:1"), version(10, "SEQUENCE:2", "STATUS:CANCELLED")) == []
    assert busy(version(8), version(10)) == ["0601 0800-0900", "0601 1000-1100"]


def test_of_two_versions_of_one_changed_occurrence_the_higher_sequence_counts():
    first = moved("20260608T100000", "20260608T120000", "20260608T130000", "SEQUENCE:1")
    second = moved("20260608T100000", "20260608T140000", "20260608T150000", "SEQUENCE:2")
    for order in ((first, second), (second, first)):
        assert busy(WEEKLY, *order) == [WEEKS[0], "0608 1200-1300", *WEEKS[2:]]


def test_our_own_feed_fed_back_blocks_nothing_and_cancels_nothing():
    own = "UID:ours\nDTSTART:20260601T100000Z\nDTEND:20260601T110000Z"
    assert busy(GOOD, own, own_uids={"ours"}) == [GOOD_SPAN]
    assert busy(own, head="METHOD:CANCEL\n") == []
    assert busy(own + "\nSTATUS:CANCELLED", own_uids={"ours"}) == []


@pytest.mark.parametrize(
    "bad",
    [
        AN_HOUR + "RRULE:FREQ=SECONDLY", AN_HOUR + "RRULE:FREQ=MINUTELY;COUNT=1000000000", AN_HOUR + "RRULE:FREQ=HOURLY",
        AN_HOUR + "RRULE:FREQ=DAILY;INTERVAL=0", AN_HOUR + "RRULE:FREQ=DAILY;INTERVAL=1001", AN_HOUR + "RRULE:FREQ=DAILY;INTERVAL=-1",
        AN_HOUR + "RRULE:FREQ=YEARLY;BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12;BYHOUR=1,2,3,4;BYMINUTE=1,2;BYSECOND=1,2",
        AN_HOUR + "RRULE:FREQ=DAILY;BYHOUR=9", AN_HOUR + "RRULE:FREQ=DAILY;COUNT=0", AN_HOUR + "RRULE:FREQ=DAILY;COUNT=x",
        AN_HOUR + "RRULE:FREQ=DAILY;BYSETPOS=999;BYDAY=MO", AN_HOUR + "RRULE:FREQ=DAILY;BYMONTH=13", AN_HOUR + "RRULE:nonsense",
        AN_HOUR + "RRULE:FREQ=WEEKLY;BYDAY=XX", AN_HOUR + "RRULE:FREQ=DAILY;FREQ=SECONDLY", AN_HOUR + "RRULE:", AN_HOUR + "RRULE:FREQ=DAILY;UNTIL=soon",
        AN_HOUR + "RRULE:RSCALE=HEBREW;FREQ=YEARLY", AN_HOUR + "RRULE:FREQ=DAILY\n" * 6 + "SEQUENCE:1",
        AN_HOUR + "RRULE:FREQ=DAILY;BYMONTHDAY=" + "1," * 3000 + "1", AN_HOUR + "RDATE:tomorrow", AN_HOUR + "EXDATE:20269999",
        AN_HOUR + "RDATE;VALUE=PERIOD:20260603T080000Z/20260602T080000Z", AN_HOUR + "RECURRENCE-ID:never",
        "UID:bad\nSUMMARY:no start", "UID:bad\nDTSTART:20260230T100000Z\nDTEND:20260230T110000Z", "UID:bad\nDTSTART:garbage",
        "UID:bad\nDTSTART:20260601T120000Z\nDTEND:20260601T110000Z", "UID:bad\nDTSTART;VALUE=DATE:20260603\nDTEND;VALUE=DATE:20260601",
        "UID:bad\nDTSTART:00010101T000000Z\nDTEND:99991231T235959Z", "UID:bad\nDTSTART:19691231T235959Z\nDURATION:PT1H",
        "UID:bad\nDTSTART:21010101T000000Z\nDURATION:PT1H", "UID:bad\nDTSTART:20260101T000000Z\nDTEND:20280101T000000Z",
        "UID:bad\nDTSTART:20260601T120000Z\nDURATION:P401D", "UID:bad\nDTSTART:20260601T120000Z\nDURATION:P99999W",
        "UID:bad\nDTSTART:20260601T120000Z\nDURATION:PT999999999S", "UID:bad\nDTSTART:20260601T120000Z\nDURATION:-PT1H",
        "UID:bad\nDTSTART:20260601T120000Z\nDURATION:P", "UID:bad\nDTSTART:20260601T120000Z\nDURATION:PT", "UID:bad\nDTSTART:٢٠٢٦0601T120000Z",
    ],
)  # fmt: skip
def test_an_impossible_entry_is_set_aside_and_named_by_position(bad):
    found = read(bad + "\nSUMMARY:Secret title", GOOD)
    assert show(found.busy) == [GOOD_SPAN]
    (warning,) = found.warnings
    assert warning.startswith("Entry 1 was set aside: ")
    assert "Secret" not in warning


def test_an_impossible_change_leaves_its_series_and_an_impossible_series_leaves_its_changes():
    assert show(read(WEEKLY, moved("20260608T100000", "garbage", "garbage")).busy) == WEEKS
    hourly = WEEKLY.replace("WEEKLY", "HOURLY")
    change = moved("20260608T100000", "20260609T150000", "20260609T160000")
    assert show(read(hourly, change).busy) == ["0609 1300-1400"]


def test_an_empty_but_complete_calendar_is_a_success():
    assert busy_from_ics(calendar(), window=WINDOW, zone=BERLIN) == CalendarBusyTimes([], [])


def test_a_zone_that_is_ours_must_exist():
    with pytest.raises(ValueError, match="IANA"):
        read(GOOD, zone="Nowhere/Land")
