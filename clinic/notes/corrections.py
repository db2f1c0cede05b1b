"""What was entered wrongly: an attempt or ratings marked as entered in error, with the reason.

The row stays as it was written and can be read; it counts no longer, in the ledger or a chart.
What came with a note's signature can be marked once that note is sealed, before it is recalled.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.foundation import audit
from clinic.foundation.database import new_id
from clinic.foundation.errors import N_, Conflict, NotFound
from clinic.foundation.permissions import Actor
from clinic.notes.clinical_rules import error_problems, refuse
from clinic.notes.clinical_values import ErrorDetails
from clinic.notes.models import SessionNote
from clinic.notes.rupture_models import EntryInError, PartnerRating, RepairAttempt
from clinic.notes.ruptures import changing_course
from clinic.notes.signing import seal_due_notes

Entry = RepairAttempt | PartnerRating


def mark_in_error(
    code: str, what: str, entry_id: str, *, reason: str, actor: Actor, now: datetime
) -> None:
    """Mark an `attempt` or a `rating` as entered in error; the same said twice is said once.

    Raises `NotFound`, `InvalidInput`, and `Conflict` where it is marked already for another
    reason or its note can still be recalled.
    """
    details = ErrorDetails(reason.strip())
    refuse(error_problems(details))
    with changing_course(code, actor=actor, now=now) as change:
        entry = _find(change.session, what, entry_id, couple_id=change.chart.couple_id)
        if (known := find_mark(change.session, what, entry_id)) is not None:
            _refuse_other(known, details, actor=actor)
            return
        _wait_for_the_seal(change.session, entry, now=now)
        row = EntryInError(
            id=new_id(),
            couple_id=change.chart.couple_id,
            attempt_id=entry_id if what == "attempt" else None,
            rating_id=entry_id if what == "rating" else None,
            at=now,
            author=actor.name,
        )
        row.details = details
        change.session.add(row)
        audit.record(
            change.session,
            f"{what}.marked_in_error",
            kind=entry.__tablename__,
            object_id=entry_id,
            actor=actor,
            now=now,
        )


def find_mark(current: Session, what: str, entry_id: str) -> EntryInError | None:
    """What says that this attempt or these ratings were entered in error."""
    column = EntryInError.attempt_id if what == "attempt" else EntryInError.rating_id
    return current.scalar(select(EntryInError).where(column == entry_id))


def _find(current: Session, what: str, entry_id: str, *, couple_id: str) -> Entry:
    entry: Entry | None = None
    if what == "attempt":
        entry = current.get(RepairAttempt, entry_id)
    elif what == "rating":
        entry = current.get(PartnerRating, entry_id)
    if entry is None or entry.couple_id != couple_id:
        raise NotFound
    return entry


def _refuse_other(known: EntryInError, details: ErrorDetails, *, actor: Actor) -> None:
    if (known.author, known.details) != (actor.name, details):
        raise Conflict(
            N_("This is marked as entered in error already, and what is marked stays."),
            code="marked-already",
        )


def _wait_for_the_seal(current: Session, entry: Entry, *, now: datetime) -> None:
    """What a signature brought in goes with its recall; a mark on it would hold it fast."""
    if not entry.from_note or entry.note_id is None:
        return
    seal_due_notes(current, entry.couple_id, now=now)
    if current.get_one(SessionNote, entry.note_id).sealed_at is None:
        raise Conflict(
            N_("Its note is not sealed yet; recall the signature and correct it there."),
            code="note-not-sealed",
        )
