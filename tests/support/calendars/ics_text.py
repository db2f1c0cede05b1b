"""What the tests of imported calendars share: iCalendar text, and busy times shown shortly."""

from __future__ import annotations

from datetime import UTC, datetime

from clinic.booking.slots.instant_ranges import Interval
from clinic.calendars.imported.reader.busy_times import busy_from_ics

BERLIN = "Europe/Berlin"
WINDOW = Interval(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
GOOD = "UID:good\nDTSTART:20260601T080000Z\nDTEND:20260601T090000Z"
GOOD_SPAN = "0601 0800-0900"


def event(lines):
    return f"BEGIN:VEVENT\n{lines}\nEND:VEVENT\n"


def calendar(*events, head="", tail=""):
    inside = "".join(map(event, events))
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Example//Tests//EN\n{head}{inside}{tail}END:VCALENDAR\n"
    return text.replace("\n", "\r\n").encode()


def show(spans):
    """`0601 0800-0900` in UTC; the end names its day when that is another one."""
    told = []
    for start, end in spans:
        until = f"{end:%H%M}" if start.date() == end.date() else f"{end:%m%d %H%M}"
        told.append(f"{start:%m%d %H%M}-{until}")
    return told


def read(*events, head="", tail="", window=WINDOW, zone=BERLIN, **options):
    return busy_from_ics(
        calendar(*events, head=head, tail=tail), window=window, zone=zone, **options
    )


def busy(*events, **options):
    found = read(*events, **options)
    assert found.warnings == []
    return show(found.busy)


def timed(start, end, *more, tzid="Europe/Berlin"):
    zone = f";TZID={tzid}" if tzid else ""
    return "\n".join([f"UID:{start}", f"DTSTART{zone}:{start}", f"DTEND{zone}:{end}", *more])


WEEKLY = timed("20260601T100000", "20260601T110000", "RRULE:FREQ=WEEKLY;COUNT=4")
WEEKS = ["0601 0800-0900", "0608 0800-0900", "0615 0800-0900", "0622 0800-0900"]


def variant(uid, replaced, *more):
    return "\n".join([f"UID:{uid}", f"RECURRENCE-ID;TZID=Europe/Berlin:{replaced}", *more])


def moved(replaced, start, end, *more):
    times = (f"DTSTART;TZID=Europe/Berlin:{start}", f"DTEND;TZID=Europe/Berlin:{end}")
    return variant("20260601T100000", replaced, *times, *more)


AN_HOUR = "UID:bad\nDTSTART:20260601T120000Z\nDTEND:20260601T130000Z\n"
