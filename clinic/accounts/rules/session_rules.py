"""When a signed-in browser is still signed in. Pure. (ASVS 5.0, 7.3; NIST SP 800-63B-4, 2.2.3.)"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

IDLE_LIMIT = timedelta(minutes=15)
WHOLE_LIMIT = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)
"""`seen_at` is not written more often than this."""
PROOF_LASTS = timedelta(minutes=5)
"""How long a password just shown is good for the steps that ask for it again."""


class SessionState(StrEnum):
    """What has become of a session."""

    LIVE = "live"
    ENDED = "ended"
    IDLE = "idle"
    OVER = "over"
    UNKNOWN = "unknown"


def state_of(
    *, started_at: datetime, seen_at: datetime, ended_at: datetime | None, now: datetime
) -> SessionState:
    """Ended by somebody, over after twelve hours, idle after fifteen minutes, or live."""
    if ended_at is not None:
        return SessionState.ENDED
    if now - started_at >= WHOLE_LIMIT:
        return SessionState.OVER
    if now - seen_at >= IDLE_LIMIT:
        return SessionState.IDLE
    return SessionState.LIVE


def is_proof_recent(proved_at: datetime, *, lasts: timedelta = PROOF_LASTS, now: datetime) -> bool:
    """Whether the password was shown so lately that it need not be asked for again."""
    return now - proved_at < lasts


BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def browser_name(user_agent: str) -> str:
    """`Firefox, Linux`: enough to know one's own browsers by; empty when it says nothing."""
    found = [
        next((name for mark, name in marks if mark in user_agent), "")
        for marks in (BROWSERS, SYSTEMS)
    ]
    return ", ".join(name for name in found if name)
