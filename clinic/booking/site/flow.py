"""What a visitor chose on the way to a booking, and when it is forgotten.

It lives in their session cookie, which is encrypted (`web/shell/session_cookie.py`). Booking ends
the flow: what brings them, the hold and the form's key are taken out at once. What finds a form
that is sent twice stays for an hour, and so does all of it when the flow is left half-way: on a
shared device nobody finds it later.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypeVar

from flask import Response, session

from clinic.foundation.clock import clock

LASTS = timedelta(hours=1)
"""How long after the last page of the flow it is remembered."""
CHOICES = ("inquiry", "hold", "key")
"""Gone when the booking is made."""
TRACES = ("chosen", "booked", "typed_email")
"""They lead a second send, or the back button, to what was booked."""
SEEN_AT = "flow_seen_at"

AnyResponse = TypeVar("AnyResponse", bound=Response)


def has_lapsed(seen_at: str | None, *, now: datetime) -> bool:
    """Whether the last page of the flow (an ISO instant) was shown too long ago, or never."""
    if seen_at is None:
        return True
    return now - datetime.fromisoformat(seen_at) > LASTS


def forget_lapsed_flow() -> None:
    """Drop a flow that was left an hour ago (a `before_request` of its pages)."""
    if SEEN_AT in session and has_lapsed(session[SEEN_AT], now=clock.now()):
        for name in (*CHOICES, *TRACES, SEEN_AT):
            session.pop(name, None)


def note_flow_page(response: AnyResponse) -> AnyResponse:
    """Remember when the flow was last used (an `after_request` of its pages)."""
    if any(name in session for name in (*CHOICES, *TRACES)):
        session[SEEN_AT] = clock.now().isoformat()
    return response


def end_flow() -> None:
    """Drop what the visitor chose: it was booked."""
    for name in CHOICES:
        session.pop(name, None)
