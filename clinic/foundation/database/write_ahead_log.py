"""Moves SQLite's write-ahead log into the database and cuts it to nothing.

SQLite moves pages by itself while it commits, but starts the log anew only at a moment when
nobody reads, which a busy server seldom has; and a plain copy of the database file holds only
what was moved. PostgreSQL looks after its own log.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from clinic.foundation.database.transactions import LOG_PAGES

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How it went. With `is_whole` the log is empty; else somebody read or wrote meanwhile."""

    is_whole: bool
    pages_left: int


def checkpoint(engine: Engine) -> Checkpoint | None:
    """Move what can be moved and, if nobody uses it, empty the log; None on PostgreSQL.

    Waits for nobody, and nobody waits for it longer than the copying takes.
    """
    if engine.dialect.name != "sqlite":
        return None
    with engine.connect() as plain:
        connection = plain.execution_options(sqlite_begin=None)
        patience = connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()
        connection.exec_driver_sql("PRAGMA busy_timeout = 0")
        try:
            found = _checkpoint(connection)
        finally:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {patience}")
    if found.pages_left > LOG_PAGES:
        log.warning("%s pages of the write-ahead log are held by a reader", found.pages_left)
    return found


def _checkpoint(connection: Connection) -> Checkpoint:
    busy, pages, moved = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    return Checkpoint(is_whole=not busy, pages_left=pages - moved)
