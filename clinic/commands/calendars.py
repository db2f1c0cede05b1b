"""Run `flask calendars`: print what an imported calendar would block."""

from __future__ import annotations

from typing import BinaryIO

import click
from flask.cli import AppGroup

from clinic.calendars.imported.preview_range import window_between
from clinic.calendars.imported.reader.limits import MAX_CALENDAR_BYTES, OutsideBroken
from clinic.calendars.imported.reader_process import preview_calendar
from clinic.command_output import one_line, print_text, show

calendars_group = AppGroup("calendars", help="Calendars elsewhere.")


@calendars_group.command("preview")
@click.argument("file", type=click.File("rb"))
@click.option("--from", "first", required=True, help="An instant, such as 2026-12-01T00:00:00Z.")
@click.option("--to", "last", required=True, help="An instant after it.")
@click.option("--zone", required=True, help="The therapist's time zone, such as Europe/Lisbon.")
@click.option("--json", "as_json", is_flag=True)
@one_line
def preview_command(file: BinaryIO, first: str, last: str, zone: str, as_json: bool) -> None:  # noqa: FBT001
    """Print what an imported calendar would block, and what in it cannot be used."""
    window = window_between(first, last, zone=zone)
    found = preview_calendar(file.read(MAX_CALENDAR_BYTES + 1), window=window, zone=zone)
    if as_json:
        show(found, as_json=True)
    elif "error" in found:
        raise OutsideBroken(found["error"])
    else:
        lines = [" to ".join(span) for span in found["busy"]] + found["warnings"]
        print_text("\n".join(lines) or "Nothing is busy.")
