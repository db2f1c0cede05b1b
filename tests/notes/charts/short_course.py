"""A course of four sessions with a gap, a rupture that opened again, and an attempt at home."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from clinic.notes.ledger.build_ledger import (
    AttemptFact,
    LedgerInput,
    RatingFact,
    RuptureFacts,
    SessionFact,
)
from clinic.notes.rules.rupture_lifecycle import EventKind, RuptureEvent, RuptureStatus

DAYS = [date(2026, 3, 3), date(2026, 3, 10), date(2026, 3, 17), date(2026, 3, 31)]


def at(on, hour=10):
    return datetime(on.year, on.month, on.day, hour, tzinfo=UTC)


def event(number, status, session, reason=None):
    return RuptureEvent(
        number, EventKind.STATUS, at(DAYS[session - 1]), at(DAYS[session - 1]), "t-1",
        RuptureStatus(status), session, reason,
    )  # fmt: skip


REPAIRED = RuptureFacts(
    "R-01",
    4,
    (
        event(1, "open", 1),
        event(2, "in_repair", 1),
        event(3, "repaired", 2),
        event(4, "reopened", 4, "trust_dip"),
    ),
)
FRESH = RuptureFacts("R-02", 2, (event(1, "open", 3),))
COURSE = LedgerInput(
    "C-1",
    tuple(
        SessionFact(n, at(on), at(on) + timedelta(minutes=50)) for n, on in enumerate(DAYS, start=1)
    ),
    (REPAIRED, FRESH),
    (
        AttemptFact("partly", 1, DAYS[0], ("i_statement",), "A", "R-01"),
        AttemptFact(
            "received", None, date(2026, 3, 24), ("i_statement", "appreciation"), "B", "R-02"
        ),
        AttemptFact("rejected", 2, DAYS[1], ("i_statement",), "B"),
    ),
    (
        RatingFact("A", "end", 1, felt_safety=0),
        RatingFact("A", "end", 2, felt_safety=3),
        RatingFact("A", "end", 4, felt_safety=6),
        RatingFact("B", "peak", 1, felt_safety=9),
    ),
)
