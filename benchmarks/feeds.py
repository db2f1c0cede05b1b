"""A feed of hundreds of appointments: our writer beside icalendar with the same entries."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event, Timezone

from clinic.calendars.feeds.writer.feed import EntryStatus, Feed, FeedEntry, render_feed
from clinic.calendars.feeds.writer.vtimezones import vtimezone

ENTRIES = 500
ROUNDS = 9
ZONE = "Europe/Lisbon"
MADE = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
FIRST = datetime(2026, 11, 23, 9, tzinfo=UTC)


def measure_feeds() -> None:
    """Print the time of both, paired round by round, and the size of the feed."""
    feed = Feed("Sessions", ZONE, tuple(_entry(number) for number in range(ENTRIES)))
    # A library would be given the time zone ready-made, too.
    zone = Timezone.from_ical(vtimezone(ZONE) or "")
    assert _read(render_feed(feed)) == _read(_by_icalendar(feed, zone))
    pairs = [
        (_cpu(lambda: render_feed(feed)), _cpu(lambda: _by_icalendar(feed, zone)))
        for _ in range(ROUNDS)
    ]
    ratio = statistics.median(ours / theirs for ours, theirs in pairs)
    kilobytes = len(render_feed(feed)) / 1000
    print(f"feed of {ENTRIES} entries, {kilobytes:.0f} kB (CPU, median of paired rounds)")
    print(f"  our writer          {1000 * statistics.median(one for one, _ in pairs):7.2f} ms")
    print(f"  icalendar           {1000 * statistics.median(two for _, two in pairs):7.2f} ms")
    print(f"  ours / icalendar    {ratio:7.3f}      goal: at most 0.125")


def _entry(number: int) -> FeedEntry:
    starts_at = FIRST + timedelta(days=number // 6, hours=number % 6)
    return FeedEntry(
        uid=f"0b9fae2e-31c4-4d2a-9d0c-{number:012}",
        sequence=number % 3,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=50),
        time_zone=ZONE,
        status=EntryStatus.CONFIRMED,
        summary="Session",
        location="Garden room",
        created_at=MADE,
        updated_at=MADE,
    )


def _by_icalendar(feed: Feed, zone: Timezone) -> bytes:
    calendar = Calendar()
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", "-//Clinic//Calendar//EN")
    calendar.add_component(zone)
    for entry in feed.entries:
        calendar.add_component(_event(entry))
    return calendar.to_ical(sorted=False)


def _event(entry: FeedEntry) -> Event:
    starts, ends = entry.written_times()
    event = Event()
    event.add("UID", entry.uid)
    event.add("DTSTAMP", entry.updated_at)
    event.add("DTSTART", starts)
    event.add("DTEND", ends)
    event.add("SUMMARY", entry.summary)
    event.add("LOCATION", entry.location)
    event.add("STATUS", entry.status.value)
    event.add("TRANSP", "OPAQUE")
    event.add("CLASS", "PRIVATE")
    event.add("SEQUENCE", entry.sequence)
    event.add("CREATED", entry.created_at)
    event.add("LAST-MODIFIED", entry.updated_at)
    return event


def _read(body: bytes) -> list[bytes]:
    return [event.to_ical() for event in Calendar.from_ical(body).walk("VEVENT")]


def _cpu(work: Callable[[], bytes]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started
