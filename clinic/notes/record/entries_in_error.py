"""What of a couple's record was entered in error: the marks, and the four kinds they speak of.

The one place that knows which entries count. What is marked stays as it was written.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from clinic.foundation.database.transactions import session
from clinic.notes.record.correction_models import EntryInError
from clinic.notes.record.exercise_models import ExerciseRun
from clinic.notes.record.note_models import NoteAddendum, SessionNote
from clinic.notes.record.questionnaire_models import MeasureResponse
from clinic.notes.record.rupture_models import PartnerRating, RepairAttempt

Entry = RepairAttempt | PartnerRating | ExerciseRun | MeasureResponse


@dataclass(frozen=True, slots=True)
class EntryKind:
    """A kind of entry: the table it is kept in, and where a mark names it."""

    table: type[Entry]
    named_in: InstrumentedAttribute[str | None]


CORRECTABLE_KINDS = {
    "attempt": EntryKind(RepairAttempt, EntryInError.attempt_id),
    "rating": EntryKind(PartnerRating, EntryInError.rating_id),
    "run": EntryKind(ExerciseRun, EntryInError.run_id),
    "measure": EntryKind(MeasureResponse, EntryInError.measure_id),
}


@dataclass(frozen=True, slots=True)
class InError:
    """Who said when and why that it was entered in error."""

    at: datetime
    author: str
    reason: str


def marked_in_error(what: str, couple_id: str) -> Select[str | None]:
    """Selects the ids of a couple's entries of this kind that were marked."""
    named_in = CORRECTABLE_KINDS[what].named_in
    return select(named_in).where(EntryInError.couple_id == couple_id, named_in.is_not(None))


def marks_of(what: str, couple_id: str) -> dict[str, InError]:
    """The marks on a couple's entries of this kind, by the entry's id."""
    named_in = CORRECTABLE_KINDS[what].named_in
    marks = select(named_in, EntryInError).where(
        EntryInError.couple_id == couple_id, named_in.is_not(None)
    )
    return {
        entry_id: InError(row.at, row.author, row.details.reason)
        for entry_id, row in session().execute(marks)
        if entry_id is not None
    }


def in_error(couple_id: str) -> Select[str]:
    """Selects the ids of a couple's notes that were entered in error.

    By way of the couple's notes, which are indexed: other couples' addenda are not read.
    """
    note = aliased(SessionNote)
    return (
        select(NoteAddendum.note_id)
        .join(note, note.id == NoteAddendum.note_id)
        .where(note.couple_id == couple_id, NoteAddendum.kind == "entered_in_error")
    )
