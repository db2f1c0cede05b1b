"""One entry of a foreign calendar, read: when it begins, how long it lasts, whether it blocks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from clinic.calendars.imported.reader.limits import SetAside
from clinic.calendars.imported.reader.parser import PropertyLine, RawEvent
from clinic.calendars.imported.reader.values import (
    Length,
    Moment,
    length_between,
    read_duration,
    read_moment,
)
from clinic.calendars.imported.reader.zones import Zones


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """A VEVENT in its own terms. `replaces` is its RECURRENCE-ID, `onward` THISANDFUTURE.

    `version` orders several copies of one entry: SEQUENCE first, then DTSTAMP.
    """

    position: int
    uid: str
    start: Moment
    length: Length
    blocks: bool
    version: tuple[int, str]
    replaces: Moment | None
    onward: bool
    rules: tuple[str, ...]
    exceptions: tuple[str, ...]
    added: tuple[PropertyLine, ...]
    left_out: tuple[PropertyLine, ...]

    @property
    def is_single(self) -> bool:
        """Whether it is one entry at one time, without anything that repeats or replaces."""
        return not (self.rules or self.added or self.left_out or self.replaces)


def read_entry(raw: RawEvent, *, zones: Zones, method: str) -> CalendarEvent:
    """The entry that `raw` describes; raises SetAside when its time cannot be known."""
    begin = raw.first("DTSTART")
    if begin is None:
        raise SetAside("it has no start")
    start = read_moment(begin, zones=zones)
    replaced = raw.first("RECURRENCE-ID")
    return CalendarEvent(
        position=raw.position,
        uid=raw.text("UID"),
        start=start,
        length=_length(raw, start=start, zones=zones),
        blocks=_blocks(raw, method=method),
        version=(_sequence(raw.text("SEQUENCE")), raw.text("DTSTAMP")),
        replaces=read_moment(replaced, zones=zones) if replaced else None,
        onward=replaced is not None
        and replaced.parameters.get("RANGE", "").upper() == "THISANDFUTURE",
        rules=_values(raw, "RRULE"),
        exceptions=_values(raw, "EXRULE"),
        added=tuple(raw.lines.get("RDATE", ())),
        left_out=tuple(raw.lines.get("EXDATE", ())),
    )


def _length(raw: RawEvent, *, start: Moment, zones: Zones) -> Length:
    end, duration = raw.first("DTEND"), raw.first("DURATION")
    if end is not None:
        return length_between(start, read_moment(end, zones=zones))
    if duration is not None:
        return read_duration(duration.value)
    return Length(days=1) if start.is_date else Length(exact=timedelta(0))


def _blocks(raw: RawEvent, *, method: str) -> bool:
    """OPAQUE (also when unsaid) and not cancelled; TENTATIVE blocks, CLASS does not matter."""
    cancelled = raw.text("STATUS").upper() == "CANCELLED" or method == "CANCEL"
    return not cancelled and raw.text("TRANSP").upper() != "TRANSPARENT"


def _sequence(value: str) -> int:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0


def _values(raw: RawEvent, name: str) -> tuple[str, ...]:
    return tuple(line.value for line in raw.lines.get(name, ()))
