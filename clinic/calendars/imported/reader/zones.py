"""Which zone a foreign calendar means: IANA, a VTIMEZONE it brings, a Windows name, or ours.

Beside `foundation/wall_clock.py` because a calendar may bring zones of its own and because RFC 5545
reads a missing or doubled time instead of refusing it.
"""

from __future__ import annotations

import warnings
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo, available_timezones

from dateutil.rrule import rrulestr  # type: ignore[import-untyped] # ships no types
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from clinic.calendars.imported.reader.limits import FIRST_READ_YEAR, LAST_READ_YEAR
from clinic.calendars.imported.reader.parser import PropertyLine, RawCalendar, split_line

MAX_OBSERVANCES = 200
MAX_ZONE_NAME = 255
_YEARLY_PARTS = frozenset({"FREQ", "BYMONTH", "BYDAY", "BYMONTHDAY", "UNTIL", "COUNT", "WKST"})


class Zone(Protocol):
    """Wall time to instants and back. Wall times are naive, instants are aware UTC."""

    def to_utc(self, wall: datetime) -> datetime:
        """A missing time is read with the offset before the gap, a doubled one as the first."""

    def to_wall(self, instant: datetime) -> datetime:
        """What a clock in the zone shows."""


@dataclass(frozen=True, slots=True)
class IanaZone:
    """A zone by its IANA name, from the rules we have ourselves."""

    info: ZoneInfo

    def to_utc(self, wall: datetime) -> datetime:
        """See Zone: fold=0 is exactly what RFC 5545 asks for."""
        return wall.replace(tzinfo=self.info, fold=0).astimezone(UTC)

    def to_wall(self, instant: datetime) -> datetime:
        """See Zone."""
        return instant.astimezone(self.info).replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class FileZone:
    """A zone defined only in the file: offsets, and the instants (naive UTC) they begin."""

    onsets: tuple[datetime, ...]
    offsets: tuple[timedelta, ...]
    first: timedelta

    def to_utc(self, wall: datetime) -> datetime:
        """See Zone."""
        day = timedelta(days=1)
        near = {self._at(wall - day), self._at(wall + day)}
        right = sorted(wall - one for one in near if self._at(wall - one) == one)
        return (right[0] if right else wall - self._at(wall - day)).replace(tzinfo=UTC)

    def to_wall(self, instant: datetime) -> datetime:
        """See Zone."""
        naive = instant.astimezone(UTC).replace(tzinfo=None)
        return naive + self._at(naive)

    def _at(self, naive_utc: datetime) -> timedelta:
        index = bisect_right(self.onsets, naive_utc)
        return self.offsets[index - 1] if index else self.first


@dataclass(slots=True)
class Zones:
    """All zone questions of one calendar. `unknown` collects the names nobody knows."""

    calendar: RawCalendar
    own: Zone
    unknown: list[str] = field(default_factory=list)
    _found: dict[str, Zone | None] = field(default_factory=dict)
    _brought: dict[str, list[str]] | None = None

    def floating(self) -> Zone:
        """For times without a zone: X-WR-TIMEZONE, else the therapist's own."""
        return self.named(self.calendar.zone_name) if self.calendar.zone_name else self.own

    def named(self, name: str) -> Zone:
        """The zone of a TZID; an unknown one is the therapist's own, and is noted."""
        if name not in self._found:
            self._found[name] = self._look_up(name)
            if self._found[name] is None:
                self.unknown.append(name)
        return self._found[name] or self.own

    def _look_up(self, name: str) -> Zone | None:
        if len(name) > MAX_ZONE_NAME:
            return None
        known = iana_zone(name)
        if known is not None:
            return known
        if self._brought is None:
            self._brought = _by_name(self.calendar.timezones)
        brought = self._brought.get(name)
        return (_read_timezone(brought) if brought else None) or _by_our_names(name)


@cache
def iana_zone(name: str) -> IanaZone | None:
    """The zone of an IANA name, whatever its case; never a path, never `localtime`."""
    right = _iana_names().get(name.strip().lower())
    return IanaZone(ZoneInfo(right)) if right else None


@cache
def _iana_names() -> Mapping[str, str]:
    return {name.lower(): name for name in available_timezones() if name != "localtime"}


def _by_our_names(name: str) -> Zone | None:
    windows = WINDOWS_TO_OLSON.get(name.strip())
    if windows:
        return iana_zone(windows)
    # Old programs prefix a path: /freeassociation.sourceforge.net/Europe/Berlin
    parts = name.strip("/").split("/")
    tails = ("/".join(parts[-size:]) for size in (3, 2) if len(parts) > size)
    return next(filter(None, map(iana_zone, tails)), None)


def _by_name(timezones: Iterable[Sequence[str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for lines in timezones:
        for text in lines:
            if text[:4].upper() == "TZID":
                line = split_line(text)
                if line is not None:
                    found.setdefault(line[1].value, list(lines))
                break
    return found


def _read_timezone(lines: Sequence[str]) -> FileZone | None:
    """The zone a VTIMEZONE describes; None when it is odd in any way."""
    try:
        observances = list(_observances(lines))
        if not 0 < len(observances) <= MAX_OBSERVANCES:
            return None
        changes = sorted({onset for one in observances for onset in _onsets(one)})
        earliest = min(observances, key=lambda one: _wall(one["DTSTART"][0].value))
        first = _offset(earliest["TZOFFSETFROM"][0].value)
    except (ValueError, KeyError, IndexError, OverflowError, TypeError):
        return None
    return FileZone(tuple(at for at, _ in changes), tuple(to for _, to in changes), first)


def _observances(lines: Sequence[str]) -> Iterable[dict[str, list[PropertyLine]]]:
    current: dict[str, list[PropertyLine]] | None = None
    for text in lines:
        upper = text.strip().upper()
        if upper in {"BEGIN:STANDARD", "BEGIN:DAYLIGHT"}:
            current = {}
        elif upper in {"END:STANDARD", "END:DAYLIGHT"} and current is not None:
            yield current
            current = None
        elif current is not None:
            read = split_line(text)
            if read is not None:
                current.setdefault(read[0], []).append(read[1])


def _onsets(observance: Mapping[str, list[PropertyLine]]) -> Iterable[tuple[datetime, timedelta]]:
    start = _wall(observance["DTSTART"][0].value)
    before = _offset(observance["TZOFFSETFROM"][0].value)
    after = _offset(observance["TZOFFSETTO"][0].value)
    walls = {start}
    for line in observance.get("RDATE", []):
        walls.update(_wall(value) for value in line.value.split(",")[:MAX_OBSERVANCES])
    for line in observance.get("RRULE", []):
        walls.update(_yearly(line.value, start=start, before=before))
    return [(wall - before, after) for wall in walls]


@lru_cache(maxsize=512)
def _yearly(rule: str, *, start: datetime, before: timedelta) -> tuple[datetime, ...]:
    parts = dict(part.upper().split("=", 1) for part in rule.split(";") if part)
    if parts.pop("INTERVAL", "1") != "1":
        raise ValueError("a zone changes every year")
    if parts.get("FREQ") != "YEARLY" or not _YEARLY_PARTS.issuperset(parts):
        raise ValueError("a zone changes by yearly rules")
    until = datetime(LAST_READ_YEAR, 12, 31)  # noqa: DTZ001 - wall time
    if "UNTIL" in parts:
        told = _wall(parts.pop("UNTIL").rstrip("Z"))
        until = min(until, told + before)
    # Microsoft begins in 1601: the rule is the same from 1970 on, without 369 useless years.
    begin = start.replace(year=max(start.year, FIRST_READ_YEAR))
    text = ";".join(f"{key}={value}" for key, value in parts.items())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # COUNT beside UNTIL, on purpose
        return tuple(rrulestr(f"{text};UNTIL={until:%Y%m%dT%H%M%S}", dtstart=begin))


def _wall(value: str) -> datetime:
    text = value.strip().rstrip("Z")
    return datetime.strptime(text, "%Y%m%dT%H%M%S" if "T" in text else "%Y%m%d")  # noqa: DTZ007


def _offset(value: str) -> timedelta:
    sign, digits = value[:1], value[1:].ljust(6, "0")
    if sign not in {"+", "-"} or len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
        raise ValueError("an offset is +hhmm")
    size = timedelta(hours=int(digits[:2]), minutes=int(digits[2:4]), seconds=int(digits[4:]))
    if size >= timedelta(hours=24):
        raise ValueError("an offset is less than a day")
    return size if sign == "+" else -size
