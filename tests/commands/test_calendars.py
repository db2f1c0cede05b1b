"""`flask calendars preview` prints what a file would block, or what is wrong with it."""

from __future__ import annotations

import json

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
