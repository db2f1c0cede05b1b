"""Monitors ask by address, and "ready" means that something can be stored."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Thread

import pytest
from sqlalchemy import event, text

from app import create_app
from clinic.extensions import db
from clinic.foundation.database.transactions import transaction
from clinic.web.shell import probes
from clinic.web.shell.probes import is_address
from tests.conftest import POSTGRESQL
from tests.support.factories import make_clinic

ADDRESSES = ["127.0.0.1", "127.0.0.1:8000", "10.1.2.3:80", "[::1]", "[2001:db8::1]:8000"]
on_sqlite = pytest.mark.skipif(POSTGRESQL is not None, reason="about the SQLite file")
on_postgresql = pytest.mark.skipif(POSTGRESQL is None, reason="about PostgreSQL")


@pytest.fixture
def in_production(settings, context):
    make_clinic()
    app = create_app(replace(settings, base_url="https://clinic.example", production=True))
    yield app.test_client()
    with app.app_context():
        db.engine.dispose()


@pytest.mark.parametrize("host", [*ADDRESSES, "localhost:8000"])
def test_probes_are_answered_by_address_and_pages_are_not(in_production, host):
    answers = {
        path: in_production.get(path, headers={"Host": host}).status_code
        for path in ("/healthz", "/readyz", "/", "/login", "/readyz/", "/api/v1/therapists")
    }

    assert answers == {
        "/healthz": 200,
        "/readyz": 200,
        "/": 400,
        "/login": 400,
        "/readyz/": 400,
        "/api/v1/therapists": 400,
    }


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probe_by_another_name_is_refused_as_any_page(in_production, path):
    assert in_production.get(path, headers={"Host": "elsewhere.example"}).status_code == 400


@pytest.mark.one_database
@pytest.mark.parametrize("host", [*ADDRESSES, "localhost", "localhost:80", ""])
def test_address_is_recognized(host):
    assert is_address(host)


@pytest.mark.one_database
@pytest.mark.parametrize(
    "host",
    ["clinic.example", "127.0.0.1.clinic.example", "127.0.0.1@clinic.example", "1.2.3", "a:1"],
)
def test_name_is_no_address(host):
    assert not is_address(host)


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process can grow or be written to, as the kernel itself refuses it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def let_go() -> None:
    """Close every connection, so that the next ones learn what was altered."""
    db.session.remove()
    db.engine.dispose()


@contextmanager
def read_only_server() -> Iterator[None]:
    """A PostgreSQL database that takes reads only, as after a failover."""
    name = db.engine.url.database
    with db.engine.connect() as connection:
        connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
        connection.commit()
    let_go()
    try:
        yield
    finally:
        let_go()
        with db.engine.connect() as connection:
            connection.execute(text("SET TRANSACTION READ WRITE"))
            connection.execute(text(f'ALTER DATABASE "{name}" RESET default_transaction_read_only'))
            connection.commit()
        let_go()


@on_sqlite
def test_full_disk_is_not_ready_and_is_again_when_there_is_room(context, client):
    make_clinic()
    with full_disk():
        full = client.get("/readyz").status_code

    assert (full, client.get("/readyz").status_code) == (503, 200)


@on_postgresql
def test_server_that_only_reads_is_not_ready_and_is_again_when_it_writes(context, client):
    make_clinic()
    with read_only_server():
        reading = client.get("/readyz").status_code

    assert (reading, client.get("/readyz").status_code) == (503, 200)


@on_postgresql
def test_probe_waits_two_seconds_for_a_migration_and_no_longer(context, client, monkeypatch):
    monkeypatch.setattr(probes, "LOCK_WAIT", "50ms")
    make_clinic()
    with db.engine.connect() as migrating:
        migrating.execute(text("UPDATE alembic_version SET version_num = version_num"))

        assert client.get("/readyz").status_code == 503


def written(client) -> int:
    """How many write transactions one probe takes."""
    found: list[str] = []

    def note(_connection, _cursor, statement, *_more) -> None:
        if "user_version =" in statement or statement.startswith("UPDATE alembic_version"):
            found.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert client.get("/readyz").status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return len(found)


def test_write_that_succeeded_speaks_for_a_while(context, client, monkeypatch):
    make_clinic()

    first = [written(client) for _ in range(3)]
    monkeypatch.setattr(probes, "PROVEN_FOR_S", 0)
    context.extensions["writable_until"] = 0.0
    then = [written(client) for _ in range(2)]

    assert (first, then) == ([1, 0, 0], [1, 1])


def test_probe_changes_nothing(context, client):
    make_clinic()

    def kept() -> list[object]:
        with transaction() as current:
            rows = [*current.execute(text("SELECT version_num FROM alembic_version"))]
            if POSTGRESQL is None:
                rows += [*current.execute(text("PRAGMA user_version"))]
            return rows

    before = kept()
    client.get("/readyz")

    assert kept() == before


def test_many_probes_at_once_write_one_at_a_time(context, client):
    make_clinic()
    asked = [
        Thread(target=client.application.test_client().get, args=["/readyz"]) for _ in range(8)
    ]
    with probes._one_at_a_time:  # somebody else is writing
        for one in asked:
            one.start()
        for one in asked:
            one.join()

    assert "writable_until" not in context.extensions
