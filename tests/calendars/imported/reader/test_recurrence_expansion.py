from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from clinic.booking.slots.instant_ranges import Interval
from clinic.calendars.imported.reader.busy_times import busy_from_ics
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
    timed,
)


def test_utc_series_in_a_calendar_with_its_own_zone_stay_in_utc():
    series = "UID:1\nDTSTART:20260301T090000Z\nDTEND:20260301T100000Z\nRRULE:FREQ=MONTHLY;COUNT=3"
    assert busy(series, head="X-WR-TIMEZONE:Europe/Berlin\n") == [
        "0301 0900-1000", "0401 0900-1000", "0501 0900-1000",
    ]  # fmt: skip


def test_a_night_keeps_its_exact_length_over_a_clock_change():
    night = timed("20260327T220000", "20260328T060000", "RRULE:FREQ=DAILY;COUNT=2")
    assert busy(night) == ["0327 2100-0328 0500", "0328 2100-0329 0500"]


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
