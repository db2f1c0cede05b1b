"""Taking an iCalendar file apart: lines and components, and of each entry only what shapes time.

One pass over the lines, no recursion, titles and people never kept. icalendar reads everything
into objects, which takes ten times as long on a big work calendar (README.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from clinic.calendars.imported.reader.limits import MAX_CALENDAR_BYTES, OutsideBroken

_PROPERTIES = frozenset({
    "UID", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID",
    "SEQUENCE", "DTSTAMP", "STATUS", "TRANSP",
})  # fmt: skip
# Nothing in these values holds a colon, so the last one ends the name and its parameters:
# Exchange writes `DTSTART;TZID=tzone://Microsoft/Custom:20261216T100000`, without quotes.
_TIMES = frozenset({"DTSTART", "DTEND", "RDATE", "EXDATE", "RECURRENCE-ID"})
_NO_PARAMETERS: Mapping[str, str] = MappingProxyType({})
_NOT_A_CALENDAR = "This is not a calendar file."
_CUT_OFF = "The calendar file is cut off or damaged."


@dataclass(frozen=True, slots=True)
class PropertyLine:
    """One property: parameters in upper-case names, quotes removed."""

    parameters: Mapping[str, str]
    value: str


@dataclass(slots=True)
class RawEvent:
    """The lines of one VEVENT that shape time; `position` counts entries from 1 in the file."""

    position: int
    lines: dict[str, list[PropertyLine]] = field(default_factory=dict)

    def first(self, name: str) -> PropertyLine | None:
        """The first line of that name."""
        found = self.lines.get(name)
        return found[0] if found else None

    def text(self, name: str) -> str:
        """The value of the first line of that name, or nothing."""
        found = self.lines.get(name)
        return found[0].value if found else ""


@dataclass(slots=True)
class RawCalendar:
    """One VCALENDAR. `timezones` holds the inner lines of each VTIMEZONE, unread."""

    zone_name: str = ""
    method: str = ""
    events: list[RawEvent] = field(default_factory=list)
    timezones: list[list[str]] = field(default_factory=list)


def read_calendars(data: bytes) -> list[RawCalendar]:
    """Every VCALENDAR in `data`; raises OutsideBroken unless all of them are complete."""
    if len(data) > MAX_CALENDAR_BYTES:
        raise OutsideBroken("The calendar file is larger than 10 MB.")
    reader = _Reader()
    for text in _unfolded(data):
        reader.read_line(text)
    return reader.finish()


def split_line(text: str) -> tuple[str, PropertyLine] | None:
    """Name and line of one unfolded content line, or None when it is none."""
    head, colon, value = text.partition(":")
    if head.partition(";")[0].strip().upper() in _TIMES:
        head, colon, value = text.rpartition(":")
    elif '"' in head:
        head, colon, value = _outside_quotes(text)
    if not colon:
        return None
    name, *parameters = head.split(";") if '"' not in head else _split_quoted(head)
    pairs = (one.partition("=") for one in parameters)
    read = {key.strip().upper(): given.strip('"') for key, _, given in pairs}
    return name.strip().upper(), PropertyLine(read, value.strip())


def _unfolded(data: bytes) -> Iterator[str]:
    text = data.decode("utf-8-sig", errors="replace")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.replace("\n ", "").replace("\n\t", "")
    return (line for line in text.split("\n") if line and not line.isspace())


def _outside_quotes(text: str) -> tuple[str, str, str]:
    quoted = False
    for index, letter in enumerate(text):
        if letter == '"':
            quoted = not quoted
        elif letter == ":" and not quoted:
            return text[:index], ":", text[index + 1 :]
    return text, "", ""


def _split_quoted(head: str) -> list[str]:
    # Every second piece between quotes is inside them; a semicolon there belongs to the value.
    pieces = head.split('"')
    pieces[1::2] = [piece.replace(";", "\x00") for piece in pieces[1::2]]
    return [piece.replace("\x00", ";") for piece in '"'.join(pieces).split(";")]


class _Reader:
    """Where in the tree of components we are, and what has been kept so far."""

    def __init__(self) -> None:
        self.calendars: list[RawCalendar] = []
        self.open: list[str] = []
        self.event: RawEvent | None = None
        self.count = 0

    def read_line(self, text: str) -> None:
        if text[0] in "bBeE" and self._turn(text):
            return
        if self.event is not None and len(self.open) == 2:
            self._add_property(text, self.event)
        elif not self.open:
            # Junk before or between calendars: a login page, a report, a picture.
            raise OutsideBroken(_NOT_A_CALENDAR)
        elif len(self.open) == 1:
            self._describe(text)
        elif self.open[1] == "VTIMEZONE":
            self.calendars[-1].timezones[-1].append(text)

    def _turn(self, text: str) -> bool:
        """Whether the line opened or closed a component."""
        start = text[:6].upper()
        if start == "BEGIN:":
            self._begin(text[6:].strip().upper())
        elif start[:4] == "END:":
            self._end(text[4:].strip().upper(), text)
        else:
            return False
        return True

    def finish(self) -> list[RawCalendar]:
        if not self.calendars:
            raise OutsideBroken(_NOT_A_CALENDAR)
        if self.open:
            raise OutsideBroken(_CUT_OFF)
        return self.calendars

    def _begin(self, name: str) -> None:
        depth = len(self.open)
        if depth == 0:
            if name != "VCALENDAR":
                raise OutsideBroken(_NOT_A_CALENDAR)
            self.calendars.append(RawCalendar())
        elif depth == 1 and name == "VEVENT":
            self.count += 1
            self.event = RawEvent(self.count)
        elif depth == 1 and name == "VTIMEZONE":
            self.calendars[-1].timezones.append([])
        elif depth > 1 and self.open[1] == "VTIMEZONE":
            self.calendars[-1].timezones[-1].append(f"BEGIN:{name}")
        self.open.append(name)

    def _end(self, name: str, text: str) -> None:
        if not self.open or self.open[-1] != name:
            raise OutsideBroken(_CUT_OFF)
        self.open.pop()
        if len(self.open) > 1 and self.open[1] == "VTIMEZONE":
            self.calendars[-1].timezones[-1].append(text)
        if len(self.open) == 1 and self.event is not None:
            self.calendars[-1].events.append(self.event)
            self.event = None

    def _describe(self, text: str) -> None:
        name, _, value = text.partition(":")
        if name[:13].upper() == "X-WR-TIMEZONE":
            self.calendars[-1].zone_name = value.strip()
        elif name.upper() == "METHOD":
            self.calendars[-1].method = value.strip().upper()

    @staticmethod
    def _add_property(text: str, event: RawEvent) -> None:
        head, colon, value = text.partition(":")
        if head in _PROPERTIES and colon:
            # Most lines by far: a name in capitals and no parameters.
            event.lines.setdefault(head, []).append(PropertyLine(_NO_PARAMETERS, value.strip()))
        elif head.partition(";")[0].upper() in _PROPERTIES:
            read = split_line(text)
            if read is not None:
                event.lines.setdefault(read[0], []).append(read[1])
