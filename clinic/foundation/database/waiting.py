"""Ends what was read before a thread waits for anything but the database.

A transaction that stays open harms everybody else: an open read keeps SQLite's write-ahead log
from being emptied and PostgreSQL from removing dead rows, an open write keeps others from
writing. So whatever waits for the network, a mail server, a child process, a terminal or the
next piece of work calls `end_read_before_waiting` first.
"""

from __future__ import annotations

import threading
from typing import Any
from weakref import WeakKeyDictionary

from flask import has_app_context
from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from clinic.extensions import db


class TransactionOpen(RuntimeError):
    """This code would wait while it keeps a transaction open; it has to be written otherwise."""


class _Checkouts:
    """Which threads have which connections of one engine."""

    def __init__(self, engine: Engine) -> None:
        self._threads: WeakKeyDictionary[ConnectionPoolEntry, int] = WeakKeyDictionary()
        event.listen(engine, "checkout", self._on_checkout)
        event.listen(engine, "checkin", self._on_checkin)

    def _on_checkout(self, _connection: Any, entry: ConnectionPoolEntry, _proxy: Any) -> None:
        self._threads[entry] = threading.get_ident()

    def _on_checkin(self, _connection: Any, entry: ConnectionPoolEntry) -> None:
        self._threads.pop(entry, None)

    def has_any(self, thread: int) -> bool:
        """Whether this thread has a connection that it did not give back."""
        return thread in list(self._threads.values())


_checkouts: WeakKeyDictionary[Engine, _Checkouts] = WeakKeyDictionary()


def watch_connections(engine: Engine) -> None:
    """Remember from now on which thread has which connection of this engine."""
    _checkouts[engine] = _Checkouts(engine)


def end_read_before_waiting() -> None:
    """End what this thread's session has read; without an app there is nothing to end.

    Its rows may be used afterwards: they are read again when they are. Raises `TransactionOpen`
    inside `transaction()`, with changes outside one, and while the thread has another connection.
    """
    if not has_app_context():
        return
    if db.session.registry.has():
        _end_read()
    checkouts = _checkouts.get(db.engine)
    if checkouts is not None and checkouts.has_any(threading.get_ident()):
        raise TransactionOpen("another session of this thread keeps a connection")


def end_reading(current: Session) -> None:
    """End what a session has read, also when the server has ended it already."""
    try:
        current.rollback()
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        current.rollback()


def _end_read() -> None:
    current = db.session()
    if current.info.get("writing"):
        raise TransactionOpen("this belongs after the transaction")
    if current.new or current.dirty or current.deleted:
        raise TransactionOpen("something was changed outside a transaction")
    end_reading(current)
