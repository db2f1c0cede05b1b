"""Run `flask outbox`: send a message again."""

from __future__ import annotations

import click
from flask.cli import AppGroup, with_appcontext

from clinic.command_output import one_line, print_text
from clinic.foundation import outbox
from clinic.foundation.clock import clock

outbox_group = AppGroup("outbox", help="Promised effects.")


@outbox_group.command("redeliver")
@click.argument("message_id", type=int)
@with_appcontext
@one_line
def redeliver(message_id: int) -> None:
    """Send a dead or waiting message again."""
    outbox.redeliver(message_id, now=clock.now())
    print_text("It is in front of the queue again.")
