"""A couple's chart as a whole: at a glance, its ledger, its cycle, and who has opened it.

Each reading is in the audit log before its text is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from clinic.accounts.models import Account
from clinic.foundation.audit import AuditEntry
from clinic.foundation.database.transactions import session
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.notes.course.load_course import (
    Course,
    CourseAttempt,
    CourseRating,
    CourseRupture,
    CourseSession,
)
from clinic.notes.course.read_scope import course_for
from clinic.notes.ledger.build_ledger import Ledger, build_ledger
from clinic.notes.record.held_sessions import separate_notes
from clinic.notes.record.note_models import SessionNote
from clinic.notes.record.open_record import Chart, audit_read, find_chart, may
from clinic.notes.record.restricted_models import EmergencyAccess
from clinic.notes.record.rupture_models import CycleMap
from clinic.notes.rules.clinical_values import CycleDetails
from clinic.notes.rules.sealing import SealedNote, first_break
from clinic.notes.session_notes.drafts import CarriedForward, carried_forward
from clinic.notes.signing.signing import signed_content


@dataclass(frozen=True, slots=True)
class CycleVersion:
    """One version of the couple's cycle."""

    number: int
    at: datetime
    author: str
    details: CycleDetails


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """A couple's chart at a glance."""

    chart: Chart
    sessions: tuple[CourseSession, ...]
    ruptures: tuple[CourseRupture, ...]
    attempts: tuple[CourseAttempt, ...]
    ratings: tuple[CourseRating, ...]
    cycle: CycleVersion | None
    carried: CarriedForward
    ledger: Ledger


@dataclass(frozen=True, slots=True)
class Access:
    """One line of who did what with a chart."""

    at: datetime
    actor: str
    action: str
    object_kind: str
    object_id: str


@dataclass(frozen=True, slots=True)
class EmergencyOpening:
    """A chart opened in an emergency; the reason is told to whoever may read the chart."""

    actor: str
    opened_at: datetime
    ends_at: datetime
    reason: str | None


def couple_overview(code: str, *, actor: Actor, now: datetime) -> Overview:
    """A couple's chart at a glance, with its ledger."""
    chart, course = _course(code, "chart.read", actor=actor, now=now)
    return Overview(
        chart=chart,
        sessions=course.sessions,
        ruptures=course.ruptures,
        attempts=course.attempts,
        ratings=course.ratings,
        cycle=_cycle(chart),
        carried=carried_forward(chart, before=now),
        ledger=build_ledger(course.facts()),
    )


def couple_ledger(code: str, *, actor: Actor, now: datetime) -> tuple[Course, Ledger]:
    """A couple's course and the measures worked out from it (charts take `course.facts()`)."""
    _chart, course = _course(code, "ledger.read", actor=actor, now=now)
    return course, build_ledger(course.facts())


def cycle_versions(code: str, *, actor: Actor, now: datetime) -> list[CycleVersion]:
    """Every version of the couple's cycle, newest first."""
    chart = find_chart(code, actor=actor, now=now)
    audit_read("chart.read", kind="couple", object_id=chart.couple_id, actor=actor, now=now)
    return _cycles(chart)


def chart_accesses(code: str, *, limit: int = 100, actor: Actor, now: datetime) -> list[Access]:
    """Who did what with a couple's chart, newest first: no text, only ids and codes."""
    chart = find_chart(code, permission=Permission.SEE_CHART_ACCESS, actor=actor, now=now)
    notes = select(SessionNote.id).where(
        SessionNote.couple_id == chart.couple_id,
        SessionNote.id.not_in(separate_notes(chart.couple_id)),
    )
    rows = session().scalars(
        select(AuditEntry)
        .where(AuditEntry.clinic_id == chart.clinic_id)
        .where((AuditEntry.object_id == chart.couple_id) | (AuditEntry.object_id.in_(notes)))
        .order_by(AuditEntry.seq.desc())
        .limit(limit)
    )
    return [Access(row.at, row.actor, row.action, row.object_kind, row.object_id) for row in rows]


def emergency_openings(code: str, *, actor: Actor, now: datetime) -> list[EmergencyOpening]:
    """Who opened a chart in an emergency, when and why, newest first."""
    chart = find_chart(code, permission=Permission.SEE_CHART_ACCESS, actor=actor, now=now)
    told = may(actor, Permission.READ_CHART, chart)
    if told:
        audit_read("emergency.read", kind="couple", object_id=chart.couple_id, actor=actor, now=now)
    rows = session().scalars(
        select(EmergencyAccess)
        .where(EmergencyAccess.couple_id == chart.couple_id)
        .order_by(EmergencyAccess.opened_at.desc(), EmergencyAccess.id)
    )
    return [
        EmergencyOpening(row.account, row.opened_at, row.ends_at, row.reason if told else None)
        for row in rows
    ]


def chain_break(code: str, *, actor: Actor, now: datetime) -> str | None:
    """The id of the first sealed note whose text or link does not hold; None when all do."""
    chart = find_chart(code, actor=actor, now=now)
    rows = session().scalars(
        select(SessionNote)
        .where(SessionNote.couple_id == chart.couple_id, SessionNote.sealed_at.is_not(None))
        .order_by(SessionNote.seal_number)
    )
    broken = first_break(
        SealedNote(row.id, signed_content(row), row.previous_digest, row.digest or "")
        for row in rows
    )
    return broken.ref if broken else None


def names_of(authors: Sequence[str], *, clinic_id: str) -> Mapping[str, str]:
    """Names for what the record calls its authors (`account:<id>`); unknown ones stay as they are.

    Names of staff are not clinical: nothing is audited.
    """
    ids = {author.removeprefix("account:") for author in authors}
    rows = session().scalars(
        select(Account).where(Account.id.in_(ids), Account.clinic_id == clinic_id)
    )
    known = {f"account:{row.id}": row.name or "" for row in rows}
    return {author: known.get(author, author) for author in authors}


def _course(code: str, action: str, *, actor: Actor, now: datetime) -> tuple[Chart, Course]:
    chart = find_chart(code, actor=actor, now=now)
    audit_read(action, kind="couple", object_id=chart.couple_id, actor=actor, now=now)
    return chart, course_for(chart, actor=actor)


def _cycle(chart: Chart) -> CycleVersion | None:
    return next(iter(_cycles(chart)), None)


def _cycles(chart: Chart) -> list[CycleVersion]:
    rows = session().scalars(
        select(CycleMap)
        .where(CycleMap.couple_id == chart.couple_id)
        .order_by(CycleMap.number.desc())
    )
    return [CycleVersion(row.number, row.at, row.author, row.details) for row in rows]
