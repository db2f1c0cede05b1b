"""Reading session notes: one note, the screen on which it is written, its versions.

Each reading is in the audit log before its text is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from clinic.foundation.database.transactions import session
from clinic.foundation.errors import NotFound
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.notes.course.load_course import Course, CourseRupture, load_frame
from clinic.notes.course.read_scope import frame_for_note, shown_body
from clinic.notes.record.held_sessions import held_session
from clinic.notes.record.note_models import NoteAddendum, NoteVersion, SessionNote
from clinic.notes.record.open_record import (
    Chart,
    Written,
    audit_read,
    find_note,
    may,
    note_with_chart,
    written,
)
from clinic.notes.rules.clinical_values import AddendumText, NoteBody
from clinic.notes.rules.note_checks import Finding, NoteSetting
from clinic.notes.rules.sealing import NoteStatus, NoteStep, allowed_steps, is_overdue
from clinic.notes.rules.version_diff import FieldChange, compare
from clinic.notes.session_notes.drafts import (
    CarriedForward,
    between_it_and_signing,
    carried_into_session,
    chart_of_note,
    expected,
    setting_of,
)


@dataclass(frozen=True, slots=True)
class ReadableAddendum:
    """Something added to a sealed note."""

    id: str
    number: int
    kind: str
    at: datetime
    author: str
    said: AddendumText


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadableNote:
    """A note as its page shows it. `number` is the session's, None for an individual session.

    `is_sealed` is what the database holds; `entered_in_error` comes from an addendum.
    """

    id: str
    chart: Chart
    """Names only whom the note is about."""
    subject: Written
    """What the access policy asks of the note."""
    appointment_id: str | None
    kind: str
    number: int | None
    held_from: datetime
    held_until: datetime
    author: str
    status: NoteStatus
    revision: int
    saved_at: datetime
    saved_by: str
    signed_at: datetime | None
    sealed_at: datetime | None
    digest: str | None
    is_late: bool
    cosigned_at: datetime | None
    cosigned_by: str | None
    entered_in_error: bool
    body: NoteBody
    addenda: tuple[ReadableAddendum, ...]
    steps: tuple[NoteStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteScreen:
    """The one screen on which a note is written: the note and everything it already knows."""

    note: ReadableNote
    setting: NoteSetting
    expected: tuple[str, ...]
    carried: CarriedForward
    open_ruptures: tuple[CourseRupture, ...]
    other_ruptures: tuple[CourseRupture, ...]
    findings: tuple[Finding, ...]
    is_overdue: bool


@dataclass(frozen=True, slots=True)
class NoteVersionInfo:
    """A kept version of a note, without its text."""

    id: str
    number: int
    revision: int
    kind: str
    at: datetime
    author: str


def read_note(note_id: str, *, actor: Actor, now: datetime) -> ReadableNote:
    """One note with its addenda. Raises `NotFound` when the actor may not read it."""
    _readable(note_id, actor=actor, now=now)
    audit_read("note.read", kind="session_note", object_id=note_id, actor=actor, now=now)
    note, subject = _readable(note_id, actor=actor, now=now)
    return _as_readable(note, subject, load_frame(subject.couple), actor=actor, now=now)


def note_screen(note_id: str, *, actor: Actor, now: datetime) -> NoteScreen:
    """The writing screen of a note, prefilled. Raises `NotFound`, `NotAllowed`."""
    find_note(note_id, actor=actor, now=now)
    audit_read("note.read", kind="session_note", object_id=note_id, actor=actor, now=now)
    note, chart = find_note(note_id, actor=actor, now=now)
    held = held_session(note)
    subject = written(chart, held)
    course = frame_for_note(subject, actor=actor)
    seen = _as_readable(note, subject, course, actor=actor, now=now)
    setting = setting_of(note, course, seen.body.content, now=now)
    is_open = set(setting.open_ruptures)
    status = NoteStatus(note.status)
    findings = between_it_and_signing(note, seen.body, setting, now=now)
    return NoteScreen(
        note=seen,
        setting=setting,
        expected=expected(held, chart),
        carried=carried_into_session(subject, before=note.held_from),
        open_ruptures=tuple(one for one in course.ruptures if one.ref in is_open),
        other_ruptures=tuple(one for one in course.ruptures if one.ref not in is_open),
        findings=tuple(findings) if note.signed_at is None else (),
        is_overdue=is_overdue(note.held_until, status=status, now=now),
    )


def list_versions(note_id: str, *, actor: Actor, now: datetime) -> list[NoteVersionInfo]:
    """The kept versions of a note, newest first."""
    find_note(note_id, actor=actor, now=now)
    rows = session().scalars(
        select(NoteVersion)
        .where(NoteVersion.note_id == note_id)
        .order_by(NoteVersion.number.desc())
    )
    return [
        NoteVersionInfo(row.id, row.number, row.revision, row.kind, row.at, row.author)
        for row in rows
    ]


def compare_versions(
    note_id: str, first: int, second: int | None = None, *, actor: Actor, now: datetime
) -> tuple[FieldChange, ...]:
    """What differs between two versions by number, or between one and the text as it stands."""
    note, _chart = find_note(note_id, actor=actor, now=now)
    audit_read("note.compared", kind="session_note", object_id=note_id, actor=actor, now=now)
    note, _chart = find_note(note_id, actor=actor, now=now)
    after = note.body if second is None else _version(note_id, second)
    return compare(_version(note_id, first), after)


def _readable(note_id: str, *, actor: Actor, now: datetime) -> tuple[SessionNote, Written]:
    note, chart = note_with_chart(note_id, actor=actor, now=now)
    subject = written(chart, held_session(note))
    reads = Permission.READ_SIGNED_NOTE if subject.is_signed else Permission.READ_DRAFT_NOTE
    if not may(actor, reads, subject):
        raise NotFound
    if subject.is_individual and not may(actor, Permission.READ_RESTRICTED, subject):
        raise NotFound
    return note, subject


def _as_readable(
    note: SessionNote, subject: Written, course: Course, *, actor: Actor, now: datetime
) -> ReadableNote:
    addenda, chart = _addenda(note.id), subject.couple
    return ReadableNote(
        id=note.id,
        chart=chart_of_note(chart, subject, note),
        subject=subject,
        appointment_id=note.appointment_id,
        kind=held_session(note).kind,
        number=course.numbers.get(note.id),
        held_from=note.held_from,
        held_until=note.held_until,
        author=note.author,
        status=NoteStatus(note.status),
        revision=note.revision,
        saved_at=note.saved_at,
        saved_by=note.saved_by,
        signed_at=note.signed_at,
        sealed_at=note.sealed_at,
        digest=note.digest,
        is_late=note.is_late,
        cosigned_at=note.cosigned_at,
        cosigned_by=note.cosigned_by,
        entered_in_error=any(one.kind == "entered_in_error" for one in addenda),
        body=shown_body(note, chart, actor=actor),
        addenda=addenda,
        steps=allowed_steps(NoteStatus(note.status), signed_at=note.signed_at, now=now),
    )


def _addenda(note_id: str) -> tuple[ReadableAddendum, ...]:
    rows = session().scalars(
        select(NoteAddendum).where(NoteAddendum.note_id == note_id).order_by(NoteAddendum.number)
    )
    return tuple(
        ReadableAddendum(row.id, row.number, row.kind, row.at, row.author, row.said) for row in rows
    )


def _version(note_id: str, number: int) -> NoteBody:
    row = session().scalar(
        select(NoteVersion).where(NoteVersion.note_id == note_id, NoteVersion.number == number)
    )
    if row is None:
        raise NotFound
    return row.body
