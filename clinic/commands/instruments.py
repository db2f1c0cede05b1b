"""Run `flask instruments`: add, list and retire questionnaires."""

from __future__ import annotations

import sys
from typing import TextIO

import click
from flask.cli import AppGroup, with_appcontext

from clinic.command_output import one_line, print_text
from clinic.commands.operator import operator
from clinic.foundation.clock import clock
from clinic.practice.clinic.clinics import the_clinic
from clinic.practice.instruments.service import add_instrument, list_instruments, retire_instrument
from clinic.practice.rules.instruments import InstrumentBroken

instruments_group = AppGroup("instruments", help="Questionnaires the clinic may use.")


@instruments_group.command("add")
@click.argument("file", type=click.File("r", encoding="utf-8"))
@with_appcontext
@one_line
def add_instrument_command(file: TextIO) -> None:
    """Add an instrument's definition file to the clinic's instruments, or name every problem."""
    try:
        found = add_instrument(file.read(), actor=operator(), now=clock.now())
    except InstrumentBroken as refused:
        for problem in refused.problems:
            print_text(problem, err=True)
        sys.exit(1)
    print_text(f"{found.label} is on the shelf.")


@instruments_group.command("list")
@with_appcontext
@one_line
def list_instruments_command() -> None:
    """Show what is on the shelf."""
    for one in list_instruments(the_clinic().id):
        retired = "  (retired)" if one.retired_at else ""
        print_text(f"{one.instrument.label}  {one.instrument.name}{retired}")


@instruments_group.command("retire")
@click.argument("code")
@click.argument("version")
@click.argument("language")
@with_appcontext
@one_line
def retire_instrument_command(code: str, version: str, language: str) -> None:
    """Offer an instrument no longer; what was scored by it stays."""
    retire_instrument(code, version, language, actor=operator(), now=clock.now())
    print_text("It is no longer offered.")
