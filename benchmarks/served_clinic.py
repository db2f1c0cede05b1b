"""The demo clinic served by `flask serve` on an instance and a database that are thrown away."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import requests
from sqlalchemy import make_url

from tests.support.ports import reserve_port

ROOT = Path(__file__).resolve().parent.parent
OPENED_WITHIN_S = 300
ENDED_WITHIN_S = 60


@dataclass(frozen=True, slots=True)
class ServedClinic:
    """Where it is, what it holds, and the process whose children serve it."""

    url: str
    instance: Path
    database_url: str
    process_id: int
    demo: dict[str, Any]

    @property
    def log(self) -> str:
        """What all of its processes have written so far."""
        return (self.instance / "log").read_text(encoding="utf-8", errors="replace")


@contextmanager
def served_clinic(server: str | None) -> Iterator[ServedClinic]:
    """Serve until the block ends: on a new database of this PostgreSQL server, or on SQLite.

    Rate limits are off. Raises `TimeoutError` with the log when it does not open.
    """
    with TemporaryDirectory(prefix="clinic-soak-") as folder:
        instance = Path(folder)
        with _database(instance, server) as database_url, reserve_port() as port:
            process = _start(instance, database_url, port)
            try:
                url = f"http://127.0.0.1:{port}"
                _wait_until_it_answers(url, process, instance)
                demo = json.loads((instance / "demo.json").read_text(encoding="utf-8"))
                yield ServedClinic(url, instance, database_url, process.pid, demo)
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(ENDED_WITHIN_S)


@contextmanager
def _database(instance: Path, server: str | None) -> Iterator[str]:
    if server is None:
        yield f"sqlite:///{instance / 'clinic.db'}"
        return
    name = f"clinic_soak_{os.getpid()}"
    address = make_url(server)
    plain = address.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield address.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _start(instance: Path, database_url: str, port: int) -> subprocess.Popen[bytes]:
    environ = {
        "PATH": os.environ["PATH"],
        "FLASK_APP": "app.py",
        "CLINIC_INSTANCE": str(instance),
        "DATABASE_URL": database_url,
        "PORT": str(port),
        "CLINIC_RATE_LIMITS": "off",
        "REQUIRE_STAFF_2FA": "off",
    }
    with (instance / "log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "flask", "serve"],
            env=environ,
            cwd=ROOT,
            stdout=log,
            stderr=log,
        )


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes], instance: Path) -> None:
    deadline = time.monotonic() + OPENED_WITHIN_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if requests.get(f"{url}/readyz", timeout=5).status_code == 200:
                return
        except requests.RequestException:
            time.sleep(0.2)
    raise TimeoutError((instance / "log").read_text(encoding="utf-8"))
