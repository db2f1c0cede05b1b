"""Run `flask worker` and `flask serve`."""

from __future__ import annotations

import click
from flask.cli import ScriptInfo, pass_script_info, with_appcontext

from clinic.command_output import one_line
from clinic.config import current_settings
from clinic.extensions import db
from clinic.foundation import outbox
from clinic.foundation.clock import clock
from clinic.foundation.crypto.data_keys import check_keys
from clinic.foundation.database.waiting import end_read_before_waiting
from clinic.operations.serve import serve
from clinic.operations.worker import run_worker


@click.command("worker")
@click.option("--once", is_flag=True, help="Deliver what is due, then end.")
@pass_script_info
@with_appcontext
@one_line
def worker(info: ScriptInfo, once: bool) -> None:  # noqa: FBT001
    """Deliver promised effects: mail, calendar changes, calls to other services."""
    check_keys()
    end_read_before_waiting()  # this command's own session does nothing more
    if once:
        while outbox.deliver_due(now=clock.now()):
            db.session.remove()
        return
    run_worker(info.load_app())


@click.command("serve")
@with_appcontext
@one_line
def serve_command() -> None:
    """Migrate, load the demo when the database is empty, and serve with a worker."""
    serve(current_settings())
