"""The real server and worker hold no transaction while they wait, whatever they wait for."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from app import create_app
from clinic.extensions import db
from tests.conftest import POSTGRESQL, settings_for
from tests.support.factories import make_clinic, make_session_type, make_therapist
from tests.support.running_product import Product

BOOKINGS = 150
THERAPISTS = ("anna", "bert", "carla", "dora", "emil")
ALL_DAY = tuple((day, 0, 24 * 60) for day in range(7))
LONGEST_S = 1
"""How long a session may be idle in a transaction. What waits, waits for longer than that."""
LARGEST_LOG = 16 * 1024 * 1024
PATIENCE_S = 120
"""For a machine that has other things to do."""


class SilentMailServer:
    """Takes connections and says nothing until `speak`, so that whoever sends mail waits."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.connected = threading.Event()
        self._taken: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                taken, _address = self._listening.accept()
            except OSError:
                return
            self._taken.append(taken)
            self.connected.set()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()
        for taken in self._taken:
            taken.close()


@pytest.fixture
def mail_server() -> Iterator[SilentMailServer]:
    server = SilentMailServer()
    yield server
    server.close()


@pytest.fixture
def settings(database_url, tmp_path):
    return settings_for(tmp_path, database_url)


@pytest.fixture
def product(settings, mail_server):
    app = create_app(settings)
    with app.app_context():
        clinic = make_clinic(time_zone="UTC")
        kind = make_session_type(clinic, notice_minutes=0)
        for slug in THERAPISTS:
            make_therapist(clinic, slug=slug, time_zone="UTC", session_types=[kind], hours=ALL_DAY)
        db.session.remove()
        db.engine.dispose()
    smtp = f"smtp://127.0.0.1:{mail_server.port}"
    with Product(settings.instance, settings.database_url, SMTP_URL=smtp) as running:
        yield running


def book(product: Product, number: int) -> int:
    """Book one of the next free half hours; the status of the answer."""
    tomorrow = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(1)
    start = tomorrow + timedelta(minutes=30 * (number // len(THERAPISTS)))
    body = {
        "therapist": THERAPISTS[number % len(THERAPISTS)],
        "session_type": "initial-consultation",
        "start": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "format": "online",
        "partner": {
            "name": f"Client {number}",
            "email": f"client{number}@example.org",
            "time_zone": "Europe/Lisbon",
            "language": "en",
        },
        "other_partner": None,
        "concerns": [],
        "message": "",
        "privacy_accepted": True,
    }
    key = {"Idempotency-Key": f"booking-{number:04}"}
    return product.call("POST", "/api/v1/bookings", body, **key)[0]


@contextmanager
def half_sent_form(product: Product) -> Iterator[None]:
    """A form of which only the first bytes have come, for as long as the block runs."""
    with socket.create_connection(("127.0.0.1", product.port)) as connection:
        connection.sendall(
            b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n"
            b"Content-Length: 100\r\n\r\nemail=a"
        )
        yield


def eventually(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def transactions_have_ended(url: str) -> bool:
    """Whether nobody holds one: asked in the way of the database."""
    return _none_idle_in_transaction(url) if POSTGRESQL else _log_can_be_emptied(url)


def _log_can_be_emptied(url: str) -> bool:
    """On SQLite an open read keeps pages in the write-ahead log, an open write all of them."""
    with closing(sqlite3.connect(make_url(url).database or "", timeout=0)) as connection:
        moved = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return bool(moved == (0, 0, 0))


def _none_idle_in_transaction(url: str) -> bool:
    """Whether none was idle within a transaction for longer than `LONGEST_S`."""
    asked = """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND state LIKE 'idle in transaction%%'
        AND clock_timestamp() - state_change > make_interval(secs => %s)
    """
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        time.sleep(LONGEST_S)  # who began to wait just before is seen as well
        (held,) = connection.execute(asked, (LONGEST_S / 2,)).fetchone() or (None,)
    return bool(held == 0)


def booked_in_plain_copy(url: str, folder: Path) -> int:
    """How many appointments a copy of the database file alone holds, without its log."""
    copy = folder / "copy" / "clinic.db"
    copy.parent.mkdir()
    shutil.copy(make_url(url).database or "", copy)
    with closing(sqlite3.connect(copy)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM appointment").fetchone()
    return int(count)


def test_no_transaction_stays_open_while_the_product_waits(
    product, settings, mail_server, tmp_path
):
    url = settings.database_url
    with ThreadPoolExecutor(4) as clients:
        answered = set(clients.map(lambda number: book(product, number), range(BOOKINGS)))
    log = Path(f"{make_url(url).database}-wal")

    assert answered == {201}
    if not POSTGRESQL:
        eventually(lambda: log.stat().st_size <= LARGEST_LOG, "the log is larger than its bound")
    assert mail_server.connected.wait(PATIENCE_S)
    with half_sent_form(product):
        eventually(lambda: transactions_have_ended(url), "a transaction stays open")
        if not POSTGRESQL:
            assert booked_in_plain_copy(url, tmp_path) == BOOKINGS
    assert not product.worker.has_ended
