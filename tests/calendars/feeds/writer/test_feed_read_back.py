from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import icalendar
import vobject

from clinic.calendars.feeds.writer.feed import EntryStatus, Feed, render_entry, render_feed
from tests.support.calendars.calendar_programs import (
    Shown,
    listed,
    served,
    shown_at,
    sync,
    sync_and_list,
)
from tests.support.calendars.sample_feed import (
    ENTRIES,
    HOLD,
    SESSION,
    SUMMER,
    THERAPIST,
    TIME_OFF,
    unfolded,
)


def test_icalendar_reads_every_value_back():
    events = icalendar.Calendar.from_ical(render_feed(THERAPIST)).walk("VEVENT")
    assert [
        (
            str(event["UID"]),
            event["SEQUENCE"],
            str(event["SUMMARY"]),
            str(event.get("LOCATION")) if "LOCATION" in event else None,
            str(event["STATUS"]),
            event["CREATED"].dt,
            event["LAST-MODIFIED"].dt,
            event["DTSTAMP"].dt,
            _instant(event["DTSTART"].dt),
            _instant(event["DTEND"].dt),
        )
        for event in events
    ] == [(*_values(entry)[:5], entry.created_at, entry.updated_at, entry.updated_at, *_values(entry)[5:]) for entry in ENTRIES]  # fmt: skip


def test_vobject_reads_every_value_back():
    events = vobject.readOne(render_feed(THERAPIST).decode()).vevent_list
    assert [
        (
            event.uid.value,
            int(event.sequence.value),
            event.summary.value,
            event.location.value if hasattr(event, "location") else None,
            event.status.value,
            _instant(event.dtstart.value),
            _instant(event.dtend.value),
        )
        for event in events
    ] == [_values(entry) for entry in ENTRIES]


def test_icalendar_writes_an_entry_with_the_same_lines_as_we_do():
    events = icalendar.Calendar.from_ical(render_feed(THERAPIST)).walk("VEVENT")
    theirs = [sorted(unfolded(event.to_ical())) for event in events]
    assert theirs == [sorted(unfolded(render_entry(entry).encode())) for entry in ENTRIES]


def test_vdirsyncer_and_khal_show_the_wall_times_of_the_reader(tmp_path):
    with served(render_feed(THERAPIST)) as feed:
        shown = sync_and_list(feed.url, tmp_path, first=date(2026, 12, 1), days=7)
    assert shown == [
        _shown("Couples session", "2026-12-01 18:00", "2026-12-01 19:20", "Garden room"),
        _shown("Session", "2026-12-02 15:00", "2026-12-02 15:50", "", "TENTATIVE"),
        _shown(
            "Couples session", "2026-12-03 10:00", "2026-12-03 11:20", "Garden room", "CANCELLED"
        ),
        _shown(TIME_OFF.summary, "2026-12-04", "2026-12-05", ""),
    ]
    summer = listed(tmp_path, first=date(2027, 7, 1), days=1, time_zone="Europe/Lisbon")
    assert summer == [
        _shown("Couples session", "2027-07-01 18:00", "2027-07-01 19:20", "Garden room")
    ]
    abroad = listed(tmp_path, first=date(2026, 12, 1), days=2, time_zone="America/New_York")
    assert [(entry.starts, entry.ends) for entry in abroad] == [
        ("2026-12-01 13:00", "2026-12-01 14:20"),
        ("2026-12-02 10:00", "2026-12-02 10:50"),
    ]


def test_khal_shows_what_goes_on_at_a_moment(tmp_path):
    with served(render_feed(THERAPIST)) as feed:
        sync(feed.url, tmp_path)
    assert shown_at(tmp_path, moment="2026-12-01 18:30") == ["Couples session"]
    assert shown_at(tmp_path, moment="2026-12-01 17:59") == []
    assert shown_at(tmp_path, moment="2026-12-01 13:30", time_zone="America/New_York") == [
        "Couples session"
    ]


def test_a_subscriber_sees_one_entry_move_and_another_cancelled_then_gone(tmp_path):
    day = timedelta(days=1)
    moved = replace(HOLD, sequence=1, starts_at=HOLD.starts_at + day, ends_at=HOLD.ends_at + day)
    cancelled = replace(SESSION, sequence=1, status=EntryStatus.CANCELLED)
    first = date(2026, 12, 1)
    with served(render_feed(Feed("x", "Europe/Lisbon", (SESSION, HOLD, SUMMER)))) as feed:
        before = set(sync(feed.url, tmp_path))
        feed.body = render_feed(Feed("x", "Europe/Lisbon", (cancelled, moved, SUMMER)))
        after = set(sync(feed.url, tmp_path))
        shown = listed(tmp_path, first=first, days=7, time_zone="Europe/Lisbon")
        feed.body = render_feed(Feed("x", "Europe/Lisbon", (moved, SUMMER)))
        at_last = sync_and_list(feed.url, tmp_path, first=first)
    assert [len(files) for files in (before, after, before & after)] == [3, 3, 1]
    assert shown == [
        _shown(
            "Couples session", "2026-12-01 18:00", "2026-12-01 19:20", "Garden room", "CANCELLED"
        ),
        _shown("Session", "2026-12-03 15:00", "2026-12-03 15:50", "", "TENTATIVE"),
    ]
    assert at_last == shown[1:]


def _values(entry):
    times = (entry.starts_at, entry.ends_at)
    if entry.all_day:
        times = tuple(at.date() for at in times)
    return (entry.uid, entry.sequence, entry.summary, entry.location, entry.status.value, *times)


def _instant(value):
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def _shown(title, starts, ends, location, status="CONFIRMED"):
    cancelled = status == "CANCELLED"
    return Shown(
        title=title, starts=starts, ends=ends, location=location, status=status, cancelled=cancelled
    )
