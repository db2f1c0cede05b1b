"""Classify database errors by their codes: a race lost, a server away, our own fault. Pure.

SQLSTATE classes are those of PostgreSQL's manual, appendix A; numbers are SQLite's result codes.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import (
    DBAPIError,
    DisconnectionError,
    OperationalError,
    PendingRollbackError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

UNIQUE_VIOLATION = frozenset({"23505", "23P01"})
"""A unique and an exclusion constraint: a row that came first forbids this one."""
AWAY_CLASSES = frozenset({"08", "40", "53", "57", "58"})
"""Connection lost, rolled back by the server, out of resources, ended by an operator, disk."""
AWAY_STATES = frozenset({"25006", "25P03", "25P04", "42P01", "55P03"})
"""Read-only (a standby after a failover), ended for taking too long, without its tables yet, a lock
not to be had."""

SQLITE_CONSTRAINT_TRIGGER = 1811
SQLITE_UNIQUE = frozenset({1555, 2067, 2579})
"""SQLITE_CONSTRAINT_PRIMARYKEY, _UNIQUE and _ROWID."""
SQLITE_AWAY = frozenset({5, 6, 7, 8, 9, 10, 13, 14, 15})
"""BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, FULL, CANTOPEN and PROTOCOL."""
CONNECTION_GONE = "8s2b"
"""SQLAlchemy's own code of a statement on a connection that was lost within the transaction."""
NO_TABLE = "no such table: "
"""SQLite's word for a database whose migrations have not run; it has no code of its own."""
NO_OVERLAP = "appointment_no_overlap"
"""What the trigger says that stands in for PostgreSQL's exclusion constraint."""


class Failure(StrEnum):
    """What an error of the database means for whoever asked."""

    CONFLICT = "conflict"
    """Somebody else was first; nothing was stored."""
    UNAVAILABLE = "unavailable"
    """The database cannot do it just now; the same request may succeed later."""
    FAULT = "fault"
    """A mistake in our own statement: trying again cannot help."""


def failure_of_state(sqlstate: str) -> Failure:
    """Classify a PostgreSQL error by its SQLSTATE."""
    if sqlstate in UNIQUE_VIOLATION:
        return Failure.CONFLICT
    if sqlstate in AWAY_STATES or sqlstate[:2] in AWAY_CLASSES:
        return Failure.UNAVAILABLE
    return Failure.FAULT


def failure_of_sqlite(code: int, message: str) -> Failure:
    """Classify a SQLite error by its extended result code, and a trigger's by its message."""
    if code in SQLITE_UNIQUE:
        return Failure.CONFLICT
    if code == SQLITE_CONSTRAINT_TRIGGER and message == NO_OVERLAP:
        return Failure.CONFLICT
    is_away = code & 0xFF in SQLITE_AWAY or message.startswith(NO_TABLE)
    return Failure.UNAVAILABLE if is_away else Failure.FAULT


def failure_of(error: SQLAlchemyError) -> Failure:
    """Classify what SQLAlchemy raised: by the driver's code where it has one.

    An error without a code comes from the driver or the pool: the server refused or dropped the
    connection, or none was free in time.
    """
    driver_error = getattr(error, "orig", None)
    if isinstance(sqlstate := getattr(driver_error, "sqlstate", None), str):
        return failure_of_state(sqlstate)
    if isinstance(code := getattr(driver_error, "sqlite_errorcode", None), int):
        return failure_of_sqlite(code, str(driver_error))
    return Failure.UNAVAILABLE if _is_disconnection(error) else Failure.FAULT


def _is_disconnection(error: SQLAlchemyError) -> bool:
    if isinstance(error, PendingRollbackError):
        return error.code == CONNECTION_GONE
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    return lost or isinstance(error, (OperationalError, PoolTimeout, DisconnectionError))


def name_of(error: SQLAlchemyError) -> str:
    """Name the error for a log: class and code, never a text that may hold what was sent."""
    driver_error = getattr(error, "orig", None) or error
    codes = [getattr(driver_error, name, None) for name in ("sqlstate", "sqlite_errorname")]
    named = [type(driver_error).__name__, *(str(code) for code in codes if code)]
    return " ".join(named)


def remove_row_values(context: ExceptionContext) -> None:
    """Remove the values of rows from a driver's message (an engine's `handle_error` listener).

    PostgreSQL's DETAIL quotes the whole row that was refused, and a refused value (class 22)
    stands in the message itself; `hide_parameters` reaches neither.
    """
    driver_error = context.original_exception
    primary = getattr(getattr(driver_error, "diag", None), "message_primary", None)
    if primary is None:
        return
    sqlstate = getattr(driver_error, "sqlstate", None) or ""
    said = f"refused with SQLSTATE {sqlstate}" if sqlstate.startswith("22") else primary
    driver_error.args = (said,)
    if context.sqlalchemy_exception is not None:
        context.sqlalchemy_exception.args = (f"({type(driver_error).__name__}) {said}",)
