"""Databases for tests: on SQLite a file, with TEST_DATABASE_URL one on that PostgreSQL server.

A template is a database that nobody is connected to; a test gets a copy of it in milliseconds.
On PostgreSQL, where a copy is some 600 files, the tests of a worker share one copy of the empty
template, emptied after each.
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
    yield _named(name)
    _on_server(f'DROP DATABASE "{name}" WITH (FORCE)')


class SharedDatabase:
    """A copy of the empty template on PostgreSQL that one test after the other has for itself."""

    def __init__(self, name: str, template: str) -> None:
        self._name, self._template = name, template
        self._make()

    def _make(self) -> None:
        _on_server(
            f'CREATE DATABASE "{self._name}" TEMPLATE "{self._template}"{_by_copying_files()}'
        )
        self._ours = psycopg.connect(plain_url(_named(self._name)), autocommit=True)
        self._ours.execute(_MAKE_EMPTYING)
        self._schema = self._read_schema()

    @contextmanager
    def lent(self) -> Iterator[str]:
        """Its URL for the length of a test; after it no row and no connection of the test is left.

        Where the test changed a table itself, the database is made anew.
        """
        yield _named(self._name)
        self._ours.execute(_END_OTHERS)
        if self._read_schema() == self._schema:
            self._empty()
            return
        self.drop()
        self._make()

    def _empty(self) -> None:
        """Delete every row; what is then vacuumed begins anew, so that rows stand in the order of writing."""
        (emptied,) = self._ours.execute("SELECT pg_temp.empty_every_table()").fetchone() or ("",)
        if emptied:
            self._ours.execute(f"VACUUM (INDEX_CLEANUP ON) {emptied}")

    def drop(self) -> None:
        """Remove it from the server."""
        self._ours.close()
        _on_server(f'DROP DATABASE "{self._name}" WITH (FORCE)')

    def _read_schema(self) -> tuple[object, ...] | None:
        return self._ours.execute(_SCHEMA).fetchone()


_END_OTHERS = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_SCHEMA = """
SELECT (SELECT sum(hashtext(attname) + attrelid::bigint + atttypid::bigint + attnotnull::int)
        FROM pg_attribute WHERE attrelid >= 16384 AND attnum > 0),
       (SELECT sum(hashtext(c::text)) FROM pg_constraint c),
       (SELECT sum(hashtext(t::text)) FROM pg_trigger t),
       (SELECT sum(hashtext(p::text)) FROM pg_proc p WHERE oid >= 16384 AND pronamespace = 'public'::regnamespace),
       (SELECT count(*) FROM pg_db_role_setting)
"""
_MAKE_EMPTYING = """
DO $make$
DECLARE
    known record;
    held bigint;
    steps text := '';
BEGIN
    FOR known IN SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('CREATE TEMP TABLE %I AS TABLE public.%I', 'at_first_' || known.name, known.name);
        GET DIAGNOSTICS held = ROW_COUNT;
        IF held = 0 THEN
            EXECUTE format('DROP TABLE pg_temp.%I', 'at_first_' || known.name);
            steps := steps || format(
                'IF EXISTS (SELECT FROM public.%1$I) THEN
                    DELETE FROM public.%1$I;
                    emptied := emptied || ''public.%1$I''::text;
                END IF;', known.name);
        ELSE
            steps := steps || format('
                IF (SELECT sum(hashtextextended(t::text, 0)) FROM public.%1$I t)
                    IS DISTINCT FROM (SELECT sum(hashtextextended(t::text, 0)) FROM pg_temp.%2$I t)
                THEN
                    DELETE FROM public.%1$I;
                    INSERT INTO public.%1$I TABLE pg_temp.%2$I;
                END IF;', known.name, 'at_first_' || known.name);
        END IF;
    END LOOP;
    EXECUTE format('CREATE FUNCTION pg_temp.empty_every_table() RETURNS text LANGUAGE plpgsql
        SET session_replication_role = replica AS %L',
        'DECLARE emptied text[] := ''{}''; BEGIN ' || steps
            || ' RETURN array_to_string(emptied, '', ''); END');
END
$make$
"""
"""No trigger and no foreign key is asked while rows are deleted as a replica.

What the migrations put there themselves (vocabularies, the clinic) is as it was at first.
"""


def as_template(folder: Path, name: str) -> str:
    """Leave the app's database for good; what `new_database` copies it by."""
    db.session.remove()  # a reader left open would make the checkpoint wait
    if not POSTGRESQL:
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    db.engine.dispose()
    return name if POSTGRESQL else str(folder / "clinic.db")


def _named(name: str) -> str:
    assert POSTGRESQL is not None
    return make_url(POSTGRESQL).set(database=name).render_as_string(hide_password=False)


def _on_server(statement: str) -> None:
    _server().execute(statement)


def _by_copying_files() -> str:
    """Half the work of writing each page to the log; before PostgreSQL 15 there is no other way."""
    return " STRATEGY FILE_COPY" if _server().info.server_version >= 150_000 else ""


@cache
def _server() -> psycopg.Connection:
    """One connection of ours for the whole run; a new one costs the server a process each time."""
    assert POSTGRESQL is not None
    connection = psycopg.connect(plain_url(POSTGRESQL), autocommit=True)
    atexit.register(connection.close)
    return connection


def plain_url(url: str) -> str:
    """Return the URL as psycopg reads it, without SQLAlchemy's name of the driver."""
    return url.replace("postgresql+psycopg://", "postgresql://")


def read_only(url: str) -> str:
    """The URL of the same database, opened so that it refuses to write."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return f"sqlite:///file:{parsed.database}?mode=ro&uri=true"
    asked = {"options": "-c default_transaction_read_only=on"}
    return parsed.update_query_dict(asked).render_as_string(hide_password=False)
