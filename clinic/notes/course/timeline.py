"""A couple's timeline: notes, ruptures, attempts and windows, newest first, 25 a page.

Of a session that another therapist held with one partner alone, the couple's therapist is shown
the time and nothing else.

Pages are cut by key (instant, id), so that a page stays what it was when something is added
above it, and the hundredth page costs what the first does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, literal, or_, select, union_all

from clinic.booking.appointments.models import Appointment
from clinic.foundation.database.transactions import UtcDateTime, session
from clinic.foundation.errors import N_, InvalidInput
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.notes.course.load_course import (
    Course,
    CourseAttempt,
    CourseRupture,
    list_attempts,
    list_ruptures,
    list_sessions,
    load_course,
)
from clinic.notes.course.read_scope import hidden_notes, hidden_refs, readable_statuses, shown_body
from clinic.notes.course.stored_windows import StoredRun, list_runs
from clinic.notes.record.entries_in_error import in_error, marked_in_error
from clinic.notes.record.exercise_models import ExerciseRun
from clinic.notes.record.held_sessions import held_sessions, separate_appointments, separate_notes
from clinic.notes.record.note_models import SessionNote
from clinic.notes.record.open_record import Chart, audit_read, find_chart, may
from clinic.notes.record.rupture_models import RepairAttempt, Rupture

PAGE = 25
EXCERPT = 160
_CURSOR = re.compile(r"([0-9TZ:.+-]{20,35})~([0-9a-f]{32})")


@dataclass(frozen=True, slots=True)
class NoteLine:
    """A note on the timeline."""

    number: int | None
    status: str
    kind: str
    author: str
    held_until: datetime
    is_late: bool
    plan: str
    ruptures: tuple[tuple[str, str | None], ...]
    safety: str | None


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A session with another therapist: when it ended, and nothing more."""

    ended_at: datetime


@dataclass(frozen=True, slots=True)
class TimelineItem:
    """One item; `what` names the field that is filled: note, rupture, attempt, run or session."""

    what: str
    id: str
    at: datetime
    note: NoteLine | None = None
    rupture: CourseRupture | None = None
    attempt: CourseAttempt | None = None
    run: StoredRun | None = None
    session: SessionLine | None = None


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """A page of the timeline; `next_cursor` is None on the last one."""

    chart: Chart
    items: tuple[TimelineItem, ...]
    next_cursor: str | None


def timeline_page(
    code: str,
    *,
    before: str | None = None,
    limit: int = PAGE,
    actor: Actor,
    now: datetime,
) -> TimelinePage:
    """The page that begins after the cursor `before`. Raises `NotFound`, `InvalidInput`."""
    if not 1 <= limit <= 100:
        raise InvalidInput({"limit": [N_("A page holds 1 to 100 items.")]})
    key = _read_cursor(before)
    chart = find_chart(code, actor=actor, now=now)
    audit_read("timeline.read", kind="couple", object_id=chart.couple_id, actor=actor, now=now)
    course = _course(chart, actor=actor)
    apart = _separate_sessions(chart, actor=actor, now=now)
    keys = _keys(chart, course, apart, key, limit=limit + 1, actor=actor)
    items = _items(chart, course, keys[:limit], apart, actor=actor)
    more = len(keys) > limit
    return TimelinePage(chart, items, _cursor(items[-1]) if more else None)


def _cursor(item: TimelineItem) -> str:
    return f"{item.at.isoformat()}~{item.id}"


def _read_cursor(text: str | None) -> tuple[datetime, str] | None:
    if text is None:
        return None
    found = _CURSOR.fullmatch(text.replace(" ", "+"))
    try:
        at = datetime.fromisoformat(found[1]) if found else None
    except ValueError:
        at = None
    if found is None or at is None or at.tzinfo is None:
        raise InvalidInput({"before": [N_("This is not a place on the timeline.")]})
    return at, found[2]


def _keys(
    chart: Chart,
    course: Course,
    apart: Mapping[str, datetime],
    key: tuple[datetime, str] | None,
    *,
    limit: int,
    actor: Actor,
) -> Sequence[Any]:
    parts = [
        _notes(chart, actor=actor),
        _ruptures(course, actor=actor),
        _attempts(chart, course, actor=actor),
    ]
    if may(actor, Permission.READ_EXERCISE_RUN, chart):
        parts.append(_runs(chart))
    if apart:
        parts.append(_sessions(apart))
    together = union_all(*parts).subquery()
    query = select(together.c.what, together.c.at, together.c.id)
    if key is not None:
        query = query.where(_older(together.c.at, together.c.id, key))
    query = query.order_by(together.c.at.desc(), together.c.id.desc()).limit(limit)
    return session().execute(query).all()


def _older(at: ColumnElement[Any], id_: ColumnElement[Any], key: tuple[datetime, str]) -> Any:
    moment = literal(key[0], UtcDateTime())
    return or_(at < moment, and_(at == moment, id_ < key[1]))


def _notes(chart: Chart, *, actor: Actor) -> Select[str, datetime, str]:
    return (
        select(
            literal("note").label("what"),
            SessionNote.held_from.label("at"),
            SessionNote.id.label("id"),
        )
        .where(SessionNote.couple_id == chart.couple_id)
        .where(SessionNote.status.in_(readable_statuses(chart, actor=actor)))
        .where(SessionNote.id.not_in(hidden_notes(chart, actor=actor)))
    )


def _ruptures(course: Course, *, actor: Actor) -> Select[str, datetime, str]:
    query = select(literal("rupture"), Rupture.opened_at, Rupture.id).where(
        Rupture.couple_id == course.chart.couple_id
    )
    if may(actor, Permission.READ_RESTRICTED, course.chart):
        return query
    return query.where(Rupture.id.in_([one.id for one in course.ruptures]))


def _attempts(chart: Chart, course: Course, *, actor: Actor) -> Select[str, datetime, str]:
    query = select(literal("attempt"), RepairAttempt.at, RepairAttempt.id).where(
        RepairAttempt.couple_id == chart.couple_id
    )
    if not may(actor, Permission.READ_RESTRICTED, chart):
        return query.where(RepairAttempt.id.in_([one.id for one in course.attempts]))
    wrong = in_error(chart.couple_id)
    query = query.where(RepairAttempt.id.not_in(marked_in_error("attempt", chart.couple_id)))
    query = query.where(or_(RepairAttempt.note_id.is_(None), RepairAttempt.note_id.not_in(wrong)))
    return query.where(
        or_(
            RepairAttempt.note_id.is_(None),
            RepairAttempt.note_id.not_in(separate_notes(chart.couple_id)),
        )
    )


def _runs(chart: Chart) -> Select[str, datetime, str]:
    return select(literal("run"), ExerciseRun.at, ExerciseRun.id).where(
        ExerciseRun.couple_id == chart.couple_id,
        ExerciseRun.id.not_in(marked_in_error("run", chart.couple_id)),
    )


def _sessions(ids: Iterable[str]) -> Select[str, datetime, str]:
    query = select(literal("session"), Appointment.starts_at, Appointment.id)
    return query.where(Appointment.id.in_(ids))


def _separate_sessions(chart: Chart, *, actor: Actor, now: datetime) -> Mapping[str, datetime]:
    """Return when each session that the couple's therapist may not read of ended, by its id."""
    if not may(actor, Permission.WRITE_CHART, chart):
        return {}
    return {
        one.id: one.ends_at
        for one in separate_appointments(chart.couple_id)
        if one.starts_at <= now and one.therapist_id != actor.therapist_id
    }


def _course(chart: Chart, *, actor: Actor) -> Course:
    """What the page needs of the course: everything only where something must be left out."""
    if may(actor, Permission.READ_RESTRICTED, chart):
        return Course(chart, list_sessions(chart.couple_id), ())
    return load_course(chart, restricted=False)


def _items(
    chart: Chart,
    course: Course,
    keys: Sequence[Any],
    apart: Mapping[str, datetime],
    *,
    actor: Actor,
) -> tuple[TimelineItem, ...]:
    ids = [row.id for row in keys if row.what == "note"]
    notes = {
        row.id: row for row in session().scalars(select(SessionNote).where(SessionNote.id.in_(ids)))
    }
    numbers = course.numbers
    opened = [row.id for row in keys if row.what == "rupture"]
    seen = list_ruptures(chart.couple_id, ids=opened, numbers=numbers)
    ruptures = {one.id: one for one in seen}
    tried = [row.id for row in keys if row.what == "attempt"]
    listed = list_attempts(chart.couple_id, ids=tried, numbers=numbers)
    attempts = {one.id: one for one in listed}
    held = [row.id for row in keys if row.what == "run"]
    runs = {one.id: one for one in list_runs(chart.couple_id, ids=held)} if held else {}
    hidden = hidden_refs(chart, actor=actor)
    kinds = held_sessions(chart.couple_id)
    items = []
    for row in keys:
        line = None
        if row.what == "note":
            line = _line(notes[row.id], chart, numbers.get(row.id), hidden, actor=actor)
            line = replace(line, kind=kinds[row.id].kind)
        found = (ruptures.get(row.id), attempts.get(row.id), runs.get(row.id))
        held_apart = SessionLine(apart[row.id]) if row.what == "session" else None
        items.append(TimelineItem(row.what, row.id, row.at, line, *found, held_apart))
    return tuple(items)


def _line(
    note: SessionNote,
    chart: Chart,
    number: int | None,
    hidden: frozenset[str],
    *,
    actor: Actor,
) -> NoteLine:
    content = shown_body(note, chart, hidden=hidden, actor=actor).content
    plan = content.plan.strip()
    return NoteLine(
        number=number,
        status=note.status,
        kind=note.kind,
        author=note.author,
        held_until=note.held_until,
        is_late=note.is_late,
        plan=plan if len(plan) <= EXCERPT else plan[: EXCERPT - 1].rstrip() + "…",
        ruptures=tuple((one.ref, one.status) for one in content.ruptures),
        safety=content.safety.result,
    )
