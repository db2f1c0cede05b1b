"""When the same form, sent again, is a repetition: a double click, a retry on a slow line. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

SENT_AGAIN = timedelta(minutes=1)
"""What the same person writes once more, word for word, within this time is the same thing."""


def repeats_since(now: datetime) -> datetime:
    """From when on an equal entry of the same author is the one that is sent again."""
    return now - SENT_AGAIN
