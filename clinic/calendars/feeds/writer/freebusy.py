"""Free/busy out: when somebody is busy, as one VFREEBUSY and no entries at all.

Touching and overlapping times are one period, so that nobody can count sessions. Some readers
take a period without a type for nothing, so every line says FBTYPE=BUSY (calendars.md 9).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import NAMESPACE_OID, uuid5

from clinic.booking.slots.minute_ranges import merge_spans
from clinic.calendars.feeds.writer.content_lines import fold
from clinic.calendars.feeds.writer.feed import PRODID, FeedEntry, busy_entries

_NAMESPACE = uuid5(NAMESPACE_OID, "clinic free/busy")


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeBusy:
    """Busy times within `starts_at` to `ends_at` (half-open, aware).

    `key` is lasting and secret to us: the UID is made from it. `stamp` is when the content last
    changed, never the time of the request.
    """

    key: str
    starts_at: datetime
    ends_at: datetime
    stamp: datetime
    entries: tuple[FeedEntry, ...]


def render_free_busy(free_busy: FreeBusy) -> bytes:
    """The VCALENDAR with its one VFREEBUSY, in UTF-8; equal values give equal bytes."""
    window = (free_busy.starts_at, free_busy.ends_at)
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{PRODID}",
        "CALSCALE:GREGORIAN",
        "BEGIN:VFREEBUSY",
        f"UID:{uuid5(_NAMESPACE, free_busy.key)}",
        f"DTSTAMP:{_utc(free_busy.stamp)}",
        f"DTSTART:{_utc(free_busy.starts_at)}",
        f"DTEND:{_utc(free_busy.ends_at)}",
        *(_line(start, end) for start, end in _periods(free_busy.entries, window=window)),
        "END:VFREEBUSY",
        "END:VCALENDAR",
    )
    return "".join(map(fold, lines)).encode()


def _periods(
    entries: Iterable[FeedEntry], *, window: tuple[datetime, datetime]
) -> Iterable[tuple[datetime, datetime]]:
    first, last = window
    clipped = (
        (max(entry.starts_at, first), min(entry.ends_at, last)) for entry in busy_entries(entries)
    )
    return merge_spans(clipped)


def _line(start: datetime, end: datetime) -> str:
    return f"FREEBUSY;FBTYPE=BUSY:{_utc(start)}/{_utc(end)}"


def _utc(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}"
