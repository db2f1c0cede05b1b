"""Run `flask accounts`: make the first account that can sign in."""

from __future__ import annotations

import click
from flask.cli import AppGroup, with_appcontext

from clinic.accounts.administration.service import create_account
from clinic.command_output import one_line, print_text
from clinic.foundation.clock import clock
from clinic.foundation.permissions.actors import Actor, Role
from clinic.practice.clinic.clinics import the_clinic
from clinic.practice.clinic.queries import get_therapist

accounts_group = AppGroup("accounts", help="Who can sign in.")


@accounts_group.command("create")
@click.argument("email")
@click.option("--name", required=True)
@click.option("--role", "roles", multiple=True, type=click.Choice([one.value for one in Role]))
@click.option("--therapist", help="The slug of the therapist this account belongs to.")
@click.password_option()
@with_appcontext
@one_line
def create_account_command(
    email: str, name: str, roles: tuple[str, ...], therapist: str | None, password: str
) -> None:
    """Make an account that can sign in; the password is asked for."""
    clinic = the_clinic()
    create_account(
        email=email,
        name=name,
        password=password,
        roles=[Role(role) for role in roles],
        therapist_id=get_therapist(clinic.id, therapist).id if therapist else None,
        actor=Actor(clinic_id=clinic.id, name="system:cli", is_system=True),
        now=clock.now(),
    )
    print_text("The account is there.")
