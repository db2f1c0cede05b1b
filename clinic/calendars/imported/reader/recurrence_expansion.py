"""What repeats: a series with its changed occurrences, laid out within a window.

recurring-ical-events does the algebra, on wall times only. Zones, lengths, bounds and exceptions
are ours: with zones the library makes entries in a clock change zero long, and one odd entry
stops a whole calendar.
"""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import ModuleType

import dateutil.rrule  # type: ignore[import-untyped] # ships no types
import recurring_ical_events
from icalendar import Calendar, Event, vRecur

from clinic.calendars.imported.reader.events import CalendarEvent
from clinic.calendars.imported.reader.limits import (
    LAST_READ_YEAR,
    MAX_DAYS,
    MAX_LISTED,
    MAX_RULES,
    MAX_VARIANTS,
    SetAside,
)
from clinic.calendars.imported.reader.recurrence_rules import RecurrenceRule, read_rule
from clinic.calendars.imported.reader.values import Length, Moment, read_moments, read_period
from clinic.calendars.imported.reader.zones import Zone, Zones

_PART = "X-PART"  # carries the number of the entry through the library
LATEST = datetime(LAST_READ_YEAR, 12, 31)  # noqa: DTZ001 - wall time, as all here
_MARGIN = timedelta(days=2)  # zones differ by at most 26 hours

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Master:
    """A series: its first entry, rules and lists, all in wall time of the first entry's zone."""

    entry: CalendarEvent
    rules: tuple[RecurrenceRule, ...]
    exceptions: tuple[RecurrenceRule, ...]
    added: dict[datetime, Length]
    left_out: frozenset[datetime]
    left_out_days: frozenset[datetime]

    @property
    def zone(self) -> Zone:
        """The zone its wall times are in."""
        return self.entry.start.zone


def expand_series(
    master: CalendarEvent, *, variants: Sequence[CalendarEvent], window: Span, zones: Zones
) -> list[Span]:
    """The blocked spans of a series that touch `window` (aware UTC); raises SetAside."""
    if len(variants) > MAX_VARIANTS:
        raise SetAside("it has too many changed occurrences")
    series = _read_master(master, window=window, zones=zones)
    entries = [master, *variants]
    longest = max(entry.length.about for entry in entries)
    longest = max([longest, *(length.about for length in series.added.values())])
    first = series.zone.to_wall(window[0]) - longest - _MARGIN
    last = series.zone.to_wall(window[1]) + _MARGIN
    if not variants and _is_over(series, first=first):
        return []
    calendar = _rebuild(series, variants, first=first, last=last)
    with _rules_end_with_the_century():
        found = recurring_ical_events.of(calendar).between(first, last)
        gone = _excluded(series, first=first, last=last)
    spans = (_span(one, entries=entries, series=series, gone=gone) for one in found)
    return [span for span in spans if span and span[0] < window[1] and span[1] > window[0]]


def _is_over(series: Master, *, first: datetime) -> bool:
    """Whether its rules say that it ended long ago, as most of an old calendar's have."""
    ends = [rule.until or LATEST for rule in series.rules]
    return bool(ends) and not series.added and max(series.entry.start.wall, *ends) < first


@contextmanager
def _rules_end_with_the_century() -> Iterator[None]:
    """Stop dateutil from searching on to the year 9999 for a rule that never matches.

    UNTIL does not help: it is looked at only once something has matched.
    """
    bounded = ModuleType("datetime")
    vars(bounded).update(vars(dt), MAXYEAR=LAST_READ_YEAR + 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # COUNT beside UNTIL, on purpose
        dateutil.rrule.datetime = bounded
        try:
            yield
        finally:
            dateutil.rrule.datetime = dt


def _read_master(entry: CalendarEvent, *, window: Span, zones: Zones) -> Master:
    if max(len(entry.rules), len(entry.exceptions)) > MAX_RULES:
        raise SetAside("it has too many rules of repetition")
    days, moments = _left_out(entry, window=window, zones=zones)
    return Master(
        entry=entry,
        rules=_rules(entry.rules, entry=entry, zones=zones),
        exceptions=_rules(entry.exceptions, entry=entry, zones=zones),
        added=_added(entry, window=window, zones=zones),
        left_out=frozenset(moments),
        left_out_days=frozenset(days),
    )


def _rules(
    texts: Iterable[str], *, entry: CalendarEvent, zones: Zones
) -> tuple[RecurrenceRule, ...]:
    return tuple(read_rule(text, start=entry.start, zones=zones) for text in texts)


def _left_out(
    entry: CalendarEvent, *, window: Span, zones: Zones
) -> tuple[set[datetime], set[datetime]]:
    days: set[datetime] = set()
    moments: set[datetime] = set()
    for line in entry.left_out:
        for moment in read_moments(line, zones=zones):
            wall = moment.wall_in(entry.start.zone)
            if moment.is_date or entry.start.is_date:
                days.update(_midnight(one) for one in (wall, moment.wall))
            else:
                moments.add(wall)
    return _near(days, window=window), _near(moments, window=window)


def _added(entry: CalendarEvent, *, window: Span, zones: Zones) -> dict[datetime, Length]:
    found: dict[datetime, Length] = {}
    for line in entry.added:
        for value in line.value.split(","):
            single = type(line)(line.parameters, value)
            if "/" in value:
                start, length = read_period(value, line, zones=zones)
            else:
                (start,), length = read_moments(single, zones=zones), entry.length
            found[start.wall_in(entry.start.zone)] = length
    kept = _near(set(found), window=window)
    return {wall: found[wall] for wall in kept}


def _near(walls: set[datetime], *, window: Span) -> set[datetime]:
    """Only what can matter; a calendar may list hundreds of thousands."""
    first, last = (instant.replace(tzinfo=None) for instant in window)
    reach = timedelta(days=MAX_DAYS) + _MARGIN
    near = {wall for wall in walls if first - reach <= wall <= last + _MARGIN}
    if len(near) > MAX_LISTED:
        raise SetAside("it lists too many dates")
    return near


def _rebuild(
    series: Master, variants: Sequence[CalendarEvent], *, first: datetime, last: datetime
) -> Calendar:
    start = series.entry.start.wall
    if len(series.rules) == 1:
        # Well before anything that could reach into the window: the library takes the start
        # itself for an occurrence.
        start = series.rules[0].nearer(start, before=first - timedelta(days=MAX_DAYS))
    master = _event(series.entry, start=start, part=0)
    for rule in series.rules:
        master.add("RRULE", vRecur.from_ical(rule.text(until=last)))
    if series.added:
        master.add("RDATE", sorted(series.added))
    calendar = Calendar()
    calendar.add_component(master)
    for part, variant in enumerate(variants, start=1):
        calendar.add_component(_variant(variant, series=series, part=part))
    return calendar


def _variant(entry: CalendarEvent, *, series: Master, part: int) -> Event:
    event = _event(entry, start=entry.start.wall_in(series.zone), part=part)
    parameters = {"RANGE": "THISANDFUTURE"} if entry.onward else None
    if entry.replaces is not None:
        event.add("RECURRENCE-ID", _replaced(entry.replaces, series=series), parameters=parameters)
    return event


def _replaced(moment: Moment, *, series: Master) -> datetime:
    wall = moment.wall_in(series.zone)
    if moment.is_date and not series.entry.start.is_date:
        # Some programs name only the day of the occurrence they change.
        return datetime.combine(wall.date(), series.entry.start.wall.time())
    return _midnight(wall) if series.entry.start.is_date else wall


def _event(entry: CalendarEvent, *, start: datetime, part: int) -> Event:
    event = Event()
    event.add("UID", "series")
    event.add("DTSTART", start)
    event.add("DTEND", start + entry.length.about)
    event[_PART] = str(part)
    return event


def _excluded(series: Master, *, first: datetime, last: datetime) -> set[datetime]:
    gone: set[datetime] = set()
    for rule in series.exceptions:
        start = rule.nearer(series.entry.start.wall, before=first)
        gone.update(
            dateutil.rrule.rrulestr(rule.text(until=last), dtstart=start).between(
                first, last, inc=True
            )
        )
    return gone


def _span(
    found: Event, *, entries: Sequence[CalendarEvent], series: Master, gone: set[datetime]
) -> Span | None:
    number = int(found[_PART])
    entry, wall = entries[number], found["DTSTART"].dt
    if not entry.blocks:
        return None
    if entry.replaces is not None and not entry.onward:
        return plain_span(entry)  # exactly as written, in its own zone
    if _is_left_out(wall - _shift(entry, series=series), series=series, gone=gone):
        return None
    length = series.added.get(wall, entry.length) if number == 0 else entry.length
    return series.zone.to_utc(wall), length.end(wall, zone=series.zone)


def plain_span(entry: CalendarEvent) -> Span:
    """From when to when (aware UTC) the entry lasts, as if it did not repeat."""
    return entry.start.utc(), entry.length.end(entry.start.wall, zone=entry.start.zone)


def _shift(entry: CalendarEvent, *, series: Master) -> timedelta:
    """By how much "this and future" moved the occurrences: exceptions name their old times."""
    if entry.replaces is None:
        return timedelta(0)
    return entry.start.wall_in(series.zone) - _replaced(entry.replaces, series=series)


def _is_left_out(wall: datetime, *, series: Master, gone: set[datetime]) -> bool:
    return wall in series.left_out or wall in gone or _midnight(wall) in series.left_out_days


def _midnight(wall: datetime) -> datetime:
    return wall.replace(hour=0, minute=0, second=0, microsecond=0)
