"""`flask accounts create` makes the first account of a new installation."""

from __future__ import annotations

from clinic.accounts.administration.queries import list_accounts
from clinic.practice.clinic.clinics import the_clinic
from tests.support.factories import NOW
from tests.support.setting_up import OPEN

CREATE = ["accounts", "create", "admin@quiet-street.example", "--name", "Admin", "--role", "admin"]
PASSWORD = "a long sentence nobody guesses"


def test_clinic_is_opened_and_its_first_account_made_from_the_command_line(app):
    run = app.test_cli_runner().invoke

    opened = run(args=OPEN)
    made = run(args=CREATE, input=f"{PASSWORD}\n{PASSWORD}\n")

    assert (opened.exit_code, made.exit_code) == (0, 0)
    with app.app_context():
        clinic = the_clinic()
        assert (clinic.slug, clinic.time_zone) == ("quiet-street", "Europe/Lisbon")
        assert [account.roles for account in list_accounts(clinic.id, now=NOW)] == [("admin",)]


def test_weak_password_is_refused(app):
    run = app.test_cli_runner().invoke
    run(args=OPEN)

    answer = run(args=CREATE, input="short\nshort\n")

    assert answer.exit_code == 1
    assert "password" in answer.stderr
