"""When somebody else's calendar says a therapist is busy: times only, nothing else is kept.

Policy: what is opaque and not cancelled blocks, tentative too; whole days block from
midnight to midnight in the therapist's zone; times without a zone are read in the calendar's
X-WR-TIMEZONE, else the therapist's; unknown zones are the therapist's, with a warning. Entries are
read one by one: a broken or hostile one is set aside and named by its position, never its title.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from clinic.booking.slots.instant_ranges import Interval
from clinic.booking.slots.minute_ranges import merge_spans
from clinic.calendars.imported.reader.events import CalendarEvent, read_entry
from clinic.calendars.imported.reader.limits import (
    MAX_OCCURRENCES,
    MAX_WARNINGS,
    OutsideBroken,
    SetAside,
)
from clinic.calendars.imported.reader.parser import RawCalendar, read_calendars
from clinic.calendars.imported.reader.recurrence_expansion import Span, expand_series, plain_span
from clinic.calendars.imported.reader.zones import Zone, Zones, iana_zone

__all__ = ["CalendarBusyTimes", "OutsideBroken", "busy_from_ics"]


@dataclass(frozen=True, slots=True)
class CalendarBusyTimes:
    """`busy`: merged spans of aware UTC instants inside the window. `warnings`: sentences."""

    busy: list[Span]
    warnings: list[str]


def busy_from_ics(
    data: bytes,
    *,
    window: Interval,
    zone: str,
    ignore_all_day: bool = False,
    own_uids: Collection[str] = (),
) -> CalendarBusyTimes:
    """What the calendar file `data` blocks within `window`, for a therapist in `zone` (IANA).

    `own_uids` are the UIDs of our own feed: a calendar that repeats them does not block itself.
    Raises OutsideBroken when the file is no complete calendar. Pure, but not bounded in
    time: `outside_process` is.
    """
    own = iana_zone(zone)
    if own is None:
        raise ValueError(f"{zone!r} is not an IANA time zone")
    work = _Work((window.start, window.end), own, ignore_all_day, frozenset(own_uids))
    for calendar in read_calendars(data):
        work.add_calendar(calendar)
    clipped = ((max(a, window.start), min(b, window.end)) for a, b in work.spans)
    return CalendarBusyTimes(merge_spans(clipped), work.warnings(zone))


@dataclass(slots=True)
class _Work:
    """What has been found so far."""

    window: Span
    own: Zone
    ignore_all_day: bool
    own_uids: frozenset[str]
    spans: list[Span] = field(default_factory=list)
    occurrences: int = 0
    aside: list[tuple[int, str]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def add_calendar(self, calendar: RawCalendar) -> None:
        zones = Zones(calendar, self.own)
        groups: dict[str, list[CalendarEvent]] = {}
        for raw in calendar.events:
            uid = raw.text("UID")
            if uid in self.own_uids:
                continue
            try:
                entry = read_entry(raw, zones=zones, method=calendar.method)
            except (SetAside, OverflowError) as error:
                self.set_aside(raw.position, error)
                continue
            if self.ignore_all_day and entry.start.is_date:
                entry = replace(entry, blocks=False)
            # Without a UID nothing can belong to it.
            groups.setdefault(uid or f"\x00{raw.position}", []).append(entry)
        for group in groups.values():
            self.add_entries(group, zones=zones)
        self.unknown += zones.unknown

    def add_entries(self, group: Sequence[CalendarEvent], *, zones: Zones) -> None:
        """All entries of one UID: its current version, and the occurrences that were changed."""
        if len(group) == 1 and group[0].is_single:
            self.block(group[0])
            return
        variants = _newest_variants(group)
        for master in _newest_masters(group):
            self.add_series(master, variants, zones=zones)
            variants = []
        for orphan in variants:
            self.block(orphan)

    def add_series(
        self, master: CalendarEvent, variants: Sequence[CalendarEvent], *, zones: Zones
    ) -> None:
        try:
            found = self.expand(master, variants, zones=zones)
        except SetAside as error:
            self.set_aside(master.position, error)
            for variant in variants:
                self.block(variant)
            return
        self.occurrences += len(found)
        self.spans += found

    def expand(
        self, master: CalendarEvent, variants: Sequence[CalendarEvent], *, zones: Zones
    ) -> list[Span]:
        try:
            found = expand_series(master, variants=variants, window=self.window, zones=zones)
        except SetAside:
            raise
        except Exception as error:
            # The library raises many kinds of errors for what strangers write.
            raise SetAside("its repetitions cannot be worked out") from error
        if self.occurrences + len(found) > MAX_OCCURRENCES:
            raise SetAside("the calendar has too many repetitions")
        return found

    def block(self, entry: CalendarEvent) -> None:
        if not entry.blocks:
            return
        try:
            start, end = plain_span(entry)
        except OverflowError as error:
            self.set_aside(entry.position, error)
            return
        if start < self.window[1] and end > self.window[0]:
            self.spans.append((start, end))

    def set_aside(self, position: int, error: Exception) -> None:
        why = str(error) if isinstance(error, SetAside) else "one of its times cannot be read"
        self.aside.append((position, why))

    def warnings(self, zone: str) -> list[str]:
        """The warnings, zones first, then entries in their order, not more than a page."""
        found = [
            f"The time zone “{_shown(name)}” is not known; {zone} was used instead."
            for name in dict.fromkeys(self.unknown)
        ]
        found += [f"Entry {position} was set aside: {why}." for position, why in sorted(self.aside)]
        if len(found) > MAX_WARNINGS:
            more = len(found) - MAX_WARNINGS
            found = [*found[:MAX_WARNINGS], f"There are {more} more remarks of this kind."]
        return found


def _newest_masters(group: Iterable[CalendarEvent]) -> list[CalendarEvent]:
    """The newest version; several when nothing tells which one is newer, for time's sake."""
    masters = [entry for entry in group if entry.replaces is None]
    newest = max((entry.version for entry in masters), default=None)
    return [entry for entry in masters if entry.version == newest]


def _newest_variants(group: Iterable[CalendarEvent]) -> list[CalendarEvent]:
    newest: dict[tuple[datetime, bool], CalendarEvent] = {}
    for entry in group:
        if entry.replaces is not None:
            key = (entry.replaces.utc(), entry.replaces.is_date)
            if key not in newest or newest[key].version <= entry.version:
                newest[key] = entry
    return list(newest.values())


def _shown(name: str) -> str:
    """A zone name from a stranger, fit to be shown."""
    return "".join(letter for letter in name if letter.isprintable())[:60]
