"""Chart 4: a partner's acts of repair, by how the other partner received them. Pure.

The page draws it as a table. Source: domain 2.5.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from clinic.notes.ledger.ledger_facts import LedgerInput

RECEIPTS = ("rejected", "ignored", "partly", "received")


@dataclass(frozen=True, slots=True)
class ReceivedAttempts:
    """How often each act of a partner met with each receipt, a row for each act."""

    partner: str
    receipts: tuple[str, ...]
    rows: tuple[tuple[str, tuple[int, ...]], ...]


def received_attempts(facts: LedgerInput, *, partner: str) -> ReceivedAttempts:
    """Count the partner's acts; an attempt with two acts counts for each."""
    counts = Counter(
        (act, one.receipt) for one in facts.attempts if one.by == partner for act in one.acts
    )
    acts = sorted({act for act, _ in counts})
    rows = tuple((act, tuple(counts[act, one] for one in RECEIPTS)) for act in acts)
    return ReceivedAttempts(partner, RECEIPTS, rows)
