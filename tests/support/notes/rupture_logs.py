"""Logs of one rupture for tests of the rules: events whose days are counted from `START`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from clinic.notes.rules.rupture_events import EventKind, RuptureEvent, RuptureStatus

START = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)


def day(number):
    return START + timedelta(days=number)


def event(event_id, to, at, *, entered=None, session=1, reason=None, text="", **more):
    """A change of status that took effect on day `at` and was entered on that day or `entered`."""
    return RuptureEvent(
        id=event_id,
        kind=EventKind.STATUS,
        to_status=None if to is None else RuptureStatus(to),
        effective_at=day(at),
        entered_at=day(at if entered is None else entered),
        by="t-1",
        session_number=session,
        reason=reason,
        text=text,
        **more,
    )


def reversal(event_id, of, at, reason="wrong_transition"):
    return replace(event(event_id, None, at, reason=reason), kind=EventKind.REVERSAL, reverses=of)


def path(*statuses):
    """One change of status a day, each in a session of its own."""
    return tuple(event(i + 1, to, i, session=i + 1) for i, to in enumerate(statuses))
