"""Run `flask demo` and `flask generate`: fill an empty installation with made-up data."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from clinic.command_output import one_line, print_text, show
from clinic.config import current_settings
from clinic.foundation.clock import clock
from clinic.sample_data.demo import load_demo
from clinic.sample_data.load_test import Amounts, generate


@click.command("demo")
@click.option("--json", "as_json", is_flag=True, help="Print what demo.json holds.")
@with_appcontext
@one_line
def demo(as_json: bool) -> None:  # noqa: FBT001 - click passes flags by name
    """Fill an empty database with the made-up demo clinic."""
    found = load_demo(current_settings(), now=clock.now())
    if as_json:
        show(found, as_json=True)
        return
    print_text("The demo clinic is there. It and everyone in it are made up. Sign-ins:")
    for account in found["accounts"]:
        print_text(f"  {account['role']:<11} {account['email']:<32} {account['password']}")


@click.command("generate")
@click.option("--past", default=0, help="Past appointments of each therapist.")
@click.option("--future", default=0, help="Coming appointments of each therapist.")
@click.option("--busy", default=0, help="Busy times from outside calendars.")
@click.option("--feed-events", default=0, help="Appointments within the window of the feeds.")
@click.option("--therapists", default=1)
@click.option("--couples", default=1)
@click.option("--notes", default=0, help="Signed notes of the first couple; a few of each other.")
@click.option("--json", "as_json", is_flag=True)
@with_appcontext
@one_line
def generate_command(*, as_json: bool, **amounts: int) -> None:
    """Fill an empty instance for load tests; print what was made."""
    settings = current_settings()
    found = generate(Amounts(**amounts), settings=settings, now=clock.now())
    show(found, as_json=as_json)
