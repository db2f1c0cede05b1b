from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from clinic.booking.slots.instant_ranges import Interval
from clinic.calendars.imported.reader.busy_times import OutsideBroken, OutsideBusy, busy_from_ics

BERLIN = "Europe/Berlin"
WINDOW = Interval(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
GOOD = "UID:good\nDTSTART:20260601T080000Z\nDTEND:20260601T090000Z"
GOOD_SPAN = "0601 0800-0900"


def event(lines):
    return f"BEGIN:VEVENT\n{lines}\nEND:VEVENT\n"


def calendar(*events, head="", tail=""):
    inside = "".join(map(event, events))
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Example//Tests//EN\n{head}{inside}{tail}END:VCALENDAR\n"
    return text.replace("\n", "\r\n").encode()


def show(spans):
    """`0601 0800-0900` in UTC; the end names its day when that is another one."""
    told = []
    for start, end in spans:
        until = f"{end:%H%M}" if start.date() == end.date() else f"{end:%m%d %H%M}"
        told.append(f"{start:%m%d %H%M}-{until}")
    return told


def read(*events, head="", tail="", window=WINDOW, zone=BERLIN, **options):
    return busy_from_ics(
        calendar(*events, head=head, tail=tail), window=window, zone=zone, **options
    )


def busy(*events, **options):
    found = read(*events, **options)
    assert found.warnings == []
    return show(found.busy)


def timed(start, end, *more, tzid="Europe/Berlin"):
    zone = f";TZID={tzid}" if tzid else ""
    return "\n".join([f"UID:{start}", f"DTSTART{zone}:{start}", f"DTEND{zone}:{end}", *more])


# --- What blocks ---------------------------------------------------------------------------


def test_opaque_tentative_and_confidential_entries_block_the_rest_does_not():
    def at(hour, *more):
        return timed(f"20260601T{hour:02}0000Z", f"20260601T{hour:02}3000Z", *more, tzid="")

    entries = [
        at(8), at(9, "TRANSP:OPAQUE"), at(10, "STATUS:TENTATIVE"), at(11, "CLASS:CONFIDENTIAL"), at(12, "STATUS:CONFIRMED"),
        at(13, "TRANSP:TRANSPARENT"), at(14, "STATUS:CANCELLED"), at(15, "transp:transparent"), at(16, "STATUS:Cancelled"),
    ]  # fmt: skip
    assert busy(*entries) == [f"0601 {hour}00-{hour}30" for hour in ("08", "09", "10", "11", "12")]


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


def test_an_entry_without_length_blocks_nothing():
    assert (
        busy(
            "UID:1\nDTSTART:20260601T080000Z",
            timed("20260601T090000Z", "20260601T090000Z", tzid=""),
        )
        == []
    )


def test_durations_count_days_by_the_calendar_and_hours_by_the_clock():
    across = "UID:1\nDTSTART;TZID=Europe/Berlin:20260328T120000\nDURATION:"
    assert busy(across + "P1D") == ["0328 1100-0329 1000"]
    assert busy(across + "PT24H") == ["0328 1100-0329 1100"]
    assert busy(across + "P1W") == ["0328 1100-0404 1000"]
    assert busy(across + "+P1DT1H30M") == ["0328 1100-0329 1130"]


# --- Zones ---------------------------------------------------------------------------------


def test_floating_times_are_those_of_the_calendar_or_else_of_the_therapist():
    floating = timed("20260601T100000", "20260601T110000", tzid="")
    assert busy(floating) == [GOOD_SPAN]
    assert busy(floating, head="X-WR-TIMEZONE:America/New_York\n") == ["0601 1400-1500"]


def test_utc_series_in_a_calendar_with_its_own_zone_stay_in_utc():
    series = "UID:1\nDTSTART:20260301T090000Z\nDTEND:20260301T100000Z\nRRULE:FREQ=MONTHLY;COUNT=3"
    assert busy(series, head="X-WR-TIMEZONE:Europe/Berlin\n") == [
        "0301 0900-1000", "0401 0900-1000", "0501 0900-1000",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "tzid",
    [
        "Europe/Berlin", '"Europe/Berlin"', "europe/berlin", "W. Europe Standard Time",
        "/freeassociation.sourceforge.net/Europe/Berlin", "/mozilla.org/20050126_1/Europe/Berlin",
    ],
)  # fmt: skip
def test_zone_names_of_all_sorts_are_understood(tzid):
    assert busy(timed("20260601T100000", "20260601T110000", tzid=tzid)) == [GOOD_SPAN]
    assert busy(timed("20260101T100000", "20260101T110000", tzid=tzid)) == ["0101 0900-1000"]


@pytest.mark.parametrize(
    "tzid",
    [
        "Nowhere/Land",
        "../../etc/passwd",
        "/etc/localtime",
        "localtime",
        "a/" * 400,
        "x" * 800,
        "Ünï",
        "GMT+0100",
    ],
)
def test_an_unknown_zone_is_the_therapists_with_a_warning(tzid):
    found = read(timed("20260601T100000", "20260601T110000", tzid=tzid), GOOD)
    assert show(found.busy) == [GOOD_SPAN]
    (warning,) = found.warnings
    assert warning == f"The time zone “{tzid[:60]}” is not known; Europe/Berlin was used instead."


EASTERN = """BEGIN:VTIMEZONE
TZID:{name}
BEGIN:STANDARD
DTSTART:16010101T020000
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=1SU;BYMONTH=11
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
RRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
"""


def test_a_zone_name_with_colons_and_no_quotes_is_a_zone_name_like_any_other():
    name = "tzone://Microsoft/Custom"
    entry = timed("20260601T100000", "20260601T110000", tzid=name)
    assert busy(entry, head=EASTERN.format(name=name)) == ["0601 1400-1500"]
    unknown = read(entry)
    assert (show(unknown.busy), unknown.warnings) == (
        [GOOD_SPAN],
        [f"The time zone “{name}” is not known; Europe/Berlin was used instead."],
    )


def test_a_zone_in_the_file_counts_only_for_a_name_that_is_not_iana():
    for name in ("Custom Zone 1", "W. Europe Standard Time"):
        entries = [
            timed(f"2026{day}T100000", f"2026{day}T110000", tzid=name) for day in ("0601", "1202")
        ]
        head = EASTERN.format(name=name)
        assert busy(*entries, head=head) == ["0601 1400-1500", "1202 1500-1600"]
    head = EASTERN.format(name=BERLIN)
    assert busy(timed("20260601T100000", "20260601T110000"), head=head) == [GOOD_SPAN]


def test_clock_changes_of_a_zone_in_the_file_follow_the_standard():
    head = EASTERN.format(name="Custom")
    gap = timed("20260308T023000", "20260308T033000", tzid="Custom")  # 02:30 does not exist
    fold = timed("20261101T013000", "20261101T014500", tzid="Custom")  # 01:30 comes twice
    assert busy(gap, head=head) == ["0308 0730-0830"]
    assert busy(fold, head=head) == ["1101 0530-0545"]


def test_a_bomb_inside_a_zone_is_not_lit():
    for rule in (
        "FREQ=SECONDLY",
        "FREQ=YEARLY;BYHOUR=1,2,3",
        "FREQ=YEARLY;BYDAY=2XX",
        "nonsense",
        "FREQ=YEARLY;X",
    ):
        head = EASTERN.format(name="Bomb").replace("FREQ=YEARLY;BYDAY=2SU;BYMONTH=3", rule)
        found = read(timed("20260601T100000", "20260601T110000", tzid="Bomb"), head=head)
        assert (show(found.busy), len(found.warnings)) == ([GOOD_SPAN], 1)


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


def test_a_doubled_time_is_the_first_of_the_two():
    assert busy(timed("20261025T023000", "20261025T024500")) == ["1025 0030-0045"]


def test_a_night_keeps_its_exact_length_over_a_clock_change():
    night = timed("20260327T220000", "20260328T060000", "RRULE:FREQ=DAILY;COUNT=2")
    assert busy(night) == ["0327 2100-0328 0500", "0328 2100-0329 0500"]


# --- Repetition ------------------------------------------------------------------------------

WEEKLY = timed("20260601T100000", "20260601T110000", "RRULE:FREQ=WEEKLY;COUNT=4")
WEEKS = ["0601 0800-0900", "0608 0800-0900", "0615 0800-0900", "0622 0800-0900"]


def variant(uid, replaced, *more):
    return "\n".join([f"UID:{uid}", f"RECURRENCE-ID;TZID=Europe/Berlin:{replaced}", *more])


def moved(replaced, start, end, *more):
    times = (f"DTSTART;TZID=Europe/Berlin:{start}", f"DTEND;TZID=Europe/Berlin:{end}")
    return variant("20260601T100000", replaced, *times, *more)


def test_a_series_keeps_its_wall_time_over_a_clock_change():
    assert busy(timed("20260323T100000", "20260323T110000", "RRULE:FREQ=WEEKLY;COUNT=2")) == [
        "0323 0900-1000", "0330 0800-0900",
    ]  # fmt: skip


def test_left_out_dates_in_any_form_are_left_out():
    for form in (";TZID=Europe/Berlin:20260608T100000", ":20260608T080000Z", ";VALUE=DATE:20260608", ":20260608T100000",
                 ";TZID=America/New_York:20260608T040000"):  # fmt: skip
        assert busy(f"{WEEKLY}\nEXDATE{form}") == [WEEKS[0], *WEEKS[2:]]
    assert busy(f"{WEEKLY}\nEXDATE;TZID=Europe/Berlin:20260608T100000,20260615T100000") == [
        WEEKS[0],
        WEEKS[3],
    ]
    assert busy(f"{WEEKLY}\nEXDATE;TZID=Europe/Berlin:20260608T103000") == WEEKS


def test_left_out_days_of_a_whole_day_series_in_any_form():
    days = "UID:1\nDTSTART;VALUE=DATE:20260601\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE"
    for form in (
        ";VALUE=DATE:20260602",
        ":20260602T000000",
        ":20260601T220000Z",
        ":20260602T000000Z",
    ):
        assert busy(days + form)[-1] == "0602 2200-0603 2200"


def test_the_day_named_by_until_counts():
    weekly = timed("20260601T100000", "20260601T110000", "RRULE:FREQ=WEEKLY;UNTIL=")
    assert busy(weekly + "20260615") == WEEKS[:3]
    assert busy(weekly + "20260615T080000Z") == WEEKS[:3]
    assert busy(weekly + "20260615T075959Z") == WEEKS[:2]
    assert busy(weekly + "20260615T100000") == WEEKS[:3]
    assert busy(weekly + "20260615T095959") == WEEKS[:2]
    assert busy("UID:1\nDTSTART;VALUE=DATE:20260601\nRRULE:FREQ=DAILY;UNTIL=20260602T000000Z") == [
        "0531 2200-0602 2200"
    ]


def test_monthly_on_the_31st_skips_short_months():
    series = timed("20260131T100000", "20260131T110000", "RRULE:FREQ=MONTHLY;COUNT=4")
    assert busy(series) == ["0131 0900-1000", "0331 0800-0900", "0531 0800-0900", "0731 0800-0900"]


def test_added_dates_and_periods_block_with_their_own_length():
    base = timed("20260601T100000", "20260601T110000")
    assert busy(f"{base}\nRDATE;TZID=Europe/Berlin:20260603T100000,20260605T120000") == [
        "0601 0800-0900", "0603 0800-0900", "0605 1000-1100",
    ]  # fmt: skip
    periods = "RDATE;VALUE=PERIOD:20260603T080000Z/PT3H,20260605T080000Z/20260605T083000Z"
    assert busy(f"{base}\n{periods}") == ["0601 0800-0900", "0603 0800-1100", "0605 0800-0830"]


def test_a_start_off_its_own_rule_blocks_as_well():
    assert busy(timed("20260601T100000", "20260601T110000", "RRULE:FREQ=WEEKLY;BYDAY=TU;UNTIL=20260610")) == [
        "0601 0800-0900", "0602 0800-0900", "0609 0800-0900",
    ]  # fmt: skip


def test_a_changed_occurrence_moves_alone():
    assert busy(WEEKLY, moved("20260608T100000", "20260609T150000", "20260609T160000")) == [
        WEEKS[0], "0609 1300-1400", *WEEKS[2:],
    ]  # fmt: skip
    in_utc = "UID:20260601T100000\nRECURRENCE-ID:20260608T080000Z\nDTSTART:20260609T130000Z\nDTEND:20260609T140000Z"
    assert busy(WEEKLY, in_utc) == [WEEKS[0], "0609 1300-1400", *WEEKS[2:]]
    by_day = "UID:20260601T100000\nRECURRENCE-ID;VALUE=DATE:20260608\nDTSTART:20260609T130000Z\nDTEND:20260609T140000Z"
    assert busy(WEEKLY, by_day) == [WEEKS[0], "0609 1300-1400", *WEEKS[2:]]


def test_an_occurrence_moved_into_or_out_of_the_window_counts_where_it_is():
    window = Interval(datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 7, 3, tzinfo=UTC))
    assert busy(
        WEEKLY, moved("20260608T100000", "20260702T100000", "20260702T110000"), window=window
    ) == ["0702 0800-0900"]
    june = Interval(datetime(2026, 6, 8, tzinfo=UTC), datetime(2026, 6, 9, tzinfo=UTC))
    assert (
        busy(WEEKLY, moved("20260608T100000", "20260702T100000", "20260702T110000"), window=june)
        == []
    )


def test_a_cancelled_or_free_occurrence_no_longer_blocks():
    for how in ("STATUS:CANCELLED", "TRANSP:TRANSPARENT"):
        assert busy(
            WEEKLY, moved("20260608T100000", "20260608T100000", "20260608T110000", how)
        ) == [WEEKS[0], *WEEKS[2:]]


def test_a_busy_occurrence_of_a_free_series_blocks():
    free = WEEKLY + "\nTRANSP:TRANSPARENT"
    assert busy(free, moved("20260608T100000", "20260608T120000", "20260608T130000")) == [
        "0608 1000-1100"
    ]


def test_this_and_future_moves_the_rest():
    change = moved("20260615T100000", "20260616T120000", "20260616T140000")
    onward = change.replace("RECURRENCE-ID;", "RECURRENCE-ID;RANGE=THISANDFUTURE;")
    assert busy(WEEKLY, onward) == [*WEEKS[:2], "0616 1000-1200", "0623 1000-1200"]
    assert busy(f"{WEEKLY}\nEXDATE;TZID=Europe/Berlin:20260622T100000", onward) == [
        *WEEKS[:2],
        "0616 1000-1200",
    ]


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


def test_excepted_rules_take_out_what_they_name():
    daily = timed(
        "20260601T100000",
        "20260601T110000",
        "RRULE:FREQ=DAILY;COUNT=4",
        "EXRULE:FREQ=DAILY;INTERVAL=2",
    )
    assert busy(daily) == ["0602 0800-0900", "0604 0800-0900"]
    assert (
        busy(timed("20260601T100000", "20260601T110000", "RRULE:FREQ=DAILY", "EXRULE:FREQ=DAILY"))
        == []
    )


def test_a_series_begun_long_ago_is_laid_out_exactly():
    window = Interval(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 15, tzinfo=UTC))
    third_week = timed(
        "19700105T100000", "19700105T110000", "RRULE:FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,TH"
    )
    weeks = (datetime(2026, 6, 1) - datetime(1970, 1, 5)).days // 7
    monday = datetime(2026, 6, 1) + timedelta(weeks=-weeks % 3)
    ought = [
        f"{day:%m%d} 0800-0900"
        for day in (monday, monday + timedelta(days=3))
        if day < datetime(2026, 6, 15)
    ]
    assert busy(third_week, window=window) == ought
    assert busy(
        timed("19700105T100000", "19700105T110000", "RRULE:FREQ=DAILY;BYMONTHDAY=3"), window=window
    ) == ["0603 0800-0900"]


def test_a_series_that_ended_long_ago_blocks_only_what_reaches_the_window():
    ended = "RRULE:FREQ=DAILY;UNTIL=20260531T080000Z"
    night = timed("20260101T100000", "20260102T090000", ended)
    june = Interval(datetime(2026, 6, 1, tzinfo=UTC), WINDOW.end)
    assert busy(night, window=june) == ["0601 0000-0700"]
    old = timed("20200101T100000", "20200101T110000", "RRULE:FREQ=DAILY;UNTIL=20200301")
    assert busy(old) == []
    added = timed(
        "20200101T100000",
        "20200101T110000",
        "RRULE:FREQ=DAILY;UNTIL=20200301",
        "RDATE;TZID=Europe/Berlin:20260601T100000",
    )
    assert busy(added) == [GOOD_SPAN]
    moved = timed(
        "20260601T100000",
        "20260601T110000",
        "RECURRENCE-ID;TZID=Europe/Berlin:20200201T100000",
    ).replace("UID:20260601", "UID:20200101")
    assert busy(old, moved) == [GOOD_SPAN]


# --- Ourselves ---------------------------------------------------------------------------------


def test_our_own_feed_fed_back_blocks_nothing_and_cancels_nothing():
    own = "UID:ours\nDTSTART:20260601T100000Z\nDTEND:20260601T110000Z"
    assert busy(GOOD, own, own_uids={"ours"}) == [GOOD_SPAN]
    assert busy(own, head="METHOD:CANCEL\n") == []
    assert busy(own + "\nSTATUS:CANCELLED", own_uids={"ours"}) == []


# --- Attacks and accidents: one entry is set aside, the rest counts -----------------------------

AN_HOUR = "UID:bad\nDTSTART:20260601T120000Z\nDTEND:20260601T130000Z\n"


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


def test_rules_that_never_match_end_at_once():
    hopeless = [
        AN_HOUR.replace("bad", str(number)) + f"RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31{more}"
        for number, more in enumerate(["", ";COUNT=5", ";BYSETPOS=300", ";INTERVAL=1000"] * 5)
    ]
    began = time.thread_time()  # of work, however long the machine lets it wait
    assert busy(*hopeless, GOOD) == [GOOD_SPAN, "0601 1200-1300"]
    assert time.thread_time() - began < 5


def test_a_rule_that_never_matches_ends():
    series = AN_HOUR + "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"
    assert busy(
        series, AN_HOUR.replace("bad", "b") + "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31;COUNT=5"
    ) == ["0601 1200-1300"]


def test_a_year_that_stands_for_ever_is_no_mistake():
    endless = timed(
        "20260601T100000", "20260601T110000", "RRULE:FREQ=YEARLY;UNTIL=99991231T235959Z"
    )
    assert busy(endless) == [GOOD_SPAN]


def test_more_than_five_thousand_repetitions_are_too_many_and_the_rest_counts():
    daily = [
        timed(f"20260101T{hour:02}0000", f"20260101T{hour:02}3000", "RRULE:FREQ=DAILY")
        for hour in range(20)
    ]
    found = read(*daily, GOOD.replace("0601", "0602"))
    assert len(found.warnings) == 7
    assert found.warnings[0] == "Entry 14 was set aside: the calendar has too many repetitions."
    assert (
        datetime(2026, 6, 2, 8, tzinfo=UTC),
        datetime(2026, 6, 2, 9, tzinfo=UTC),
    ) not in found.busy
    assert sum(1 for start, _ in found.busy if start.month == 6) > 30


def test_an_impossible_change_leaves_its_series_and_an_impossible_series_leaves_its_changes():
    assert show(read(WEEKLY, moved("20260608T100000", "garbage", "garbage")).busy) == WEEKS
    hourly = WEEKLY.replace("WEEKLY", "HOURLY")
    change = moved("20260608T100000", "20260609T150000", "20260609T160000")
    assert show(read(hourly, change).busy) == ["0609 1300-1400"]


def test_texts_alarms_and_attachments_do_nothing():
    alarm = "BEGIN:VALARM\nACTION:PROCEDURE\nTRIGGER:-PT15M\nDURATION:PT5H\nREPEAT:99\nATTACH:file:///bin/sh\nEND:VALARM"
    texts = (
        'SUMMARY:<script>alert(1)</script>=cmd|"/c calc"!A1\nDESCRIPTION:javascript:alert(1)\u202e\n'
        'ATTACH:http://127.0.0.1/\nIMAGE;VALUE=URI:http://127.0.0.1/x.png\nATTENDEE;CN="a:b;c":mailto:a@example.org'
    )
    assert busy(f"{GOOD}\n{texts}\n{alarm}") == [GOOD_SPAN]


def test_quotes_parameters_folds_and_line_ends_are_read():
    many = ";".join(f"X-P{number}=v" for number in range(5000))
    odd = (
        f'UID:1\nDTSTART;X-Q="a:b;c";{many};TZID="Europe/Berlin":20260601T100000\nDURATION:P\n T1H'
    )
    assert busy(odd) == [GOOD_SPAN]
    for raw in (calendar(GOOD).replace(b"\r\n", b"\n"), calendar(GOOD).replace(b"\r\n", b"\r"), b"\xef\xbb\xbf" + calendar(GOOD),
                calendar(GOOD).lower().replace(b"t08", b"T08").replace(b"t09", b"T09").replace(b"00z", b"00Z"),
                calendar(GOOD + "\nSUMMARY:\xff").replace("\xff".encode(), b"\xff")):  # fmt: skip
        assert show(busy_from_ics(raw, window=WINDOW, zone=BERLIN).busy) == [GOOD_SPAN]


def test_nested_and_foreign_components_do_not_count():
    deep = "BEGIN:X-DEEP\n" * 3000 + event(GOOD.replace("0601", "0701")) + "END:X-DEEP\n" * 3000
    todo = "BEGIN:VTODO\nDTSTART:20260701T080000Z\nDUE:20260701T090000Z\nEND:VTODO\n"
    assert busy(GOOD, tail=deep + todo) == [GOOD_SPAN]


def test_two_calendars_in_one_file_each_keep_their_zone():
    floating = timed("20260601T100000", "20260601T110000", tzid="")
    both = calendar(floating) + calendar(floating, head="X-WR-TIMEZONE:America/New_York\n")
    assert show(busy_from_ics(both, window=WINDOW, zone=BERLIN).busy) == [
        GOOD_SPAN,
        "0601 1400-1500",
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"", b"   \r\n", b"<!DOCTYPE html><html>Sign in</html>", b'{"busy": []}', b"%PDF-1.7", calendar(GOOD).decode().encode("utf-16"),
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]>', calendar(GOOD)[:-20], calendar(GOOD)[:60], b"BEGIN:VEVENT\nEND:VEVENT\n",
        calendar(GOOD).replace(b"END:VEVENT", b"END:VTODO"), calendar(GOOD) + b"<html>", b"HTTP/1.1 200 OK\n" + calendar(GOOD), b"\x00" * 100,
    ],
)  # fmt: skip
def test_what_is_no_complete_calendar_is_refused(data):
    with pytest.raises(OutsideBroken):
        busy_from_ics(data, window=WINDOW, zone=BERLIN)


def test_an_empty_but_complete_calendar_is_a_success():
    assert busy_from_ics(calendar(), window=WINDOW, zone=BERLIN) == OutsideBusy([], [])


def test_a_file_over_ten_megabytes_is_refused_and_a_long_line_is_not():
    line = "SUMMARY:" + "x" * 9_000_000
    assert busy(f"{GOOD}\n{line}") == [GOOD_SPAN]
    with pytest.raises(OutsideBroken, match="larger than 10 MB"):
        read(f"{GOOD}\n{line}{'x' * 2_000_000}")


def test_warnings_fill_a_page_and_not_a_book():
    found = read(*["UID:x\nDTSTART:never"] * 500)
    assert (len(found.warnings), found.warnings[-1]) == (
        51,
        "There are 450 more remarks of this kind.",
    )


def test_a_zone_that_is_ours_must_exist():
    with pytest.raises(ValueError, match="IANA"):
        read(GOOD, zone="Nowhere/Land")


# --- Against another reader, on what both understand ----------------------------------------------

RULES = st.sampled_from([
    "FREQ=DAILY;COUNT=9", "FREQ=DAILY;INTERVAL=3;UNTIL=20260420T235959Z", "FREQ=WEEKLY;BYDAY=MO,WE,FR;COUNT=12",
    "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,TU", "FREQ=MONTHLY;BYDAY=2TU", "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=5",
    "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "FREQ=YEARLY;BYWEEKNO=14;BYDAY=TH",
])  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    start=st.datetimes(datetime(2023, 1, 1), datetime(2026, 4, 1)).map(
        lambda at: at.replace(minute=0, second=0, microsecond=0)
    ),
    rule=RULES,
    tzid=st.sampled_from(
        [
            "Europe/Berlin",
            "America/New_York",
            "Australia/Lord_Howe",
            "Asia/Kathmandu",
            "Europe/Lisbon",
        ]
    ),
)
def test_ordinary_series_agree_with_the_library_used_directly(start, rule, tzid):
    start = start.replace(hour=8 + start.hour % 8)
    entry = timed(
        f"{start:%Y%m%dT%H%M%S}",
        f"{start + timedelta(hours=1):%Y%m%dT%H%M%S}",
        f"RRULE:{rule}",
        tzid=tzid,
    )
    window = Interval(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC))
    theirs = recurring_ical_events.of(Calendar.from_ical(calendar(entry))).between(
        window.start, window.end
    )
    ought = sorted((one.start.astimezone(UTC), one.end.astimezone(UTC)) for one in theirs)
    assert busy_from_ics(calendar(entry), window=window, zone=BERLIN).busy == ought
