from __future__ import annotations

import resource
import time
from datetime import UTC, datetime

import pytest

from clinic.booking.slots.instant_ranges import Interval
from clinic.calendars.imported import reader_process
from clinic.calendars.imported.reader import limits as outside_limits
from clinic.calendars.imported.reader_process import preview_calendar, spans_of

WINDOW = Interval(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
GOOD = "BEGIN:VEVENT\nUID:good\nDTSTART:20260601T080000Z\nDTEND:20260601T090000Z\nEND:VEVENT\n"
GOOD_SPAN = ["2026-06-01T08:00:00Z", "2026-06-01T09:00:00Z"]
SERIES = "BEGIN:VEVENT\nUID:{0}\nDTSTART:19700101T100000Z\nDTEND:19700101T110000Z\nRRULE:{1}\nEND:VEVENT\n"


def whole(inside):
    return f"BEGIN:VCALENDAR\nVERSION:2.0\n{inside}END:VCALENDAR\n".encode()


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """What is read is limited by its own work here, not by how long the machine lets it wait."""
    monkeypatch.setattr(reader_process, "WALL_SECONDS", 300.0)


def preview(inside, **options):
    return preview_calendar(whole(inside), window=WINDOW, zone="Europe/Berlin", **options)


def test_a_calendar_is_read_in_a_process_of_its_own():
    answer = preview(GOOD)
    assert answer == {"busy": [GOOD_SPAN], "warnings": []}
    assert spans_of(answer) == [
        (datetime(2026, 6, 1, 8, tzinfo=UTC), datetime(2026, 6, 1, 9, tzinfo=UTC))
    ]


def test_options_and_warnings_travel_through():
    day = "BEGIN:VEVENT\nUID:1\nDTSTART;VALUE=DATE:20260701\nEND:VEVENT\n"
    strange = "BEGIN:VEVENT\nUID:2\nDTSTART;TZID=Ünï:20260801T100000\nDURATION:PT1H\nEND:VEVENT\n"
    answer = preview(GOOD + day + strange, ignore_all_day=True, own_uids={"good"})
    assert answer == {
        "busy": [["2026-08-01T08:00:00Z", "2026-08-01T09:00:00Z"]],
        "warnings": ["The time zone “Ünï” is not known; Europe/Berlin was used instead."],
    }


def test_what_is_no_calendar_is_an_error_and_not_an_exception():
    for data in (b"", b"<html></html>", whole(GOOD)[:-9], b"x" * 11 * 1024 * 1024):
        answer = preview_calendar(data, window=WINDOW, zone="Europe/Berlin")
        assert list(answer) == ["error"]


BULK = {
    "50,000 events": "".join(
        GOOD.replace("good", f"good-{number}").replace("END:V", "SUMMARY:x\nLOCATION:y\nEND:V")
        for number in range(50_000)
    ),
    "200,000 left out dates": GOOD
    + SERIES.format("1", "FREQ=DAILY;BYMONTH=13").replace(
        "END:VEVENT", "EXDATE:" + ",".join(["20260601T080000Z"] * 200_000) + "\nEND:VEVENT"
    ),
    "4,000 added dates": GOOD
    + GOOD.replace("good", "1").replace(
        "END:VEVENT", "RDATE:" + ",".join(["20260601T080000Z"] * 4_000) + "\nEND:VEVENT"
    ),
    "1,000 zones": "".join(
        f"BEGIN:VTIMEZONE\nTZID:Zone {number}\nBEGIN:STANDARD\nDTSTART:19700101T000000\n"
        "TZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nRRULE:FREQ=SECONDLY\nEND:STANDARD\nEND:VTIMEZONE\n"
        for number in range(1_000)
    ) + GOOD,
    "1,000 zones that are used": "".join(
        f"BEGIN:VTIMEZONE\nTZID:Zone {number}\nBEGIN:STANDARD\nDTSTART:16010101T000000\n"
        "TZOFFSETFROM:+0100\nTZOFFSETTO:+0100\nRRULE:FREQ=YEARLY;BYMONTH=1;BYDAY=1SU\n"
        "END:STANDARD\nEND:VTIMEZONE\n"
        f"BEGIN:VEVENT\nUID:{number}\nDTSTART;TZID=Zone {number}:20260601T090000\n"
        "DURATION:PT1H\nEND:VEVENT\n"
        for number in range(1_000)
    ) + GOOD,
    "5,000 series of years ago": "".join(
        SERIES.format(number, "FREQ=DAILY;UNTIL=20191231") for number in range(5_000)
    ) + GOOD,
    "10,000 long identifiers": "".join(
        GOOD.replace("good", f"{number}-{'x' * 900}") for number in range(10_000)
    ),
    "one line of 9 MB": GOOD.replace("UID", "SUMMARY:" + "x" * 9_000_000 + "\nUID"),
    "2 million short lines": GOOD + "\n" * 10 + "A:\n" * 2_000_000,
    "a million folds": GOOD.replace("UID", "SUMMARY:" + "x\n " * 1_500_000 + "\nUID"),
    "500 changed occurrences": GOOD + "".join(
        GOOD.replace("UID", f"RECURRENCE-ID:2026{1 + day // 28:02}{1 + day % 28:02}T0800{copy:02}Z\nUID")
        for day in range(250) for copy in (0, 1)
    ),
    "3,000 nested": GOOD + "BEGIN:VEVENT\n" * 3_000 + "END:VEVENT\n" * 3_000,
}  # fmt: skip


@pytest.mark.parametrize("name", BULK)
def test_bulk_is_read_within_the_limits_and_the_good_entry_counts(name):
    answer = preview(BULK[name])
    assert GOOD_SPAN in answer.get("busy", []), str(answer)[:300]


TOO_MUCH = {
    "thousands of rules that never match": "".join(
        SERIES.format(number, "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=9")
        for number in range(3_000)
    ),
    "tens of thousands of series": "".join(
        SERIES.format(number, "FREQ=DAILY;COUNT=999999") for number in range(30_000)
    ),
    "millions of nested components": "BEGIN:X\n" * 1_200_000,
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_what_takes_too_much_is_ended_in_time(name):
    answer = preview(TOO_MUCH[name])
    assert "error" in answer or answer["warnings"]


def test_the_child_cannot_take_more_memory_or_time_than_allowed(monkeypatch):
    limits = {}
    monkeypatch.setattr(resource, "setrlimit", limits.__setitem__)
    reader_process._limit_self()
    assert limits[resource.RLIMIT_AS] == (512 * 1024 * 1024,) * 2
    assert limits[resource.RLIMIT_CPU][1] < 10
    assert outside_limits.WALL_SECONDS < 10


def test_child_that_waits_instead_of_working_is_killed(monkeypatch):
    monkeypatch.setattr(reader_process, "WALL_SECONDS", 0.1)
    run = reader_process.subprocess.run
    began = time.monotonic()

    def sleep(_command, **options):
        return run(["sleep", "600"], **options)

    monkeypatch.setattr(reader_process.subprocess, "run", sleep)
    assert preview(GOOD) == {"error": reader_process.TOO_MUCH}
    assert time.monotonic() - began < 300


def test_the_child_sees_no_secrets(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "x")
    seen = {}
    run = reader_process.subprocess.run

    def watch(*arguments, **options):
        seen.update(options["env"])
        return run(*arguments, **options)

    monkeypatch.setattr(reader_process.subprocess, "run", watch)
    assert preview(GOOD)["busy"] == [GOOD_SPAN]
    assert seen == {}
