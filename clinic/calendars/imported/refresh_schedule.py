"""When an outside calendar is read next, and when silence has lasted too long."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256

EVERY = timedelta(minutes=15)
MOST = timedelta(hours=6)
STALE_AFTER = timedelta(days=3)


def wait_before_refresh(*, failures: int, key: str) -> timedelta:
    """A quarter of an hour, doubled with each failure in a row up to six hours.

    The same after every kind of failure: a name server that is down for an hour looks like an
    address that leads nowhere, and a server that is being mended may say 404.
    Up to a tenth more is drawn from `key`, so that many calendars of one server do not all ask
    at once, and the same calendar asks at the same time in every test.
    """
    wait = min(EVERY * (1 << min(failures, 5)), MOST)
    drawn = int.from_bytes(sha256(key.encode()).digest()[:4], "big") / 2**32
    return wait + wait * drawn / 10


def is_stale(last_ok_at: datetime | None, *, since: datetime, now: datetime) -> bool:
    """Whether it has been silent for days; `since` is when it was added."""
    return now - (last_ok_at or since) >= STALE_AFTER
