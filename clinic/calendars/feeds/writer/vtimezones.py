"""VTIMEZONE texts: one STANDARD and at most one DAYLIGHT, each with a yearly RRULE.

The rules come from the pinned `tzdata` package and never from the system, so that the same
commit writes the same bytes everywhere. Each of its files ends with the zone's rule in POSIX
form (RFC 9636 section 3.3: `WET0WEST,M3.5.0/1,M10.5.0`), which is what a VTIMEZONE of two
observances can say. A zone whose rule cannot be said so has no text here, and its times are
written as UTC instants.
"""

from __future__ import annotations

import re
import struct
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from clinic.calendars.feeds.writer.content_lines import CRLF

# Stands in an empty feed whose own zone has no text: RFC 5545 section 3.4 asks for a component.
UTC_VTIMEZONE = CRLF.join(
    (
        "BEGIN:VTIMEZONE",
        "TZID:Etc/UTC",
        "BEGIN:STANDARD",
        "DTSTART:19700101T000000",
        "TZOFFSETFROM:+0000",
        "TZOFFSETTO:+0000",
        "TZNAME:UTC",
        "END:STANDARD",
        "END:VTIMEZONE",
        "",
    )
)

_NAME = r"(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)"
_TIME = r"[+-]?\d{1,3}(?::\d{2}){0,2}"
_DAY = rf"M(?:1[0-2]|[1-9])\.[1-5]\.[0-6](?:/{_TIME})?"
_FOOTER = re.compile(
    rf"(?P<std>{_NAME})(?P<std_west>{_TIME})"
    rf"(?:(?P<dst>{_NAME})(?P<dst_west>{_TIME})?,(?P<begin>{_DAY}),(?P<end>{_DAY}))?"
)
_WEEKDAYS = ("SU", "MO", "TU", "WE", "TH", "FR", "SA")
_ANCHOR_YEAR = 1970
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Zones that go by the moon list their changes for decades; their rule begins after the list.
_LAST_YEAR_TO_BEGIN = 2037
_WITHOUT_TEXT = frozenset({"UTC0", "<-00>0"})  # UTC is written with Z; -00 means "not known"


@dataclass(frozen=True, slots=True)
class Onset:
    """A day of every year and the local time on it at which an offset begins to count."""

    rule: str
    first: datetime


@dataclass(frozen=True, slots=True)
class Observance:
    """One STANDARD or DAYLIGHT part: its name and offsets, and when it begins each year."""

    kind: str
    name: str
    offset_from: timedelta
    offset_to: timedelta
    onset: Onset | None


@dataclass(frozen=True, slots=True)
class ZoneText:
    """A zone that can be written: its text, its wall clock and the instant the text holds from."""

    text: str
    wall_clock: ZoneInfo
    holds_from: datetime


def vtimezone(zone: str) -> str | None:
    """The VTIMEZONE of an IANA zone, ending in CRLF; None when its times go out in UTC."""
    known = zone_text(zone)
    return known.text if known else None


def wall_time(instant: datetime, *, zone: str) -> datetime | None:
    """The wall time of `instant` in `zone`, or None when only the UTC form says it exactly.

    None for a zone without text, for instants before the zone's present rule began, and for
    the second passing of an hour that the autumn change repeats: a local time read with a
    TZID means the first (RFC 5545 section 3.3.5).
    """
    known = zone_text(zone)
    if known is None or instant < known.holds_from:
        return None
    wall = instant.astimezone(known.wall_clock)
    return None if wall.fold else wall


@lru_cache(maxsize=1024)
def zone_text(zone: str) -> ZoneText | None:
    """Text, wall clock and validity of an IANA zone; None when it cannot be written."""
    if zone not in _zone_names():
        return None
    resource = files("tzdata").joinpath("zoneinfo", *zone.split("/"))
    changes, footer = _read_tzif(resource.read_bytes())
    observances = parse_footer(footer)
    if observances is None:
        return None
    with resource.open("rb") as stream:
        wall_clock = ZoneInfo.from_file(stream, key=zone)
    holds_from = _holds_from(changes, wall_clock=wall_clock, observances=observances)
    if holds_from.year > _LAST_YEAR_TO_BEGIN:
        return None
    return ZoneText(_render(zone, observances), wall_clock, holds_from)


def parse_footer(footer: str) -> tuple[Observance, ...] | None:
    """The observances a POSIX rule means; None when RRULEs cannot say it simply."""
    found = _FOOTER.fullmatch(footer)
    if found is None or footer in _WITHOUT_TEXT:
        return None
    standard, name = -_duration(found["std_west"]), found["std"].strip("<>")
    if found["dst"] is None:
        return (Observance("STANDARD", name, standard, standard, None),)
    saved = -_duration(found["dst_west"]) if found["dst_west"] else standard + timedelta(hours=1)
    begin, end = _onset(found["begin"]), _onset(found["end"])
    if begin is None or end is None:
        return None
    summer = (found["dst"].strip("<>"), standard, saved, begin)
    winter = (name, saved, standard, end)
    # Ireland's law calls summer standard and saves in winter; no calendar program expects that.
    if saved < standard:
        summer, winter = winter, summer
    return Observance("STANDARD", *winter), Observance("DAYLIGHT", *summer)


@lru_cache(maxsize=1)
def _zone_names() -> frozenset[str]:
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="ascii").split())


def _read_tzif(content: bytes) -> tuple[tuple[datetime, ...], str]:
    """The changes listed one by one, and the footer that rules after them (RFC 9636)."""
    utc, std, leap, times, types, chars = struct.unpack_from(">6l", content, 20)
    start = 44 + times * 5 + types * 6 + chars + leap * 8 + std + utc
    times = struct.unpack_from(">6l", content, start + 20)[3]
    footer = content.rstrip(b"\n").rpartition(b"\n")[2].decode("ascii")
    listed = struct.unpack_from(f">{times}q", content, start + 44)
    return tuple(_EPOCH + timedelta(seconds=seconds) for seconds in listed), footer


def _holds_from(
    changes: tuple[datetime, ...], *, wall_clock: ZoneInfo, observances: tuple[Observance, ...]
) -> datetime:
    """The last listed change; for a zone of one offset, when it last took that offset."""
    if not changes:
        return datetime.min.replace(tzinfo=UTC)
    begins = changes[-1]
    for change in reversed(changes if len(observances) == 1 else ()):
        if change.astimezone(wall_clock).utcoffset() != observances[0].offset_to:
            break
        begins = change
    return begins


def _duration(text: str) -> timedelta:
    hours, minutes, seconds = ([int(part) for part in text.lstrip("+-").split(":")] + [0, 0])[:3]
    size = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return -size if text.startswith("-") else size


def _onset(text: str) -> Onset | None:
    """A rule such as M3.5.0/1: the last Sunday of March at one o'clock.

    The time may lie outside its day (`M3.4.4/26`: two o'clock on the day after the fourth
    Thursday). The day then moves along as long as it cannot leave the month.
    """
    day, _, time = text.partition("/")
    month, week, weekday = (int(part) for part in day[1:].split("."))
    at = _duration(time or "2")
    moved, at = at.days, timedelta(seconds=at.seconds)
    length = 28 if month == 2 else monthrange(_ANCHOR_YEAR, month)[1]
    if moved and month == 2 and week == 5:
        return None
    earliest = (length - 6 if week == 5 else week * 7 - 6) + moved
    if earliest < 1 or earliest + 6 > length:
        return None
    weekday = (weekday + moved) % 7
    first = date(_ANCHOR_YEAR, month, earliest)
    first += timedelta(days=(weekday - first.isoweekday()) % 7)
    rule = f"FREQ=YEARLY;BYMONTH={month};{_by_day(week, weekday, earliest, moved=bool(moved))}"
    return Onset(rule, datetime(first.year, first.month, first.day) + at)  # noqa: DTZ001 a wall time


def _by_day(week: int, weekday: int, earliest: int, *, moved: bool) -> str:
    if not moved:
        return f"BYDAY={-1 if week == 5 else week}{_WEEKDAYS[weekday]}"
    days = ",".join(str(day) for day in range(earliest, earliest + 7))
    return f"BYDAY={_WEEKDAYS[weekday]};BYMONTHDAY={days}"


def _render(zone: str, observances: tuple[Observance, ...]) -> str:
    lines = ["BEGIN:VTIMEZONE", f"TZID:{zone}"]
    for part in observances:
        first = part.onset.first if part.onset else datetime(_ANCHOR_YEAR, 1, 1)  # noqa: DTZ001 a wall time
        lines += [f"BEGIN:{part.kind}", f"DTSTART:{first:%Y%m%dT%H%M%S}"]
        lines += [f"RRULE:{part.onset.rule}"] if part.onset else []
        lines += [
            f"TZOFFSETFROM:{_offset(part.offset_from)}",
            f"TZOFFSETTO:{_offset(part.offset_to)}",
            f"TZNAME:{part.name}",
            f"END:{part.kind}",
        ]
    return CRLF.join((*lines, "END:VTIMEZONE", ""))


def _offset(offset: timedelta) -> str:
    minutes, seconds = divmod(abs(int(offset.total_seconds())), 60)
    sign = "-" if offset < timedelta(0) else "+"
    return f"{sign}{minutes // 60:02}{minutes % 60:02}" + (f"{seconds:02}" if seconds else "")
