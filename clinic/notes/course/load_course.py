"""A couple's course as it is stored, read into plain values: sessions, ruptures, attempts, runs.

Sessions are numbered by the time they were held: all notes of joint sessions that were not
entered in error. What the ledger counts are the signed ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeVar

from sqlalchemy import Select, not_, or_, select

from clinic.foundation.database.transactions import session
from clinic.foundation.errors import N_, NotFound
from clinic.notes.course.stored_windows import StoredRun, list_runs
from clinic.notes.ledger.ledger_facts import (
    AttemptFact,
    LedgerInput,
    RatingFact,
    RuptureFacts,
    SessionFact,
    WindowRunFact,
)
from clinic.notes.record.entries_in_error import in_error, marked_in_error
from clinic.notes.record.held_sessions import individual_notes, separate_notes
from clinic.notes.record.note_models import SessionNote
from clinic.notes.record.open_record import Chart
from clinic.notes.record.rupture_models import (
    PartnerRating,
    RepairAttempt,
    Rupture,
    RuptureEventRow,
)
from clinic.notes.rules.clinical_values import AttemptDetails, RatingDetails, RuptureDetails
from clinic.notes.rules.rupture_events import RuptureEvent, stored_event
from clinic.notes.rules.rupture_history import RuptureState, derive_status

Row = TypeVar("Row", RepairAttempt, PartnerRating)
SIGNED = ("signed", "cosign_pending", "cosigned")


@dataclass(frozen=True, slots=True)
class CourseSession:
    """A session of the joint course: its number, its note and how far that is."""

    number: int
    note_id: str
    starts_at: datetime
    ends_at: datetime
    status: str


@dataclass(frozen=True, slots=True)
class CourseRupture:
    """A rupture with its description, its log and where it stands."""

    id: str
    ref: str
    revision: int
    opened_at: datetime
    details: RuptureDetails
    events: tuple[RuptureEvent, ...]
    state: RuptureState


@dataclass(frozen=True, slots=True)
class CourseAttempt:
    """A stored repair attempt; `session_number` is None at home."""

    id: str
    note_id: str | None
    session_number: int | None
    at: datetime
    happened_on: date
    author: str
    details: AttemptDetails


@dataclass(frozen=True, slots=True)
class CourseRating:
    """Stored ratings of one partner; `session_number` is None at home."""

    id: str
    note_id: str | None
    session_number: int | None
    at: datetime
    details: RatingDetails


@dataclass(frozen=True, slots=True)
class Course:
    """Everything the ledger and the overview are made of."""

    chart: Chart
    sessions: tuple[CourseSession, ...]
    ruptures: tuple[CourseRupture, ...]
    attempts: tuple[CourseAttempt, ...] = ()
    ratings: tuple[CourseRating, ...] = ()
    runs: tuple[StoredRun, ...] = ()
    """Those that count: none that was entered in error."""

    @property
    def numbers(self) -> Mapping[str, int]:
        """Note id -> number of its session."""
        return {one.note_id: one.number for one in self.sessions}

    def rupture(self, ref: str) -> CourseRupture:
        """The rupture with this ref. Raises `NotFound`."""
        for one in self.ruptures:
            if one.ref == ref:
                return one
        raise NotFound(N_("There is no such rupture in this record."))

    @property
    def open_ruptures(self) -> tuple[CourseRupture, ...]:
        """Those that count as open now."""
        return tuple(one for one in self.ruptures if one.state.is_open)

    def facts(self) -> LedgerInput:
        """What `build_ledger` works from."""
        return LedgerInput(
            couple=self.chart.code,
            sessions=tuple(
                SessionFact(s.number, s.starts_at, s.ends_at)
                for s in self.sessions
                if s.status in SIGNED
            ),
            ruptures=tuple(
                RuptureFacts(
                    r.ref, r.details.significance, r.events, r.details.visibility, r.details.title
                )
                for r in self.ruptures
            ),
            attempts=tuple(_attempt_fact(one) for one in self.attempts),
            ratings=tuple(_rating_fact(one) for one in self.ratings),
            windows=tuple(_window_fact(one) for one in self.runs),
            partners=self.chart.members if len(self.chart.members) >= 2 else ("A", "B"),
            zone=self.chart.zone,
        )


def load_course(chart: Chart, *, restricted: bool = True, runs: bool = True) -> Course:
    """Read a couple's course; without what is restricted, or without the runs of exercises."""
    frame = load_frame(chart, restricted=restricted)
    shown = {one.ref for one in frame.ruptures}
    attempts = list_attempts(chart.couple_id, numbers=frame.numbers)
    found = list_runs(chart.couple_id) if runs else ()
    return replace(
        frame,
        attempts=tuple(
            one
            for one in attempts
            if restricted or one.details.rupture is None or one.details.rupture in shown
        ),
        ratings=_ratings(chart.couple_id, frame.numbers),
        runs=tuple(one for one in found if one.in_error is None),
    )


def load_frame(chart: Chart, *, restricted: bool = True) -> Course:
    """The sessions and ruptures of a course, without attempts and ratings."""
    sessions = list_sessions(chart.couple_id)
    numbers = {one.note_id: one.number for one in sessions}
    ruptures = list_ruptures(chart.couple_id, numbers=numbers)
    return Course(
        chart=chart,
        sessions=sessions,
        ruptures=tuple(r for r in ruptures if restricted or r.details.visibility == "joint"),
    )


def list_sessions(couple_id: str) -> tuple[CourseSession, ...]:
    """The sessions of the joint course, numbered by when they were held."""
    rows = session().execute(
        select(SessionNote.id, SessionNote.held_from, SessionNote.held_until, SessionNote.status)
        .where(SessionNote.couple_id == couple_id)
        .where(SessionNote.id.not_in(individual_notes(couple_id)))
        .where(SessionNote.id.not_in(in_error(couple_id)))
        .order_by(SessionNote.held_from, SessionNote.id)
    )
    return tuple(
        CourseSession(number, row.id, row.held_from, row.held_until, row.status)
        for number, row in enumerate(rows, start=1)
    )


def event_of(row: RuptureEventRow, *, numbers: Mapping[str, int]) -> RuptureEvent:
    """A stored event as the rules read it."""
    return stored_event(
        row.number,
        row.details,
        effective_at=row.effective_at,
        entered_at=row.entered_at,
        by=row.author,
        session_number=numbers.get(row.note_id or ""),
    )


def _counting(table: type[Row], couple_id: str) -> Select[Row]:
    """The rows of a couple that were not entered in error, alone or with their note.

    Nor those of a session that another therapist than the lead held with one partner alone.
    """
    left_out = or_(
        table.note_id.in_(in_error(couple_id)), table.note_id.in_(separate_notes(couple_id))
    )
    counts = or_(table.note_id.is_(None), not_(left_out))
    what = "attempt" if table is RepairAttempt else "rating"
    unmarked = table.id.not_in(marked_in_error(what, couple_id))
    return select(table).where(table.couple_id == couple_id, counts, unmarked)


def list_ruptures(
    couple_id: str, *, ids: Sequence[str] | None = None, numbers: Mapping[str, int]
) -> tuple[CourseRupture, ...]:
    """The ruptures of a couple (of these ids) with their logs, by number."""
    events = select(RuptureEventRow).where(RuptureEventRow.couple_id == couple_id)
    ruptures = select(Rupture).where(Rupture.couple_id == couple_id)
    if ids is not None:
        events = events.where(RuptureEventRow.rupture_id.in_(ids))
        ruptures = ruptures.where(Rupture.id.in_(ids))
    logs: dict[str, list[RuptureEvent]] = {}
    for row in session().scalars(events.order_by(RuptureEventRow.number)):
        logs.setdefault(row.rupture_id, []).append(event_of(row, numbers=numbers))
    rows = session().scalars(ruptures.order_by(Rupture.number))
    return tuple(_course_rupture(row, logs.get(row.id, ())) for row in rows)


def _course_rupture(row: Rupture, events: Iterable[RuptureEvent]) -> CourseRupture:
    log = tuple(events)
    return CourseRupture(
        id=row.id,
        ref=row.ref,
        revision=row.revision,
        opened_at=row.opened_at,
        details=row.details,
        events=log,
        state=derive_status(log),
    )


def list_attempts(
    couple_id: str, *, ids: Sequence[str] | None = None, numbers: Mapping[str, int]
) -> tuple[CourseAttempt, ...]:
    """The attempts of a couple (of these ids) by when they were made; none of an erroneous note."""
    query = _counting(RepairAttempt, couple_id).order_by(RepairAttempt.at, RepairAttempt.id)
    if ids is not None:
        query = query.where(RepairAttempt.id.in_(ids))
    rows = session().scalars(query)
    return tuple(
        CourseAttempt(
            id=row.id,
            note_id=row.note_id,
            session_number=None if row.at_home else numbers.get(row.note_id or ""),
            at=row.at,
            happened_on=row.happened_on,
            author=row.author,
            details=row.details,
        )
        for row in rows
    )


def _ratings(couple_id: str, numbers: Mapping[str, int]) -> tuple[CourseRating, ...]:
    rows = session().scalars(
        _counting(PartnerRating, couple_id).order_by(PartnerRating.at, PartnerRating.id)
    )
    return tuple(
        CourseRating(row.id, row.note_id, numbers.get(row.note_id or ""), row.at, row.details)
        for row in rows
    )


def _attempt_fact(one: CourseAttempt) -> AttemptFact:
    d = one.details
    return AttemptFact(d.receipt, one.session_number, one.happened_on, d.acts, d.by, d.rupture)


def _rating_fact(one: CourseRating) -> RatingFact:
    d = one.details
    return RatingFact(
        d.partner,
        d.point,
        one.session_number,
        d.felt_safety,
        d.defensiveness,
        d.regulation,
        d.source,
    )


def _window_fact(one: StoredRun) -> WindowRunFact:
    return WindowRunFact(one.happened_on, one.state.end_state or "", one.state.first_pause_s)
