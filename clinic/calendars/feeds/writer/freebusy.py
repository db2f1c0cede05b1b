"""Free/busy out: when somebody is busy, as one VFREEBUSY and no entries at all.

Touching and overlapping times are one period, so that nobody can count sessions. Some readers
take a period without a type for nothing, so every line says FBTYPE=BUSY (calendars.md 9).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import NAMESPACE_OID, uuid5

import icalendar
from icalendar import Parameters, vPeriod

from clinic.booking.slots.minute_ranges import merge_spans
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
    """Return the VCALENDAR with its one VFREEBUSY, in UTF-8; equal values give equal bytes."""
    window = (free_busy.starts_at, free_busy.ends_at)
    component = icalendar.FreeBusy(UID=str(uuid5(_NAMESPACE, free_busy.key)))
    component.add("DTSTAMP", free_busy.stamp.astimezone(UTC))
    component.add("DTSTART", free_busy.starts_at.astimezone(UTC))
    component.add("DTEND", free_busy.ends_at.astimezone(UTC))
    component["FREEBUSY"] = [_busy(*span) for span in _spans(free_busy.entries, window=window)]
    calendar = icalendar.Calendar(VERSION="2.0", PRODID=PRODID, CALSCALE="GREGORIAN")
    calendar.add_component(component)
    return bytes(calendar.to_ical(sorted=False))


def _spans(
    entries: Iterable[FeedEntry], *, window: tuple[datetime, datetime]
) -> Iterable[tuple[datetime, datetime]]:
    first, last = window
    clipped = (
        (max(entry.starts_at, first), min(entry.ends_at, last)) for entry in busy_entries(entries)
    )
    return merge_spans(clipped)


def _busy(start: datetime, end: datetime) -> vPeriod:
    period = vPeriod((start.astimezone(UTC), end.astimezone(UTC)))
    period.params = Parameters(FBTYPE="BUSY")  # without VALUE=PERIOD, which is the default
    return period
