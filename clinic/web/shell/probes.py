"""What a monitor asks: by the machine's address, and whether something can be stored."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication

from flask import current_app
from sqlalchemy import text

from clinic.foundation.database.transactions import transaction

PROBES = frozenset({"/healthz", "/readyz"})
PROVEN_FOR_S = 5.0
"""How long a write that succeeded speaks for the next ones; what failed is tried again at once."""
LOCK_WAIT = "2s"

_one_at_a_time = threading.Lock()


class ProbesByAddress:
    """Lets monitors ask for the probes by address: whatever else is asked for needs our name."""

    def __init__(self, application: WSGIApplication, *, host: str) -> None:
        self._application, self._host = application, host

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Replace an address by our own name, for the probes only."""
        if environ.get("PATH_INFO") in PROBES and is_address(environ.get("HTTP_HOST", "")):
            environ["HTTP_HOST"] = self._host
        return self._application(environ, start_response)


def is_address(host: str) -> bool:
    """Whether a Host header names a machine by its number, as localhost, or not at all."""
    name = host.removesuffix(":" + host.rpartition(":")[2]) if _has_port(host) else host
    if name in {"", "localhost"}:
        return True
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def _has_port(host: str) -> bool:
    return host.count(":") == 1 or "]:" in host


def must_be_writable() -> None:
    """Commit the smallest write there is, unless one of the last seconds succeeded.

    Raises what the database raises: a full disk and a server that only reads are found by nothing
    less. Costs one write in five seconds and process, however often it is asked.
    """
    proven = current_app.extensions.get("writable_until", 0.0)
    if time.monotonic() < proven or not _one_at_a_time.acquire(blocking=False):
        return
    try:
        _write()
        current_app.extensions["writable_until"] = time.monotonic() + PROVEN_FOR_S
    finally:
        _one_at_a_time.release()


def _write() -> None:
    """Store again what is stored: a number that SQLite keeps for us, a row of our version table."""
    with transaction() as current:
        if current.get_bind().dialect.name == "sqlite":
            kept = int(current.scalar(text("PRAGMA user_version")) or 0)
            current.execute(text(f"PRAGMA user_version = {kept}"))
        else:
            current.execute(text(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'"))
            current.execute(text("UPDATE alembic_version SET version_num = version_num"))
