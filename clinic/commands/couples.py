"""Run `flask couples` and `flask ledger`: couples' records as files, and their figures."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

import click
from flask.cli import AppGroup, with_appcontext

from clinic.command_output import one_line, print_text, show
from clinic.commands.operator import operator
from clinic.foundation.clock import clock
from clinic.notes.pages.overview import couple_ledger
from clinic.notes.record_file.export_record import export_record
from clinic.notes.record_file.import_record import RecordRefused, import_record
from clinic.notes.record_file.json_schema import record_schema_text
from clinic.notes.record_file.unreadable_texts import find_unreadable_texts

couples_group = AppGroup("couples", help="Couples' records as files.")


@click.command("ledger")
@click.argument("code")
@click.option("--json", "as_json", is_flag=True)
@with_appcontext
@one_line
def ledger_command(code: str, as_json: bool) -> None:  # noqa: FBT001
    """Show the measures of a couple's course."""
    _course, ledger = couple_ledger(code, actor=operator(), now=clock.now())
    found = ledger.to_json()
    if as_json:
        show(found, as_json=True)
        return
    for name, value in found.items():
        print_text(f"{name}: {json.dumps(value, ensure_ascii=False)}")


@couples_group.command("export")
@click.argument("code")
@with_appcontext
@one_line
def export_command(code: str) -> None:
    """Print a couple's record as one JSON document."""
    print_text(export_record(code, actor=operator(), now=clock.now()), nl=False)


@couples_group.command("import")
@click.argument("file", type=click.File("r", encoding="utf-8"))
@with_appcontext
@one_line
def import_command(file: Any) -> None:
    """Store a couple's record from a file: all of it or, with every problem named, nothing."""
    try:
        code = import_record(file.read(), now=clock.now())
    except UnicodeDecodeError:
        print_text("the file: This is not a text in UTF-8.", err=True)
        sys.exit(1)
    except RecordRefused as refused:
        for place, said in refused.problems:
            print_text(f"{place or 'the file'}: {said}", err=True)
        sys.exit(1)
    print_text(f"{code} is there.")


@couples_group.command("schema")
@with_appcontext
def schema_command() -> None:
    """Print the JSON Schema that a couple's record as a file follows."""
    print_text(record_schema_text(), nl=False)


@couples_group.command("unreadable")
@click.option("--json", "as_json", is_flag=True)
@with_appcontext
@one_line
def unreadable_command(as_json: bool) -> None:  # noqa: FBT001
    """List the texts that are shown with marks for characters refused by now; never the text."""
    found = [asdict(one) for one in find_unreadable_texts()]
    if found or as_json:
        show(found, as_json=as_json)
    else:
        print_text("Every text can be shown as it was written.")
