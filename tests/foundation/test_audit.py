"""The audit log: whatever is done to it afterwards is refused, or found and named."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from clinic.extensions import db
from clinic.foundation import audit
from clinic.foundation.audit import AuditEntry, AuditHead, first_broken_entry
from clinic.foundation.database.transactions import session, transaction
from clinic.foundation.permissions.actors import Actor
from tests.support.databases import POSTGRESQL
from tests.support.factories import NOW, make_clinic

COLUMNS = "seq, at, clinic_id, actor, action, object_kind, object_id, outcome, mac"


@pytest.fixture
def actor(context):
    return Actor(clinic_id=make_clinic().id, name="account:anna")


@pytest.fixture
def ten_entries(actor):
    for number in range(1, 11):
        write(actor, f"deed.{number}", now=NOW + timedelta(minutes=number))
    assert first_broken_entry(session()) is None
    session().rollback()


def write(actor, action, now=NOW):
    with transaction() as current:
        audit.record(current, action, kind="couple", object_id="c1", actor=actor, now=now)


def entries():
    session().rollback()
    return session().scalars(select(AuditEntry).order_by(AuditEntry.seq)).all()


def tamper(*statements):
    """What somebody with the database in their hands can do: take the guard away, write, go."""
    on_postgresql = db.engine.dialect.name == "postgresql"
    with db.engine.begin() as connection:
        if on_postgresql:
            connection.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER USER"))
        else:
            for event in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER tr_audit_entry_no_{event}"))
        for statement in statements:
            assert connection.execute(text(statement)).rowcount > 0
    session().rollback()
    session().expunge_all()


def test_entry_says_who_did_what_to_what_and_when(actor):
    write(actor, "couple.opened")

    [entry] = entries()
    assert (entry.seq, entry.at, entry.clinic_id) == (1, NOW, actor.clinic_id)
    assert (entry.actor, entry.action) == ("account:anna", "couple.opened")
    assert (entry.object_kind, entry.object_id, entry.outcome) == ("couple", "c1", "done")


def test_deeds_of_one_transaction_are_numbered_in_their_order(actor):
    with transaction() as current:
        for action in ("first", "second", "third"):
            audit.record(current, action, kind="couple", object_id="c1", actor=actor, now=NOW)

    assert [(e.seq, e.action) for e in entries()] == [(1, "first"), (2, "second"), (3, "third")]
    assert first_broken_entry(session()) is None


def test_deed_of_a_transaction_that_fails_leaves_no_entry_and_the_next_one_is_written(actor):
    with pytest.raises(RuntimeError), transaction() as current:
        audit.record(current, "undone", kind="couple", object_id="c1", actor=actor, now=NOW)
        raise RuntimeError
    write(actor, "done")

    assert [(e.seq, e.action) for e in entries()] == [(1, "done")]
    assert first_broken_entry(session()) is None


def test_deed_outside_a_transaction_is_a_mistake_that_is_said(actor):
    with pytest.raises(RuntimeError):
        audit.record(session(), "lost", kind="couple", object_id="c1", actor=actor, now=NOW)


def test_empty_log_is_whole(actor):
    assert first_broken_entry(session()) is None


NO_MAC = "decode(repeat('00', 32), 'hex')" if POSTGRESQL else "zeroblob(32)"
INSERTED = (
    "INSERT INTO audit_entry ({columns}) SELECT 5, at, clinic_id, actor, 'made.up', object_kind,"
    " object_id, outcome, mac FROM audit_entry WHERE seq = 4"
)
TAMPERINGS = {
    "changed actor": (["UPDATE audit_entry SET actor = 'account:eve' WHERE seq = 4"], 4),
    "changed action": (["UPDATE audit_entry SET action = 'nothing' WHERE seq = 1"], 1),
    "changed object": (["UPDATE audit_entry SET object_id = 'c2' WHERE seq = 10"], 10),
    "changed outcome": (["UPDATE audit_entry SET outcome = 'refused' WHERE seq = 7"], 7),
    "changed time": (["UPDATE audit_entry SET at = '2026-11-01 00:00:00' WHERE seq = 6"], 6),
    "removed": (["DELETE FROM audit_entry WHERE seq = 4"], 4),
    "removed and closed up": (
        [
            "DELETE FROM audit_entry WHERE seq = 4",
            *(f"UPDATE audit_entry SET seq = {n - 1} WHERE seq = {n}" for n in range(5, 11)),
        ],
        4,
    ),
    "inserted": (
        [
            *(f"UPDATE audit_entry SET seq = {n + 1} WHERE seq = {n}" for n in range(10, 4, -1)),
            INSERTED.format(columns=COLUMNS),
        ],
        5,
    ),
    "put after the end": (
        [
            INSERTED.format(columns=COLUMNS).replace("SELECT 5", "SELECT 11"),
        ],
        11,
    ),
    "reordered": (
        [
            "UPDATE audit_entry SET seq = 99 WHERE seq = 6",
            "UPDATE audit_entry SET seq = 6 WHERE seq = 7",
            "UPDATE audit_entry SET seq = 7 WHERE seq = 99",
        ],
        6,
    ),
    "cut at the end": (["DELETE FROM audit_entry WHERE seq > 8"], 9),
    "cut at the end, head set back": (
        ["DELETE FROM audit_entry WHERE seq > 8", "UPDATE audit_head SET seq = 8"],
        9,
    ),
    "emptied": (["DELETE FROM audit_entry"], 1),
    "cut at the end, head set to the last row's own number and MAC": (
        [
            "DELETE FROM audit_entry WHERE seq > 8",
            "UPDATE audit_head SET seq = 8, mac = (SELECT mac FROM audit_entry WHERE seq = 8)",
        ],
        9,
    ),
    "emptied, head set to nothing": (
        [
            "DELETE FROM audit_entry",
            f"UPDATE audit_head SET seq = 0, mac = {NO_MAC}",
        ],
        1,
    ),
    "emptied, head set to nothing and its seal taken off": (
        [
            "DELETE FROM audit_entry",
            f"UPDATE audit_head SET seq = 0, mac = {NO_MAC}, seal = NULL, sealed_by = NULL",
        ],
        1,
    ),
    "emptied, head set to nothing, and the key taken away": (
        [
            "DELETE FROM audit_entry",
            f"UPDATE audit_head SET seq = 0, mac = {NO_MAC}, seal = NULL, sealed_by = NULL",
            "DELETE FROM data_key WHERE purpose = 'audit'",
        ],
        1,
    ),
    "head taken away": (["DELETE FROM audit_head"], 11),
    "head named as sealed by nobody we know": (
        ["UPDATE audit_head SET sealed_by = 'somebody'"],
        11,
    ),
}


@pytest.mark.parametrize(("statements", "first_bad"), TAMPERINGS.values(), ids=TAMPERINGS)
def test_tampering_is_found_and_the_first_bad_entry_named(ten_entries, statements, first_bad):
    tamper(*statements)

    assert first_broken_entry(session()) == first_bad


def test_command_names_the_first_bad_entry_and_fails(app, ten_entries):
    runner = app.test_cli_runner()
    whole = runner.invoke(args=["audit", "verify"])
    tamper("UPDATE audit_entry SET actor = 'account:eve' WHERE seq = 4")
    broken = runner.invoke(args=["audit", "verify"])

    assert (whole.exit_code, whole.output) == (0, "The audit log is whole.\n")
    assert (broken.exit_code, broken.output) == (
        1,
        "Error: entry 4 of the audit log does not fit.\n",
    )


@pytest.mark.parametrize("table", ["audit_entry", "appointment_change"])
@pytest.mark.parametrize("change", ["UPDATE {table} SET actor = 'x'", "DELETE FROM {table}"])
def test_database_itself_refuses_to_change_what_is_append_only(context, table, change):
    from tests.support.factories import make_appointment, make_practice

    make_appointment(make_practice(), NOW + timedelta(days=1, hours=1))

    with pytest.raises(DBAPIError, match="append_only") as refused, db.engine.begin() as connection:
        connection.execute(text(change.format(table=table)))

    assert table in str(refused.value.orig)
    assert session().execute(text(f"SELECT count(*) FROM {table}")).scalar_one() > 0


def test_eight_writers_at_once_make_one_chain_without_a_gap(app):
    with app.app_context():
        actor = Actor(clinic_id=make_clinic().id, name="account:anna")
        db.session.remove()
    gate = Barrier(8)

    def writer(number):
        with app.app_context():
            gate.wait()
            for step in range(5):
                write(actor, f"deed.{number}.{step}")
            db.session.remove()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(writer, range(8)))

    with app.app_context():
        assert [entry.seq for entry in entries()] == list(range(1, 41))
        assert len({entry.action for entry in entries()}) == 40
        assert session().scalars(select(AuditHead)).one().seq == 40
        assert first_broken_entry(session()) is None


def test_long_log_is_verified_a_few_rows_at_a_time(ten_entries, monkeypatch):
    monkeypatch.setattr(audit, "ROWS_AT_ONCE", 3)
    whole = first_broken_entry(session())
    tamper("UPDATE audit_entry SET outcome = 'refused' WHERE seq = 9")

    assert (whole, first_broken_entry(session())) == (None, 9)


def test_log_that_somebody_writes_to_meanwhile_is_whole(app, ten_entries, actor, monkeypatch):
    read = audit._entries

    def read_after_another_write(current):
        with ThreadPoolExecutor(1) as pool:
            pool.submit(_write_elsewhere, app, actor).result()
        return read(current)

    monkeypatch.setattr(audit, "_entries", read_after_another_write)
    during = first_broken_entry(session())
    monkeypatch.setattr(audit, "_entries", read)

    assert (during, first_broken_entry(session()), len(entries())) == (None, None, 11)


def _write_elsewhere(app, actor):
    with app.app_context():
        write(actor, "meanwhile")
        db.session.remove()
