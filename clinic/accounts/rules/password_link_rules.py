"""How long a mailed link to set a password is good, and when it is no longer. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

LINK_LASTS = timedelta(hours=24)


class LinkPurpose(StrEnum):
    """Why somebody may set a password."""

    INVITE = "invite"
    """The first one of an account: never in place of another."""
    RESET = "reset"


def is_open(
    *, expires_at: datetime, used_at: datetime | None, ended_at: datetime | None, now: datetime
) -> bool:
    """Whether the link may still be used: once, and before a newer one takes its place."""
    return used_at is None and ended_at is None and now < expires_at
