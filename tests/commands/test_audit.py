"""`flask audit verify` names what does not fit."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from clinic.extensions import db
from clinic.foundation.audit_anchors import sign_anchor, store_anchor
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import session
from tests.conftest import POSTGRESQL
from tests.support.factories import NOW


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
