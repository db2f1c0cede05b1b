"""Marking what was entered in error, with the reason: attempts, ratings, runs, measures.

The row stays as it was written and can be read; it counts no longer, in the ledger or a chart.
What came with a note's signature can be marked once that note is sealed, before it is recalled.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.foundation import audit
from clinic.foundation.database.transactions import new_id
from clinic.foundation.errors import N_, Conflict, NotFound
from clinic.foundation.permissions.actors import Actor
from clinic.notes.record.correction_models import EntryInError
from clinic.notes.record.entries_in_error import CORRECTABLE_KINDS, Entry
from clinic.notes.record.note_models import SessionNote
from clinic.notes.record.open_record import changing_chart
from clinic.notes.record.rupture_models import PartnerRating, RepairAttempt
from clinic.notes.rules.clinical_checks import error_problems, refuse
from clinic.notes.rules.clinical_values import ErrorDetails
from clinic.notes.signing.signing import seal_due_notes


def mark_in_error(
    code: str, what: str, entry_id: str, *, reason: str, actor: Actor, now: datetime
) -> None:
    """Mark an entry of the kind `what` as entered in error; the same said twice is said once.

    Raises `NotFound`, `InvalidInput`, and `Conflict` where it is marked already for another
    reason or its note can still be recalled.
    """
    details = ErrorDetails(reason.strip())
    refuse(error_problems(details))
    with changing_chart(code, actor=actor, now=now) as (current, chart):
        entry = _find(current, what, entry_id, couple_id=chart.couple_id)
        named_in = CORRECTABLE_KINDS[what].named_in
        existing = current.scalar(select(EntryInError).where(named_in == entry_id))
        if existing is not None:
            _refuse_other(existing, details, actor=actor)
            return
        _require_sealed(current, entry, now=now)
        row = EntryInError(id=new_id(), couple_id=chart.couple_id, at=now, author=actor.name)
        setattr(row, named_in.key, entry_id)
        row.details = details
        current.add(row)
        audit.record(
            current,
            "entry.marked_in_error",
            kind=entry.__tablename__,
            object_id=entry_id,
            actor=actor,
            now=now,
        )


def _find(current: Session, what: str, entry_id: str, *, couple_id: str) -> Entry:
    if what not in CORRECTABLE_KINDS:
        raise NotFound
    table: Any = CORRECTABLE_KINDS[what].table
    entry: Entry | None = current.get(table, entry_id)
    if entry is None or entry.couple_id != couple_id:
        raise NotFound
    return entry


def _refuse_other(existing: EntryInError, details: ErrorDetails, *, actor: Actor) -> None:
    if (existing.author, existing.details) != (actor.name, details):
        raise Conflict(
            N_("This is marked as entered in error already, and what is marked stays."),
            code="marked-already",
        )


def _require_sealed(current: Session, entry: Entry, *, now: datetime) -> None:
    """What a signature brought in goes with its recall; a mark on it would hold it fast."""
    if not isinstance(entry, RepairAttempt | PartnerRating):
        return
    if not entry.from_note or entry.note_id is None:
        return
    seal_due_notes(current, entry.couple_id, now=now)
    if current.get_one(SessionNote, entry.note_id).sealed_at is None:
        raise Conflict(
            N_("Its note is not sealed yet; recall the signature and correct it there."),
            code="note-not-sealed",
        )
