"""What was told between sessions, newest first, and any one entry that may be in error.

The reading is in the audit log before its text is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, or_, select

from clinic.foundation.database.transactions import session
from clinic.foundation.errors import NotFound
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.notes.between_sessions.questionnaires import StoredResponse, list_measures
from clinic.notes.course.load_course import Course, list_sessions, load_frame
from clinic.notes.course.read_scope import hidden_notes, hidden_refs
from clinic.notes.course.stored_windows import StoredRun, list_runs
from clinic.notes.record.entries_in_error import InError, marked_in_error, marks_of
from clinic.notes.record.open_record import Chart, audit_read, find_chart
from clinic.notes.record.rupture_models import PartnerRating, RepairAttempt
from clinic.notes.rules.clinical_values import AttemptDetails, RatingDetails

Row = TypeVar("Row", RepairAttempt, PartnerRating)
Narrowed = Callable[[Any], ColumnElement[bool]]
"""Which rows of either table are asked for."""
READING = {
    "attempt": (Permission.READ_CHART, "chart.read"),
    "rating": (Permission.READ_CHART, "chart.read"),
    "run": (Permission.READ_EXERCISE_RUN, "exercise_run.read"),
    "measure": (Permission.READ_MEASURE, "measure.read"),
}
"""Who reads an entry of each kind, and how the audit log tells of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An attempt, one partner's ratings, a run or a measure; exactly that field is filled.

    `note_id` is the note that brought it in, or the session that it was added to.
    """

    what: str
    id: str
    at: datetime
    on: date
    entered_at: datetime
    author: str
    note_id: str | None = None
    from_note: bool = False
    session_number: int | None = None
    attempt: AttemptDetails | None = None
    rating: RatingDetails | None = None
    run: StoredRun | None = None
    measure: StoredResponse | None = None
    in_error: InError | None = None


@dataclass(frozen=True, slots=True)
class Between:
    """Everything told between sessions; `course` has the sessions and ruptures for the forms."""

    course: Course
    entries: tuple[Entry, ...]


def list_entries(code: str, *, actor: Actor, now: datetime) -> Between:
    """What was told outside a note, and what was marked in error, newest first."""
    chart = find_chart(code, actor=actor, now=now)
    audit_read("chart.read", kind="couple", object_id=chart.couple_id, actor=actor, now=now)
    hidden = hidden_refs(chart, actor=actor)
    frame = load_frame(chart)
    shown = tuple(one for one in frame.ruptures if one.ref not in hidden)
    entries = _entries(chart, _outside_a_note(chart), numbers=frame.numbers, actor=actor)
    newest = sorted(entries, key=lambda one: (one.at, one.id), reverse=True)
    return Between(replace(frame, ruptures=shown), tuple(newest))


def get_entry(code: str, what: str, entry_id: str, *, actor: Actor, now: datetime) -> Entry:
    """One entry of the kind `what`, from wherever it came. Raises `NotFound`, `NotAllowed`."""
    if what not in READING:
        raise NotFound
    permission, action = READING[what]
    chart = find_chart(code, permission=permission, actor=actor, now=now)
    audit_read(action, kind="couple", object_id=chart.couple_id, actor=actor, now=now)
    for one in _entries_like(chart, what, entry_id, actor=actor):
        if one.id == entry_id:
            return one
    raise NotFound


def marked_in_note(chart: Chart, note_id: str, *, actor: Actor) -> tuple[Entry, ...]:
    """What of a note's attempts and ratings was marked in error; the note's reading is told."""

    def of_note(table: Any) -> ColumnElement[bool]:
        return and_(table.note_id == note_id, table.id.in_(_marked(table, chart)))

    return tuple(_entries(chart, of_note, numbers={}, actor=actor))


def _entries_like(chart: Chart, what: str, entry_id: str, *, actor: Actor) -> Iterator[Entry]:
    if what == "run":
        return (_run_entry(one) for one in list_runs(chart.couple_id, ids=[entry_id]))
    if what == "measure":
        return (_response_entry(one) for one in list_measures(chart.couple_id))
    numbers = {one.note_id: one.number for one in list_sessions(chart.couple_id)}
    found = _entries(chart, lambda table: table.id == entry_id, numbers=numbers, actor=actor)
    return (one for one in found if one.what == what)


def _run_entry(run: StoredRun) -> Entry:
    return Entry(
        what="run",
        id=run.id,
        at=run.at,
        on=run.happened_on,
        entered_at=run.entered_at,
        author=run.author,
        run=run,
        in_error=run.in_error,
    )


def _response_entry(measure: StoredResponse) -> Entry:
    return Entry(
        what="measure",
        id=measure.id,
        at=measure.entered_at,
        on=measure.taken_on,
        entered_at=measure.entered_at,
        author=measure.author,
        measure=measure,
        in_error=measure.in_error,
    )


def _outside_a_note(chart: Chart) -> Narrowed:
    return lambda table: or_(table.from_note.is_(False), table.id.in_(_marked(table, chart)))


def _marked(table: type[RepairAttempt | PartnerRating], chart: Chart) -> Select[str | None]:
    what = "attempt" if table is RepairAttempt else "rating"
    return marked_in_error(what, chart.couple_id)


def _entries(
    chart: Chart, narrowed: Narrowed, *, numbers: Mapping[str, int], actor: Actor
) -> Iterator[Entry]:
    marks = marks_of("attempt", chart.couple_id) | marks_of("rating", chart.couple_id)
    hidden = hidden_refs(chart, actor=actor)
    apart = _separate_notes(chart, actor=actor)
    for row in _rows(RepairAttempt, chart.couple_id, narrowed):
        if row.details.rupture in hidden or row.note_id in apart:
            continue
        yield _entry(row, "attempt", numbers, marks, on=row.happened_on)
    for one in _rows(PartnerRating, chart.couple_id, narrowed):
        if one.note_id not in apart:
            yield _entry(one, "rating", numbers, marks, on=chart.day(one.at))


def _rows(table: type[Row], couple_id: str, narrowed: Narrowed) -> Iterator[Row]:
    query = select(table).where(table.couple_id == couple_id, narrowed(table))
    return iter(session().scalars(query))


def _entry(
    row: RepairAttempt | PartnerRating,
    what: str,
    numbers: Mapping[str, int],
    marks: Mapping[str, InError],
    *,
    on: date,
) -> Entry:
    details = row.details
    return Entry(
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


def _separate_notes(chart: Chart, *, actor: Actor) -> frozenset[str]:
    """The notes of sessions with one partner alone, where the actor may not learn of them."""
    return hidden_notes(chart, actor=actor)
