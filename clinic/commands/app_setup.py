"""Add the commands to the application."""

from __future__ import annotations

from flask import Flask

from clinic.commands.accounts import accounts_group
from clinic.commands.appointments import appointments_group
from clinic.commands.audit import audit_group
from clinic.commands.calendars import calendars_group
from clinic.commands.clinic import clinic_group
from clinic.commands.couples import couples_group, ledger_command
from clinic.commands.demo import demo, generate_command
from clinic.commands.instruments import instruments_group
from clinic.commands.keys import keys_group
from clinic.commands.outbox import outbox_group
from clinic.commands.serve import serve_command, worker
from clinic.commands.sync import sync_group


def init_app(app: Flask) -> None:
    """Add the commands to the app."""
    for command in (
        demo,
        generate_command,
        worker,
        serve_command,
        appointments_group,
        calendars_group,
        audit_group,
        outbox_group,
        clinic_group,
        accounts_group,
        sync_group,
        couples_group,
        instruments_group,
        keys_group,
        ledger_command,
    ):
        app.cli.add_command(command)
