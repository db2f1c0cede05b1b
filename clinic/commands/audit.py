"""Run `flask audit`: verify the audit log."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup, with_appcontext

from clinic.command_output import one_line, print_text
from clinic.config import current_settings
from clinic.foundation import audit
from clinic.foundation.audit_anchors import (
    OVERDUE_AFTER,
    anchor_problems,
    last_anchored,
    stored_anchors,
)
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import session

audit_group = AppGroup("audit", help="The audit log.")


@audit_group.command("verify")
@click.option(
    "--anchor", "received", multiple=True, help="A line that was sent by mail or webhook."
)
@with_appcontext
@one_line
def verify_audit(received: tuple[str, ...]) -> None:
    """Check that the audit log is whole and still holds what each anchor of it names."""
    broken = audit.first_broken_entry(session())
    problems = [] if broken is None else [f"entry {broken} of the audit log does not fit."]
    stored = stored_anchors(current_settings().instance)
    problems += anchor_problems(session(), [*stored, *received])
    last = last_anchored(session(), [*stored, *received])
    if last is not None and last < clock.now() - OVERDUE_AFTER:
        problems.append(f"it has had no anchor since {last:%Y-%m-%d}: is a worker running?")
    for problem in problems:
        print_text(f"Error: {problem}", err=True)
    if problems:
        sys.exit(1)
    print_text("The audit log is whole.")
