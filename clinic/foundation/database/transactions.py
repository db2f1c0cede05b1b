"""Tables' common base, UTC instants, and the one way to write: `with transaction():`.

On SQLite a write transaction starts with BEGIN IMMEDIATE, so that check and write are one step
and a second writer waits instead of failing half-way; on PostgreSQL the services lock the rows
they decide on.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Engine, MetaData, String, event, func, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from clinic.extensions import db
from clinic.foundation.database.failures import Failure, failure_of, remove_row_values
from clinic.foundation.database.waiting import end_reading, watch_connections
from clinic.foundation.texts.posted_texts import refuse_unkeepable_texts

BUSY_TIMEOUT_MS = 20_000
LOG_PAGES = 1_000
"""SQLite moves its write-ahead log into the database when it has this many pages (of 4 KiB)."""
LARGEST_LOG_BYTES = 8 * 1024 * 1024
"""A log that grew beyond this while somebody was reading is cut back when it starts anew."""
LONGEST_IDLE_TRANSACTION_MS = 60_000
"""PostgreSQL ends a session that leaves a transaction open without asking anything for so long.

Nothing of ours should (see `waiting`); this is for what was overlooked.
"""

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

ID = String(32)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC instant. SQLite keeps no zone, so it is taken off and put back here."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times; store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive time cannot be stored: which zone is it in?")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give an aware UTC instant back."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The base of every table."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: UtcDateTime()}  # noqa: RUF012 - SQLAlchemy's own name


def new_id() -> str:
    """128 random bits as 32 hexadecimal digits: the key of a row, known before it is stored."""
    return secrets.token_hex(16)


def session() -> Session:
    """The session of this request or command, for reading."""
    return db.session()


@contextmanager
def transaction(*, audits_read: bool = False) -> Iterator[Session]:
    """One use case, all or nothing: commit when the block ends, roll back when it raises.

    Reads made before it in the same session are dropped first, so that everything decided inside
    is decided on what the write lock protects. A transaction inside a transaction joins it.
    Raises `UnkeepableTexts` in a request whose form holds one, until that was said; but not where
    it `audits_read`: nothing posted is written, and the page that says so has to read.
    """
    current = db.session()
    if current.info.get("writing"):
        yield current
        return
    if not audits_read:
        refuse_unkeepable_texts()
    if current.new or current.dirty or current.deleted:
        raise RuntimeError("something was changed outside a transaction")
    end_reading(current)
    current.info["writing"] = True
    current.info["before_commit"] = []
    try:
        current.connection(execution_options={"sqlite_begin": "IMMEDIATE"})
        yield current
        current.flush()
        for before in current.info["before_commit"]:
            before(current)
        current.commit()
    except BaseException:
        current.rollback()
        raise
    finally:
        del current.info["writing"]
        del current.info["before_commit"]


def lock_name(current: Session, name: bytes) -> None:
    """Let one transaction at a time hold this name, until it ends.

    SQLite's write lock already does that; PostgreSQL takes an advisory lock.
    """
    if current.get_bind().dialect.name == "postgresql":
        number = int.from_bytes(hashlib.sha256(name).digest()[:8], "big", signed=True)
        current.execute(select(func.pg_advisory_xact_lock(number)))


def before_commit(current: Session) -> list[Callable[[Session], None]]:
    """What runs as the last thing of the running transaction; forgotten when it rolls back."""
    if not current.info.get("writing"):
        raise RuntimeError("this belongs inside a transaction")
    actions: list[Callable[[Session], None]] = current.info["before_commit"]
    return actions


def give_back_session(_error: BaseException | None = None) -> None:
    """End the session of this request or command, also on a connection that is lost.

    Its rollback would raise after the answer was made, and turn the answer into a 500.
    """
    try:
        db.session.remove()
    except SQLAlchemyError as error:
        if failure_of(error) is not Failure.UNAVAILABLE:
            raise
        db.session().invalidate()
        db.session.remove()


def prepare_engine(engine: Engine) -> None:
    """Set what each new connection needs, and watch who has one."""
    watch_connections(engine)
    if engine.dialect.name == "postgresql":
        event.listen(engine, "connect", _prepare_postgresql)
    event.listen(engine, "handle_error", remove_row_values)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    """Bound how long a forgotten transaction can live; said for the whole session."""
    connection.autocommit = True
    connection.execute(f"SET idle_in_transaction_session_timeout = {LONGEST_IDLE_TRANSACTION_MS}")
    connection.autocommit = False


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """WAL with synchronous=FULL: an acknowledged booking or note survives a power cut."""
    connection.isolation_level = None  # transactions begin where we say, not where the driver likes
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
    cursor.execute(f"PRAGMA journal_size_limit = {LARGEST_LOG_BYTES}")
    cursor.execute("PRAGMA trusted_schema = OFF")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    kind = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
    if kind is not None:  # some pragmas work outside of transactions only
        connection.exec_driver_sql(f"BEGIN {kind}")
