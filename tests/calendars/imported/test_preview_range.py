from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from clinic.booking.slots.instant_ranges import Interval
from clinic.calendars.imported.preview_range import window_between
from clinic.foundation.errors import InvalidInput

FROM, TO = "2026-11-01T00:00:00Z", "2027-01-01T01:00:00+01:00"
FILE = b"""BEGIN:VCALENDAR
BEGIN:VEVENT
UID:1
DTSTART:20261201T100000Z
DTEND:20261201T110000Z
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTART;TZID=Nowhere:20261201T113000
DURATION:PT1H
END:VEVENT
END:VCALENDAR
"""


def test_window_is_read_from_two_instants():
    assert window_between(FROM, TO, zone="Europe/Lisbon") == Interval(
        datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    ("first", "last", "zone", "named"),
    [
        ("2026-11-01", TO, "Europe/Lisbon", ["from"]),
        ("yesterday", "9999-12-31T23:59:59-23:59", "Mars", ["from", "to", "zone"]),
        (TO, FROM, "Europe/Lisbon", ["to"]),
        (FROM, FROM, "Europe/Lisbon", ["to"]),
    ],
)
def test_window_that_cannot_be_is_refused_by_option(first, last, zone, named):
    with pytest.raises(InvalidInput) as refused:
        window_between(first, last, zone=zone)
    assert list(refused.value.errors) == named


def preview(app, tmp_path, data, *more):
    (tmp_path / "file.ics").write_bytes(data)
    words = ["calendars", "preview", str(tmp_path / "file.ics"), "--from", FROM, "--to", TO]
    return app.test_cli_runner().invoke(args=[*words, "--zone", "Europe/Berlin", *more])


def test_command_prints_what_a_file_would_block(app, tmp_path):
    done = preview(app, tmp_path, FILE, "--json")

    assert (done.exit_code, json.loads(done.stdout)) == (
        0,
        {
            "busy": [["2026-12-01T10:00:00Z", "2026-12-01T11:30:00Z"]],
            "warnings": ["The time zone “Nowhere” is not known; Europe/Berlin was used instead."],
        },
    )
    assert preview(app, tmp_path, FILE).stdout.splitlines()[0] == (
        "2026-12-01T10:00:00Z to 2026-12-01T11:30:00Z"
    )


def test_command_says_what_is_wrong_with_a_file(app, tmp_path):
    told = preview(app, tmp_path, b"<html>", "--json")
    said = preview(app, tmp_path, b"<html>")

    assert (told.exit_code, json.loads(told.stdout)) == (
        0,
        {"error": "This is not a calendar file."},
    )
    assert (said.exit_code, said.stderr) == (1, "Error: This is not a calendar file.\n")
