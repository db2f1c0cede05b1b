"""`flask appointments list` prints for people and for programs."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import func, select, text

from clinic.booking.appointments.models import Appointment
from clinic.extensions import db
from clinic.foundation.database.transactions import session
from tests.conftest import POSTGRESQL
from tests.support.booking.booking_client import dump

COLUMNS = {
    "reference", "uid", "sequence", "status", "start", "end", "therapist", "session_type",
    "source", "external_id", "email", "conflict",
}  # fmt: skip


def test_appointments_are_listed_for_a_program(run, booked):
    code, out, _err = run("appointments", "list", "--json")

    rows = json.loads(out)
    assert (code, [set(row) for row in rows]) == (0, [COLUMNS, COLUMNS])
    assert [(row["start"], row["status"], row["email"]) for row in rows] == [
        ("2026-11-24T10:00:00Z", "confirmed", "alex@example.org"),
        ("2026-11-24T11:00:00Z", "confirmed", "alex@example.org"),
    ]


def test_appointments_are_listed_for_people_a_line_each(run, booked):
    code, out, _err = run("appointments", "list")

    assert (code, len(out.splitlines())) == (0, 2)
    assert "2026-11-24T10:00:00Z" in out.splitlines()[0]


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        (["--source", "site"], 2),
        (["--source", "calcom"], 0),
        (["--external-id", "nothing"], 0),
        (["--source", "site", "--external-id", "x"], 0),
    ],
)
def test_appointments_can_be_filtered(run, booked, arguments, count):
    code, out, _err = run("appointments", "list", "--json", *arguments)

    assert (code, len(json.loads(out))) == (0, count)


def test_couple_that_is_not_there_is_said_in_words(run, booked):
    code, out, err = run("ledger", "C-9999")

    assert (code, out) == (1, "")
    assert err == "Error: There is nothing here, or nothing that you may know of.\n"


def test_unknown_source_is_refused_with_the_choices(run, booked):
    code, _out, err = run("appointments", "list", "--json", "--source", "elsewhere")

    assert code == 2
    assert "'site', 'calcom', 'calendly', 'staff'" in err


def test_nothing_booked_is_an_empty_list(run):
    assert run("appointments", "list", "--json") == (0, "[]\n", "")


def test_listing_changes_nothing(app, run, booked):
    before = dump(app)

    run("appointments", "list", "--json")

    assert dump(app) == before


def test_database_without_tables_is_one_line(app, run):
    with app.app_context(), db.engine.begin() as connection:
        for table in ("manage_link", "appointment_change", "idempotency_key"):
            connection.execute(text(f"DROP TABLE {table}"))
        cascade = " CASCADE" if POSTGRESQL else ""
        connection.execute(text(f"DROP TABLE appointment{cascade}"))

    code, out, err = run("appointments", "list", "--json")

    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert err.startswith("Error: the database cannot be used: ")


def test_booked_rows_are_there(app, booked):
    with app.app_context():
        assert session().scalar(select(func.count()).select_from(Appointment)) == 2
