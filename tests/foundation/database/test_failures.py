"""What a database error means: each kind provoked for real, and the codes nobody can provoke here."""

from __future__ import annotations

import pytest
from sqlalchemy import exc, text
from sqlalchemy.exc import PendingRollbackError, SQLAlchemyError
from sqlalchemy.orm.exc import StaleDataError

from clinic.accounts.models import FailedSignIn
from clinic.extensions import db
from clinic.foundation.database.failures import (
    Failure,
    failure_of,
    failure_of_sqlite,
    failure_of_state,
    name_of,
)
from clinic.foundation.database.transactions import session, transaction
from tests.support.factories import NOW

STATES = {
    "23505": Failure.CONFLICT,  # unique
    "23P01": Failure.CONFLICT,  # exclusion
    "23502": Failure.FAULT,  # not null
    "23503": Failure.FAULT,  # foreign key
    "23514": Failure.FAULT,  # check
    "P0001": Failure.FAULT,  # raised by one of our triggers
    "42703": Failure.FAULT,  # no such column
    "42P01": Failure.UNAVAILABLE,  # no such table: the migrations have not run
    "22001": Failure.FAULT,  # too long
    "25P02": Failure.FAULT,  # a statement after one that failed
    "25006": Failure.UNAVAILABLE,  # read-only
    "40001": Failure.UNAVAILABLE,  # serialization
    "40P01": Failure.UNAVAILABLE,  # deadlock
    "53100": Failure.UNAVAILABLE,  # disk full
    "53300": Failure.UNAVAILABLE,  # too many connections
    "55P03": Failure.UNAVAILABLE,  # lock not available
    "57P01": Failure.UNAVAILABLE,  # admin shutdown
    "57P02": Failure.UNAVAILABLE,  # crash shutdown
    "57P03": Failure.UNAVAILABLE,  # cannot connect now
    "57014": Failure.UNAVAILABLE,  # statement timeout
    "08006": Failure.UNAVAILABLE,  # connection failure
    "58030": Failure.UNAVAILABLE,  # i/o error
}
CODES = {
    2067: Failure.CONFLICT,  # unique
    1555: Failure.CONFLICT,  # primary key
    2579: Failure.CONFLICT,  # rowid
    1299: Failure.FAULT,  # not null
    787: Failure.FAULT,  # foreign key
    275: Failure.FAULT,  # check
    1811: Failure.FAULT,  # a trigger
    1: Failure.FAULT,  # a wrong statement
    11: Failure.FAULT,  # corrupt
    5: Failure.UNAVAILABLE,  # busy
    517: Failure.UNAVAILABLE,  # busy: a snapshot that is no longer the newest
    8: Failure.UNAVAILABLE,  # read-only
    1032: Failure.UNAVAILABLE,  # read-only: the file was moved
    13: Failure.UNAVAILABLE,  # full
    778: Failure.UNAVAILABLE,  # i/o error on writing
    14: Failure.UNAVAILABLE,  # cannot open
}


@pytest.mark.parametrize("state", STATES)
def test_sqlstate_tells_a_lost_race_from_a_server_away_and_from_our_fault(state):
    assert failure_of_state(state) is STATES[state]


@pytest.mark.parametrize("code", CODES)
def test_sqlite_code_tells_a_lost_race_from_a_file_away_and_from_our_fault(code):
    assert failure_of_sqlite(code, "what it says") is CODES[code]


def test_overlapping_appointment_that_the_trigger_refuses_is_a_lost_race():
    assert failure_of_sqlite(1811, "appointment_no_overlap") is Failure.CONFLICT
    assert failure_of_sqlite(1811, "append_only: audit_entry") is Failure.FAULT


class DriverError(Exception):
    """Of a driver, without a code."""


def from_driver(kind, *, lost=False):
    return kind("SELECT 1", {}, DriverError("gone"), connection_invalidated=lost)


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (from_driver(exc.OperationalError), Failure.UNAVAILABLE),
        (from_driver(exc.InterfaceError), Failure.FAULT),
        (from_driver(exc.InterfaceError, lost=True), Failure.UNAVAILABLE),
        (from_driver(exc.DBAPIError, lost=True), Failure.UNAVAILABLE),
        (from_driver(exc.ProgrammingError), Failure.FAULT),
        (exc.TimeoutError("no connection was free"), Failure.UNAVAILABLE),
        (exc.DisconnectionError("stale"), Failure.UNAVAILABLE),
        (PendingRollbackError("the connection was lost", code="8s2b"), Failure.UNAVAILABLE),
        (PendingRollbackError("a flush failed", code="7s2a"), Failure.FAULT),
        (StaleDataError("nothing matched"), Failure.FAULT),
    ],
)
def test_error_without_a_code_is_unavailable_only_when_the_connection_is_to_blame(error, failure):
    assert failure_of(error) is failure


def a_count(**values):
    return FailedSignIn(
        **{"scope": "pair", "key_hash": b"1", "failures": 0, "last_failed_at": NOW} | values
    )


def again():
    with transaction() as current:
        current.add_all([a_count(), a_count()])


def without_a_scope():
    with transaction() as current:
        current.add(a_count(scope=None))


def no_such_column():
    session().execute(text("SELECT nothing FROM clinic"))


def no_such_table():
    session().execute(text("SELECT * FROM nowhere"))


def raised(deed):
    with pytest.raises(SQLAlchemyError) as caught:
        deed()
    db.session.rollback()
    return caught.value


def test_unique_violation_of_this_database_is_a_lost_race(context):
    assert failure_of(raised(again)) is Failure.CONFLICT


@pytest.mark.parametrize("deed", [without_a_scope, no_such_column])
def test_mistake_of_ours_in_this_database_is_our_fault(context, deed):
    assert failure_of(raised(deed)) is Failure.FAULT


def test_database_without_its_tables_is_not_ready(context):
    assert failure_of(raised(no_such_table)) is Failure.UNAVAILABLE


def test_name_for_the_log_is_class_and_code(context):
    names = {
        "sqlite": "IntegrityError SQLITE_CONSTRAINT_UNIQUE",
        "postgresql": "UniqueViolation 23505",
    }

    assert name_of(raised(again)) == names[db.engine.dialect.name]
