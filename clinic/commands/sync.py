"""Run `flask sync`: compare with the scheduling services."""

from __future__ import annotations

import click
from flask.cli import AppGroup, with_appcontext

from clinic.command_output import one_line, print_text, show
from clinic.foundation.clock import clock
from clinic.scheduling_services.sent.reconcile import reconcile_all

sync_group = AppGroup("sync", help="Scheduling services.")


@sync_group.command("reconcile")
@click.option("--json", "as_json", is_flag=True)
@with_appcontext
@one_line
def reconcile_command(as_json: bool) -> None:  # noqa: FBT001
    """Compare with Cal.com, make both sides equal, and list what differed."""
    found = [one.as_row() for one in reconcile_all(now=clock.now())]
    if found or as_json:
        show(found, as_json=as_json)
    else:
        print_text("Both sides agree.")
