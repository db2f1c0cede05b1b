"""Run `flask clinic`: open the clinic of a new installation."""

from __future__ import annotations

from typing import Any

import click
from flask.cli import AppGroup, with_appcontext

from clinic.booking.rules.contact_details import check_email, check_time_zone
from clinic.command_output import one_line, print_text
from clinic.foundation.clock import clock
from clinic.foundation.errors import ClinicError
from clinic.practice.clinic.clinics import open_clinic

clinic_group = AppGroup("clinic", help="The clinic of this installation.")


@clinic_group.command("open")
@click.argument("slug")
@click.option("--name", required=True)
@click.option("--short-name", required=True, help="What mails and calendars call it.")
@click.option("--time-zone", required=True, help="IANA name, for instance Europe/Lisbon.")
@click.option("--email", required=True)
@click.option("--language", type=click.Choice(["en", "pt"]), default="en")
@with_appcontext
@one_line
def open_command(**details: Any) -> None:
    """Open a clinic in a new installation."""
    if problems := check_time_zone(details["time_zone"]) + check_email(details["email"]):
        raise ClinicError(problems[0])
    clinic = open_clinic(**details, now=clock.now())
    print_text(f"{clinic.name} is open. Next: flask accounts create EMAIL --role admin")
