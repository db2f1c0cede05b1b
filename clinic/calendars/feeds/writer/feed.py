"""Feeds out: appointments as an iCalendar file that calendar programs subscribe to.

Written by hand, because a library takes twelve times as long (README.md); tests read the result
back with several. What an entry says depends on nothing but its values, so equal values give
equal bytes and a VEVENT can be rendered when its appointment changes, stored, and only joined
when asked for.

Nothing here names a person: no organizer, attendee, contact, link or description is written.
Times are wall times with a TZID where that says the instant exactly, and UTC where it does not
(see `zones.wall_time`); both ends of an entry have the same form.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from hashlib import sha256
from uuid import NAMESPACE_OID, uuid5

from clinic.calendars.feeds.writer.content_lines import CRLF, escape, fold, unfold
from clinic.calendars.feeds.writer.vtimezones import UTC_VTIMEZONE, vtimezone, wall_time, zone_text

PRODID = "-//Clinic//Calendar//EN"
REFRESH_EVERY = "PT1H"

_BUSY_NAMESPACE = uuid5(NAMESPACE_OID, "couples clinic busy feed")
_END = f"{CRLF}END:VEVENT{CRLF}"


class EntryStatus(StrEnum):
    """STATUS of a VEVENT: a hold not yet confirmed is TENTATIVE."""

    CONFIRMED = "CONFIRMED"
    TENTATIVE = "TENTATIVE"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One appointment, or all-day time off, as a subscriber may see it.

    `starts_at` to `ends_at` is half-open, both aware; `time_zone` is the IANA zone whose wall
    clock is written. `uid` and `sequence` are the stored ones, `updated_at` the row's own.
    """

    uid: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    status: EntryStatus
    summary: str
    location: str | None
    created_at: datetime
    updated_at: datetime
    all_day: bool = False
    transparent: bool = False

    def __post_init__(self) -> None:
        instants = (self.starts_at, self.ends_at, self.created_at, self.updated_at)
        if any(instant.tzinfo is None for instant in instants):
            raise ValueError("a feed entry takes aware instants only")
        if self.starts_at >= self.ends_at:
            raise ValueError("a feed entry ends after it starts")

    @property
    def is_free(self) -> bool:
        """Whether it leaves its time free, as cancelled entries do."""
        return self.transparent or self.status is EntryStatus.CANCELLED

    def written_times(self) -> tuple[date, date]:
        """Return DTSTART and DTEND: both dates, wall times in the entry's zone, or UTC instants.

        A wall time carries a zone whose name is the TZID; an instant carries `UTC` itself.
        """
        if self.all_day:
            return _days(self)
        starts = wall_time(self.starts_at, zone=self.time_zone)
        ends = wall_time(self.ends_at, zone=self.time_zone)
        if starts is None or ends is None:
            return self.starts_at.astimezone(UTC), self.ends_at.astimezone(UTC)
        return starts, ends


@dataclass(frozen=True, slots=True)
class Feed:
    """A whole feed: the name and zone a calendar program shows, and its entries in any order."""

    name: str
    time_zone: str
    entries: tuple[FeedEntry, ...]
    reminder_minutes: int | None = None


def render_feed(feed: Feed) -> bytes:
    """The VCALENDAR of `feed` in UTF-8, its entries in order of start and UID."""
    entries = sorted(feed.entries, key=lambda entry: (entry.starts_at, entry.uid))
    return join_feed(
        feed.name,
        time_zone=feed.time_zone,
        zones=(entry.time_zone for entry in entries),
        rendered_entries=(render_entry(entry) for entry in entries),
        reminder_minutes=feed.reminder_minutes,
    )


def join_feed(
    name: str,
    *,
    time_zone: str,
    zones: Iterable[str],
    rendered_entries: Iterable[str],
    reminder_minutes: int | None = None,
) -> bytes:
    """A VCALENDAR of entries that `render_entry` made, kept in the order they come in.

    `zones` are the zones of the entries; `time_zone`, the feed's own, is always written too.
    """
    if reminder_minutes is not None:
        rendered_entries = (
            with_reminder(text, minutes=reminder_minutes) for text in rendered_entries
        )
    texts = [vtimezone(zone) for zone in sorted({time_zone, *zones})]
    written = [text for text in texts if text is not None] or [UTC_VTIMEZONE]
    parts = (_head(name, time_zone=time_zone), *written, *rendered_entries, f"END:VCALENDAR{CRLF}")
    return "".join(parts).encode()


def render_entry(entry: FeedEntry) -> str:
    """The VEVENT of `entry`, folded and ending in CRLF; what a row may store."""
    updated = _utc(entry.updated_at)
    starts, ends = entry.written_times()
    lines = [
        "BEGIN:VEVENT",
        f"UID:{escape(entry.uid)}",
        f"DTSTAMP:{updated}",
        _time_line("DTSTART", starts),
        _time_line("DTEND", ends),
        f"SUMMARY:{escape(entry.summary)}",
        *([f"LOCATION:{escape(entry.location)}"] if entry.location else []),
        f"STATUS:{entry.status.value}",
        f"TRANSP:{'TRANSPARENT' if entry.is_free else 'OPAQUE'}",
        "CLASS:PRIVATE",
        f"SEQUENCE:{entry.sequence}",
        f"CREATED:{_utc(entry.created_at)}",
        f"LAST-MODIFIED:{updated}",
        "END:VEVENT",
    ]
    return "".join(map(fold, lines))


def with_reminder(rendered: str, *, minutes: int) -> str:
    """A rendered entry that reminds its reader `minutes` before the start, by what it is called.

    All-day entries and those that leave their time free, cancelled ones among them, stay as
    they are. The alarm is one that is shown, never one that sends mail.
    """
    lines = unfold(rendered).split(CRLF)
    if "TRANSP:OPAQUE" not in lines or any(
        line.startswith("DTSTART;VALUE=DATE:") for line in lines
    ):
        return rendered
    summary = next(line for line in lines if line.startswith("SUMMARY:"))
    alarm = "".join(
        (
            fold("BEGIN:VALARM"),
            fold("ACTION:DISPLAY"),
            fold("DESCRIPTION:" + summary.removeprefix("SUMMARY:")),
            fold(f"TRIGGER:-PT{minutes}M"),
            fold("END:VALARM"),
        )
    )
    return rendered.removesuffix(_END) + CRLF + alarm + _END.removeprefix(CRLF)


def busy_entries(entries: Iterable[FeedEntry], *, summary: str = "Busy") -> tuple[FeedEntry, ...]:
    """What others may see of `entries`: that the time is taken, not by what or where.

    One entry for each appointment and none for those that leave their time free, cancelled ones
    among them. The UID is made from the appointment's, so it is as lasting; it is another one,
    so a reader of both feeds never has one event overwrite the other, and the holder of a busy
    feed does not learn the UID that invitations carry.
    """
    return tuple(
        replace(
            entry,
            uid=busy_uid(entry.uid),
            summary=summary,
            location=None,
        )
        for entry in entries
        if not entry.is_free
    )


def busy_uid(uid: str) -> str:
    """The UID under which busy feeds show the appointment that has this one."""
    return str(uuid5(_BUSY_NAMESPACE, uid))


def render_busy(feed: Feed, *, summary: str = "Busy") -> bytes:
    """The VCALENDAR of the busy times of `feed`, without reminders."""
    entries = busy_entries(feed.entries, summary=summary)
    return render_feed(replace(feed, entries=entries, reminder_minutes=None))


def etag(body: bytes) -> str:
    """The value of a strong ETag for `body`, without the quotes HTTP puts around it."""
    return sha256(body).hexdigest()[:32]


def _head(name: str, *, time_zone: str) -> str:
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{PRODID}",
        "CALSCALE:GREGORIAN",
        f"NAME:{escape(name)}",
        f"X-WR-CALNAME:{escape(name)}",
        f"X-WR-TIMEZONE:{escape(time_zone)}",
        f"REFRESH-INTERVAL;VALUE=DURATION:{REFRESH_EVERY}",
        f"X-PUBLISHED-TTL:{REFRESH_EVERY}",
    )
    return "".join(map(fold, lines))


def _time_line(name: str, moment: date) -> str:
    """The content line of a DTSTART or DTEND: a date, a wall time with its TZID, or UTC."""
    if not isinstance(moment, datetime):
        return f"{name};VALUE=DATE:{moment:%Y%m%d}"
    if moment.tzinfo is UTC:
        return f"{name}:{_basic(moment)}Z"
    return f"{name};TZID={moment.tzinfo}:{_basic(moment)}"


def _days(entry: FeedEntry) -> tuple[date, date]:
    """First day and the day after the last, by the entry's wall clock."""
    known = zone_text(entry.time_zone)
    clock = known.wall_clock if known else UTC
    last = entry.ends_at.astimezone(clock)
    whole = last.time() == time.min
    return entry.starts_at.astimezone(clock).date(), last.date() + timedelta(days=not whole)


def _utc(instant: datetime) -> str:
    return f"{_basic(instant.astimezone(UTC))}Z"


def _basic(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%S}"
