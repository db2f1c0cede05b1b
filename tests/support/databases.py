"""Databases for tests: on SQLite a file, with TEST_DATABASE_URL one on that PostgreSQL server.

A template is a database that nobody is connected to; a test gets a copy of it in milliseconds.
"""

from __future__ import annotations

import atexit
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

from clinic.extensions import db

POSTGRESQL = os.environ.get("TEST_DATABASE_URL")


@dataclass(frozen=True)
class DemoTemplate:
    """A template with the demo clinic, the folder of its `demo.json`, and what loading it gave."""

    database: str
    folder: Path
    found: dict[str, Any]


@contextmanager
def new_database(folder: Path, name: str, template: str | None = None) -> Iterator[str]:
    """The URL of an empty database, or of a copy of a template, for as long as the block runs."""
    if not POSTGRESQL:
        path = folder / "clinic.db"
        if template:
            shutil.copy(template, path)
        yield f"sqlite:///{path}"
        return
    copied = f' TEMPLATE "{template}"{_by_copying_files()}' if template else ""
    _on_server(f'CREATE DATABASE "{name}"{copied}')
    yield make_url(POSTGRESQL).set(database=name).render_as_string(hide_password=False)
    _on_server(f'DROP DATABASE "{name}" WITH (FORCE)')


def as_template(folder: Path, name: str) -> str:
    """Leave the app's database for good; what `new_database` copies it by."""
    db.session.remove()  # a reader left open would make the checkpoint wait
    if not POSTGRESQL:
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    db.engine.dispose()
    return name if POSTGRESQL else str(folder / "clinic.db")


def _on_server(statement: str) -> None:
    _server().execute(statement)


def _by_copying_files() -> str:
    """Half the work of writing each page to the log; before PostgreSQL 15 there is no other way."""
    return " STRATEGY FILE_COPY" if _server().info.server_version >= 150_000 else ""


@cache
def _server() -> psycopg.Connection:
    """One connection of ours for the whole run; a new one costs the server a process each time."""
    assert POSTGRESQL is not None
    plain = POSTGRESQL.replace("postgresql+psycopg://", "postgresql://")
    connection = psycopg.connect(plain, autocommit=True)
    atexit.register(connection.close)
    return connection


def read_only(url: str) -> str:
    """The URL of the same database, opened so that it refuses to write."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return f"sqlite:///file:{parsed.database}?mode=ro&uri=true"
    asked = {"options": "-c default_transaction_read_only=on"}
    return parsed.update_query_dict(asked).render_as_string(hide_password=False)
