"""Calendar files of strangers: our reader beside icalendar with recurring-ical-events.

Each reads the same file in a child process of its own, which is killed when it takes more than
`CPU_SECONDS` or `MEMORY_BYTES`; these are three and four times what the product allows itself.
`python -m benchmarks.outside_calendars READER` is that child: file in, one line of JSON out.
"""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import icalendar
import recurring_ical_events

from clinic.booking.slots.instant_ranges import Interval
from clinic.calendars.imported.reader import limits
from clinic.calendars.imported.reader.busy_times import busy_from_ics

CPU_SECONDS = 20
MEMORY_BYTES = 2 * 1024**3
WINDOW = Interval(datetime(2026, 11, 1, tzinfo=UTC), datetime(2028, 5, 1, tzinfo=UTC))
GOOD_SPAN = (datetime(2026, 12, 1, 8, tzinfo=UTC), datetime(2026, 12, 1, 9, tzinfo=UTC))
GOOD = "BEGIN:VEVENT\nUID:good\nDTSTART:20261201T080000Z\nDTEND:20261201T090000Z\nEND:VEVENT\n"
ENTRY = "BEGIN:VEVENT\nUID:{0}\nDTSTART:20251101T100000Z\nDTEND:20251101T101000Z\n{1}\nEND:VEVENT\n"
MEETING = (
    "BEGIN:VEVENT\nUID:meeting-{number}\nDTSTAMP:20261101T000000Z\n{times}SUMMARY:Meeting\n"
    f"DESCRIPTION:{'What is to be talked about. ' * 20}\n"
    + "".join(
        f"ATTENDEE;CN=Colleague {one};PARTSTAT=ACCEPTED:mailto:colleague{one}@example.org\n"
        for one in range(5)
    )
    + "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT15M\nDESCRIPTION:Soon\nEND:VALARM\nEND:VEVENT\n"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a child made of a file; `cpu_s` and `megabytes` are None when it was killed."""

    outcome: str
    cpu_s: float | None = None
    megabytes: float | None = None

    def __str__(self) -> str:
        if self.cpu_s is None or self.megabytes is None:
            return self.outcome
        return f"{self.cpu_s:.2f} s, {self.megabytes:.0f} MB, {self.outcome}"


def measure_outside_calendars() -> None:
    """Print what both make of a large calendar and of files made to harm."""
    print("outside calendars (CPU and memory of a child process; one good entry among them)")
    ours, library = _compare("work calendar", _work_calendar(8_500))
    if ours.cpu_s and library.cpu_s:
        print(f"    ours / library  {ours.cpu_s / library.cpu_s:7.3f}      goal: at most 0.250")
    read = [_compare(name, text)[0] for name, text in _hostile_files().items()]
    within = sum(_is_within_limits(one) for one in read)
    print(f"  hostile files read by ours within its limits: {within}      goal: all {len(read)}")


def _work_calendar(meetings: int) -> str:
    """Years of an office, up to the limit of 10 MB; each fiftieth meeting is a weekly series."""
    return "".join(
        MEETING.format(number=number, times=_meeting_times(number)) for number in range(meetings)
    )


def _meeting_times(number: int) -> str:
    starts = datetime(2021, 1, 4, 9, tzinfo=UTC) + timedelta(hours=8 * number)
    zone = "TZID=Europe/Lisbon"
    once = (
        f"DTSTART;{zone}:{starts:%Y%m%dT%H%M%S}\n"
        f"DTEND;{zone}:{starts + timedelta(hours=1):%Y%m%dT%H%M%S}\n"
    )
    return once if number % 50 else f"{once}RRULE:FREQ=WEEKLY;COUNT=40\n"


def _hostile_files() -> dict[str, str]:
    never = "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"
    dates = ",".join(["20261201T080000Z"] * 200_000)
    return {
        "one entry every second": ENTRY.format("x", "RRULE:FREQ=SECONDLY"),
        "one entry every 0 days": ENTRY.format("x", "RRULE:FREQ=DAILY;INTERVAL=0"),
        "200 rules that never match": "".join(ENTRY.format(one, never) for one in range(200)),
        "200,000 dates left out": ENTRY.format("x", f"RRULE:FREQ=DAILY\nEXDATE:{dates}"),
        "300,000 entries in each other": "BEGIN:VEVENT\n" * 300_000 + "END:VEVENT\n" * 300_000,
        "2 million short lines": "A:\n" * 2_000_000,
        "one entry of 9999 weeks from the year 9999": (
            "BEGIN:VEVENT\nUID:x\nDTSTART:99991231T230000Z\nDURATION:P9999W\nEND:VEVENT\n"
        ),
    }


def _compare(name: str, text: str) -> tuple[Reading, Reading]:
    data = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{text}{GOOD}END:VCALENDAR\n".encode()
    assert len(data) <= limits.MAX_CALENDAR_BYTES
    print(f"  {name} ({len(data) / 1e6:.1f} MB)")
    readings = _read_in_child("ours", data), _read_in_child("library", data)
    for reader, reading in zip(READERS, readings, strict=True):
        print(f"    {reader:<14}  {reading}")
    return readings


def _is_within_limits(reading: Reading) -> bool:
    return (
        reading.outcome == "good entry found"
        and (reading.cpu_s or 0) <= limits.CPU_SECONDS
        and (reading.megabytes or 0) * 1e6 <= limits.MEMORY_BYTES
    )


def _read_in_child(reader: str, data: bytes) -> Reading:
    command = [sys.executable, "-m", "benchmarks.outside_calendars", reader]
    done = subprocess.run(command, input=data, stdout=subprocess.PIPE, check=False)
    if done.returncode == -signal.SIGKILL:
        return Reading(f"killed after {CPU_SECONDS} s")
    done.check_returncode()
    return Reading(**json.loads(done.stdout))


def _is_good_found_by_ours(data: bytes) -> bool:
    found = busy_from_ics(data, window=WINDOW, zone="Europe/Lisbon")
    return any(start <= GOOD_SPAN[0] and GOOD_SPAN[1] <= end for start, end in found.busy)


def _is_good_found_by_library(data: bytes) -> bool:
    calendar = icalendar.Calendar.from_ical(data)
    # An entry that the library finds odd is left out, as ours is.
    found = recurring_ical_events.of(calendar, skip_bad_series=True).between(
        WINDOW.start, WINDOW.end
    )
    return any((one.start, one.end) == GOOD_SPAN for one in found)


READERS = {"ours": _is_good_found_by_ours, "library": _is_good_found_by_library}


def _read_here(reader: str) -> Reading:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    data = sys.stdin.buffer.read()
    started = time.process_time()
    try:
        outcome = "good entry found" if READERS[reader](data) else "good entry lost"
    except Exception as error:  # noqa: BLE001 - whatever is made of a file is the result
        outcome = f"nothing found: {type(error).__name__}"
    return Reading(outcome, time.process_time() - started, _peak_megabytes())


def _peak_megabytes() -> float:
    # Not ru_maxrss: that begins with what the parent held.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (one for one in status.splitlines() if one.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024 / 1e6


if __name__ == "__main__":
    json.dump(asdict(_read_here(sys.argv[1])), sys.stdout)
