"""Until when clients may move or cancel an appointment themselves (pure)."""

from __future__ import annotations

from datetime import datetime, timedelta


def change_deadline(starts_at: datetime, *, notice_minutes: int) -> datetime:
    """Return the last instant at which a client may still change what starts at `starts_at`.

    `notice_minutes` is the session type's `change_notice_minutes`. Staff have no deadline.
    """
    return starts_at - timedelta(minutes=notice_minutes)
