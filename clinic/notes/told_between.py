"""What was told between sessions, newest first, and what of a record was entered in error.

The reading is in the audit log before its text is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeVar

from sqlalchemy import or_, select

from clinic.foundation.database import session
from clinic.foundation.errors import NotFound
from clinic.foundation.permissions import Actor
from clinic.notes.access import Chart, find_chart, tell_reading
from clinic.notes.clinical_values import AttemptDetails, RatingDetails
from clinic.notes.course import Course, list_sessions, load_frame, marked_in_error
from clinic.notes.models import SessionNote
from clinic.notes.reading import hidden_kinds, hidden_refs
from clinic.notes.rupture_models import EntryInError, PartnerRating, RepairAttempt

Row = TypeVar("Row", RepairAttempt, PartnerRating)


@dataclass(frozen=True, slots=True)
class InError:
    """Who said when and why that it was entered in error."""

    at: datetime
    author: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An attempt or one partner's ratings; exactly that field is filled.

    `note_id` is the note that brought it in, or the session that it was added to.
    """

    what: str
    id: str
    at: datetime
    on: date
    entered_at: datetime
    author: str
    note_id: str | None
    from_note: bool
    session_number: int | None
    attempt: AttemptDetails | None = None
    rating: RatingDetails | None = None
    in_error: InError | None = None


@dataclass(frozen=True, slots=True)
class Between:
    """Everything told between sessions; `course` has the sessions and ruptures for the forms."""

    course: Course
    entries: tuple[Told, ...]


def told_between_sessions(code: str, *, actor: Actor, now: datetime) -> Between:
    """What was told outside a note, and what was marked in error, newest first."""
    chart = find_chart(code, actor=actor, now=now)
    tell_reading("chart.read", kind="couple", object_id=chart.couple_id, actor=actor, now=now)
    hidden = hidden_refs(chart, actor=actor)
    frame = load_frame(chart)
    shown = tuple(one for one in frame.ruptures if one.ref not in hidden)
    entries = _entries(chart, numbers=frame.numbers, actor=actor)
    newest = sorted(entries, key=lambda one: (one.at, one.id), reverse=True)
    return Between(replace(frame, ruptures=shown), tuple(newest))


def one_told(code: str, what: str, entry_id: str, *, actor: Actor, now: datetime) -> Told:
    """One attempt or one partner's ratings, from wherever they came. Raises `NotFound`."""
    chart = find_chart(code, actor=actor, now=now)
    tell_reading("chart.read", kind="couple", object_id=chart.couple_id, actor=actor, now=now)
    numbers = {one.note_id: one.number for one in list_sessions(chart.couple_id)}
    for one in _entries(chart, numbers=numbers, actor=actor, only=entry_id):
        if one.what == what:
            return one
    raise NotFound


def _entries(
    chart: Chart, *, numbers: Mapping[str, int], actor: Actor, only: str | None = None
) -> Iterator[Told]:
    marks = _marks(chart.couple_id)
    hidden = hidden_refs(chart, actor=actor)
    apart = _notes_apart(chart, actor=actor)
    for row in _rows(RepairAttempt, chart.couple_id, only):
        if row.details.rupture in hidden or row.note_id in apart:
            continue
        yield _told(row, "attempt", numbers, marks, on=row.happened_on)
    for one in _rows(PartnerRating, chart.couple_id, only):
        if one.note_id not in apart:
            yield _told(one, "rating", numbers, marks, on=chart.day(one.at))


def _rows(table: type[Row], couple_id: str, only: str | None) -> Iterator[Row]:
    query = select(table).where(table.couple_id == couple_id)
    if only is not None:
        return iter(session().scalars(query.where(table.id == only)))
    marked = table.id.in_(marked_in_error(table, couple_id))
    return iter(session().scalars(query.where(or_(table.from_note.is_(False), marked))))


def _told(
    row: RepairAttempt | PartnerRating,
    what: str,
    numbers: Mapping[str, int],
    marks: Mapping[str, InError],
    *,
    on: date,
) -> Told:
    details = row.details
    return Told(
        what=what,
        id=row.id,
        at=row.at,
        on=on,
        entered_at=row.entered_at,
        author=row.author,
        note_id=row.note_id,
        from_note=row.from_note,
        session_number=numbers.get(row.note_id or ""),
        attempt=details if isinstance(details, AttemptDetails) else None,
        rating=details if isinstance(details, RatingDetails) else None,
        in_error=marks.get(row.id),
    )


def _marks(couple_id: str) -> dict[str, InError]:
    rows = session().scalars(select(EntryInError).where(EntryInError.couple_id == couple_id))
    return {
        row.attempt_id or row.rating_id or "": InError(row.at, row.author, row.details.reason)
        for row in rows
    }


def _notes_apart(chart: Chart, *, actor: Actor) -> frozenset[str]:
    """The notes of sessions with one partner alone, where the actor may not learn of them."""
    kinds = hidden_kinds(chart, actor=actor)
    query = select(SessionNote.id).where(SessionNote.couple_id == chart.couple_id)
    return frozenset(session().scalars(query.where(SessionNote.kind.in_(kinds))))
