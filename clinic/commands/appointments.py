"""Run `flask appointments`: list them for people and programs."""

from __future__ import annotations

import click
from flask.cli import AppGroup, with_appcontext

from clinic.booking.appointments.json_list import list_appointments
from clinic.command_output import one_line, show

appointments_group = AppGroup("appointments", help="Appointments, for people and programs.")


@appointments_group.command("list")
@click.option("--json", "as_json", is_flag=True)
@click.option("--external-id")
@click.option("--source", type=click.Choice(["site", "calcom", "calendly", "staff"]))
@with_appcontext
@one_line
def list_command(as_json: bool, external_id: str | None, source: str | None) -> None:  # noqa: FBT001
    """List appointments by start."""
    show(list_appointments(external_id=external_id, source=source), as_json=as_json)
