"""A session at `AT`, its note signed at `SOON` and sealed by `LATER`: what tests of signing share."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from clinic.notes.rules.clinical_values import FlagDetails
from clinic.notes.rules.note_content import Attempt, NewRupture, SafetyCheck
from clinic.notes.signing.addenda import add_addendum
from clinic.notes.signing.signing import sign_note
from tests.support.factories import a_note

AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
SOON = AT + timedelta(hours=1)
LATER = SOON + timedelta(minutes=15)
NEW = NewRupture("The late reply", ("breach_of_trust",), significance=4, key="new-1")
TRIED = Attempt("A", ("i_statement",), "partly", "new-1")

REVIEW_ON = date(2026, 11, 23)
RAISED = SafetyCheck("flag_raised", "Afraid at home.", 2, "A call tomorrow.", REVIEW_ON)
BROKEN = NewRupture("The late reply", ("breach_of_trust",), significance=4, key="new-1")
MENDED = NewRupture("The promise", ("secrecy",), significance=2, key="new-2", status="in_repair")
TOLD = a_note(
    safety=RAISED,
    new_ruptures=(BROKEN, MENDED),
    attempts=(Attempt("A", ("i_statement",), "partly", "new-2"),),
)
"""A note that raises a safety flag and names an open rupture and one in repair."""
BY_HAND = FlagDetails("Another concern.", 1, "Seen apart.")


def sign(couple, note_id, *, revision=2, now=SOON, **changes):
    """Sign a note as the couple's lead, with a password shown just now."""
    sign_note(note_id, revision=revision, proved_at=now, actor=couple.lead, now=now, **changes)


def add(couple, note_id, *, now, **changes):
    """Add an addendum as the couple's lead."""
    values = {"kind": "addendum", "text": "More.", "proved_at": now, "actor": couple.lead}
    return add_addendum(note_id, **(values | changes), now=now)
