from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from clinic.booking.appointments.models import Appointment
from clinic.command_line import show
from clinic.extensions import db
from clinic.foundation.audit_anchors import sign_anchor, store_anchor
from clinic.foundation.clock import clock
from clinic.foundation.crypto.key_wrapping import KeyRing
from clinic.foundation.database.transactions import session
from clinic.foundation.outbox import OutboxMessage
from tests.conftest import POSTGRESQL
from tests.support.booking.booking_client import dump
from tests.support.factories import NOW, make_appointment, make_practice

TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)
COLUMNS = {
    "reference", "uid", "sequence", "status", "start", "end", "therapist", "session_type",
    "source", "external_id", "email", "conflict",
}  # fmt: skip


@pytest.fixture
def run(app):
    """Run a command in the app under test: exit code, output, errors."""
    runner = app.test_cli_runner()

    def invoke(*arguments):
        result = runner.invoke(args=list(arguments))
        return result.exit_code, result.stdout, result.stderr

    return invoke


@pytest.fixture
def booked(app):
    with app.app_context():
        practice = make_practice()
        for hours in (1, 0):
            make_appointment(practice, TEN + timedelta(hours=hours))
        db.session.remove()
    return practice


def messages(app, *conditions):
    with app.app_context():
        return session().scalar(select(func.count()).select_from(OutboxMessage).where(*conditions))


def test_demo_prints_what_demo_json_holds(run, tmp_path):
    code, out, err = run("demo", "--json")

    assert (code, err) == (0, "")
    assert json.loads(out) == json.loads((tmp_path / "demo.json").read_text(encoding="utf-8"))


def test_demo_prints_the_sign_ins_for_people(run):
    code, out, _err = run("demo")

    lines = out.splitlines()
    assert (code, len(lines)) == (0, 6)
    assert lines[1].split(maxsplit=2)[:2] == ["admin", "admin@harbour-lane.example"]


def test_second_demo_is_one_line_and_exit_code_one(run, booked):
    code, out, err = run("demo", "--json")

    assert (code, out) == (1, "")
    assert err == (
        "Error: There is a clinic in this database already; the demo needs an empty one.\n"
    )


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


def test_worker_once_delivers_what_is_due_and_ends(app, run, booked, tmp_path):
    due = messages(app, OutboxMessage.done_at.is_(None))
    clock.freeze(NOW)

    assert run("worker", "--once") == (0, "", "")

    assert (due > 0, messages(app, OutboxMessage.done_at.is_(None))) == (True, 0)
    assert len(list(tmp_path.glob("mail/*.eml"))) == 2


def test_worker_with_keys_that_do_not_fit_is_one_line(app, run, booked):
    app.extensions["key_ring"] = KeyRing.parse("b3RoZXIga2V5LCAzMiBieXRlcyBsb25nLCBhdCBsZWE=")

    code, out, err = run("worker", "--once")

    assert (code, out, err.startswith("Error: "), len(err.splitlines())) == (1, "", True, 1)


def test_audit_log_that_is_whole_says_so(run, booked):
    assert run("audit", "verify") == (0, "The audit log is whole.\n", "")


@pytest.mark.skipif(POSTGRESQL is not None, reason="the guard is taken off as SQLite does it")
def test_audit_log_that_was_tampered_with_names_the_entry(app, run, booked):
    with app.app_context(), db.engine.begin() as connection:
        guards = connection.execute(
            text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'audit%'")
        ).scalars()
        for name in list(guards):
            connection.execute(text(f"DROP TRIGGER {name}"))
        connection.execute(text("UPDATE audit_entry SET actor = 'nobody' WHERE seq = 2"))

    code, _out, err = run("audit", "verify")

    assert (code, err) == (1, "Error: entry 2 of the audit log does not fit.\n")


def test_audit_log_says_which_anchor_it_does_not_bear_out(app, run, booked):
    with app.app_context():
        good = sign_anchor(session(), now=NOW)
    wrong = replace(good, seq=99)
    store_anchor(app.extensions["settings"].instance, good)

    assert run("audit", "verify", "--anchor", good.line) == (0, "The audit log is whole.\n", "")
    assert run("audit", "verify", "--anchor", wrong.line) == (
        1,
        "",
        f"Error: The anchor of {wrong.at} was not signed here.\n",
    )


def test_audit_log_without_an_anchor_for_two_days_says_so(app, run, booked):
    clock.freeze(clock.now() + timedelta(days=3))

    assert run("audit", "verify") == (
        1,
        "",
        "Error: it has had no anchor since 2026-11-23: is a worker running?\n",
    )


def test_dead_message_is_put_in_front_again(app, run, booked):
    with app.app_context():
        message = session().scalars(select(OutboxMessage).order_by(OutboxMessage.id)).first().id

    code, out, err = run("outbox", "redeliver", str(message))

    assert (code, out, err) == (0, "It is in front of the queue again.\n", "")


@pytest.mark.parametrize(("argument", "expected"), [("999999", 1), ("x", 2), ("-1", 2)])
def test_message_that_is_not_there_is_an_error(run, booked, argument, expected):
    code, _out, err = run("outbox", "redeliver", argument)

    assert (code, "Traceback" in err) == (expected, False)


def test_database_without_tables_is_one_line(app, run):
    with app.app_context(), db.engine.begin() as connection:
        for table in ("manage_link", "appointment_change", "idempotency_key"):
            connection.execute(text(f"DROP TABLE {table}"))
        cascade = " CASCADE" if POSTGRESQL else ""
        connection.execute(text(f"DROP TABLE appointment{cascade}"))

    code, out, err = run("appointments", "list", "--json")

    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert err.startswith("Error: the database cannot be used: ")


def test_show_prints_json_with_every_letter_as_it_is(capsys):
    show([{"name": "Inês", "n": 1}], as_json=True)
    show({"name": "Inês", "n": 1}, as_json=False)

    out = capsys.readouterr().out
    assert out == '[\n  {\n    "name": "Inês",\n    "n": 1\n  }\n]\nInês  1\n'


@pytest.mark.parametrize(
    "command",
    [
        ("appointments", "list"),
        ("audit", "verify"),
        ("couples", "export", "COUPLE"),
        ("instruments", "list"),
        ("keys", "rotate"),
        ("ledger", "COUPLE"),
    ],
)
def test_no_transaction_is_open_while_a_command_prints(app, demo, run, monkeypatch, command):
    """Whoever reads, perhaps in a pager, may take their time."""
    with app.app_context():
        pool = db.engine.pool
    in_use = []
    monkeypatch.setattr(
        "clinic.command_line.click.echo", lambda *_a, **_o: in_use.append(pool.checkedout())
    )

    code, _out, _err = run(*(demo["couples"][0] if one == "COUPLE" else one for one in command))

    assert (code, set(in_use)) == (0, {0})


def test_every_command_has_a_line_of_help(app):
    named = {"demo", "worker", "serve", "appointments", "audit", "outbox"}

    assert named <= set(app.cli.commands)
    assert [name for name in named if not app.cli.commands[name].get_short_help_str()] == []


def test_booked_rows_are_there(app, booked):
    with app.app_context():
        assert session().scalar(select(func.count()).select_from(Appointment)) == 2
