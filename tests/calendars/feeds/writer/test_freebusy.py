from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import icalendar
import vobject

from clinic.calendars.feeds.writer.feed import EntryStatus
from clinic.calendars.feeds.writer.freebusy import FreeBusy, render_free_busy
from tests.support.calendars.ical_js import read_with_ical_js
from tests.support.calendars.sample_feed import CANCELLED, ENTRIES, HOLD, MADE, SESSION, TIME_OFF

HOUR = timedelta(hours=1)
START, END = datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 8, tzinfo=UTC)
WEEK = FreeBusy(key="feed-1", starts_at=START, ends_at=END, stamp=MADE, entries=ENTRIES)
BUSY = [
    (SESSION.starts_at, SESSION.ends_at),
    (HOLD.starts_at, HOLD.ends_at),
    (TIME_OFF.starts_at, TIME_OFF.ends_at),
]


def test_free_busy_equals_its_golden_file(golden):
    body = render_free_busy(WEEK).decode()
    assert body.count("\n") == body.count("\r\n")
    golden("feeds/week.ifb", body.replace("\r\n", "\n"))


def test_three_readers_read_the_same_periods():
    body = render_free_busy(WEEK)
    (theirs,) = icalendar.Calendar.from_ical(body).walk("VFREEBUSY")
    periods = theirs["FREEBUSY"]
    assert [
        (one.dt[0], one.dt[1]) for line in periods for one in getattr(line, "dts", [line])
    ] == BUSY

    read = vobject.readOne(body.decode()).vfreebusy
    assert [pair for line in read.freebusy_list for pair in line.value] == BUSY
    assert (read.dtstart.value, read.dtend.value) == (START, END)

    js = read_with_ical_js(body)["busy"]
    assert [tuple(map(datetime.fromisoformat, pair)) for pair in js] == BUSY


def periods(*entries, **window):
    text = render_free_busy(replace(WEEK, entries=entries, **window)).decode()
    return [line.partition(":")[2] for line in text.split("\r\n") if line.startswith("FREEBUSY")]


def test_touching_sessions_are_one_period_so_that_nobody_counts_them():
    after = replace(SESSION, uid="x", starts_at=SESSION.ends_at, ends_at=SESSION.ends_at + HOUR)
    assert periods(after, SESSION) == ["20261201T180000Z/20261201T202000Z"]


def test_what_leaves_its_time_free_is_not_in_it():
    gone = replace(SESSION, status=EntryStatus.CANCELLED)
    assert periods(CANCELLED, gone, replace(SESSION, transparent=True)) == []


def test_periods_are_cut_to_the_window():
    assert periods(SESSION, starts_at=SESSION.starts_at + HOUR) == [
        "20261201T190000Z/20261201T192000Z"
    ]
    assert periods(SESSION, ends_at=SESSION.starts_at) == []


def test_nothing_but_times_is_told():
    body = render_free_busy(WEEK).decode()
    for told in ("SUMMARY", "LOCATION", "Garden", "feed-1", *(entry.uid for entry in ENTRIES)):
        assert told not in body
    assert body == render_free_busy(WEEK).decode()
    assert body != render_free_busy(replace(WEEK, key="feed-2")).decode()
