"""The session note until it is signed: opened, saved, marked ready.

Signing and what follows it is in `notes/signing/signing.py` and `notes/signing/addenda.py`.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.booking.appointments.models import LIVE
from clinic.foundation import audit
from clinic.foundation.database.transactions import new_id, transaction
from clinic.foundation.errors import N_, ChangedElsewhere, Conflict, InvalidInput
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.notes.course.read_scope import frame_for_note
from clinic.notes.record.held_sessions import UNTOUCHED, held_session
from clinic.notes.record.note_models import INDIVIDUAL_KINDS, NOTE_KINDS, SessionNote
from clinic.notes.record.open_record import (
    Chart,
    Written,
    find_chart,
    find_note,
    lock_course,
    written,
)
from clinic.notes.rules.clinical_checks import refuse
from clinic.notes.rules.clinical_values import NoteBody
from clinic.notes.rules.json_values import dump
from clinic.notes.rules.note_checks import Finding
from clinic.notes.rules.note_content import NoteContent
from clinic.notes.rules.repeated_submission import repeats_since
from clinic.notes.rules.sealing import NoteStatus, NoteStep, next_status
from clinic.notes.rules.selectable_terms import Problem
from clinic.notes.rules.text_limits import REASON_MAX, length_problems
from clinic.notes.rules.version_diff import FieldChange, compare
from clinic.notes.session_notes import session_writers
from clinic.notes.session_notes.drafts import (
    add_version,
    between_it_and_signing,
    carried_into_session,
    findings_of,
    first_content,
    setting_of,
    store_replaced_text,
)
from clinic.practice.vocabularies.terms import terms_of

EARLY = timedelta(minutes=30)
"""A note may be opened this long before its session, to prepare."""
LONGEST_SESSION = timedelta(hours=8)
NOT_BEGUN = N_("This session has not begun yet.")
BODY_MAX_BYTES = 200_000
SIGNED_ALREADY = N_("This note is signed. What is still to be said goes into an addendum.")


class NoteChangedElsewhere(ChangedElsewhere):
    """The note was saved elsewhere in the meantime; both texts are kept, side by side.

    `theirs` is what is saved now, at `revision`; `mine` is what could not be saved.
    """

    says = N_("This note was changed elsewhere. Both texts are kept; please put them together.")

    def __init__(
        self, *, mine: NoteBody, theirs: NoteBody, revision: int, at: datetime, by: str
    ) -> None:
        super().__init__()
        self.mine, self.theirs = mine, theirs
        self.revision, self.at, self.by = revision, at, by
        self.changes: tuple[FieldChange, ...] = compare(theirs, mine)


@dataclass(frozen=True, slots=True)
class Saved:
    """A save that held: the new revision, when, and what in the text needs another look."""

    note_id: str
    revision: int
    at: datetime
    findings: tuple[Finding, ...] = ()
    missing: tuple[Finding, ...] = ()
    """Everything that stands between the text and a signature, the findings included."""


def open_note(appointment_id: str, *, actor: Actor, now: datetime) -> str:
    """The id of the appointment's note, made and prefilled when there is none yet.

    Who held the session writes its note; `set_aside` tells of a draft that somebody else began.

    Raises `NotFound`, `NotAllowed`, and `Conflict` when the session has not begun or was called
    off.
    """
    with transaction() as current:
        appointment, subject, kind = session_writers.session_to_write(
            appointment_id, actor=actor, now=now
        )
        lock_course(current, subject.couple.couple_id)
        there = select(SessionNote).where(SessionNote.appointment_id == appointment.id)
        found = current.scalar(there)
        if found is not None and not session_writers.set_aside(
            current, found, subject, actor=actor, now=now
        ):
            if session_writers.is_begun_by_another(found, subject, actor=actor):
                found.kind, found.held_by_id = kind, session_writers.separate_holder(subject)
                _prefill(found, subject, actor=actor, now=now)
            return found.id
        if appointment.status not in LIVE:
            raise Conflict(N_("This appointment did not take place."), code="not-held")
        note = SessionNote(
            appointment_id=appointment.id,
            kind=kind,
            held_by_id=session_writers.separate_holder(subject),
            held_from=appointment.starts_at,
            held_until=appointment.ends_at,
        )
        return _store(current, note, subject, actor=actor, now=now)


def enter_note(
    code: str,
    *,
    held_from: datetime,
    held_until: datetime,
    kind: str = "joint",
    late_reason: str = "",
    actor: Actor,
    now: datetime,
) -> str:
    """The id of a new note for a session that has no appointment here. Raises `InvalidInput`."""
    with transaction() as current:
        chart = find_chart(code, permission=Permission.WRITE_CHART, actor=actor, now=now)
        note = SessionNote(kind=kind, held_from=held_from, held_until=held_until)
        refuse(_held_problems(note, chart, now=now))
        refuse(length_problems(("late_reason", late_reason, REASON_MAX)))
        lock_course(current, chart.couple_id)
        if (again := _entered_before(current, note, chart, actor=actor, now=now)) is not None:
            return again
        subject = Written(
            chart,
            actor.name,
            held_by=chart.lead_therapist_id,
            is_individual=kind in INDIVIDUAL_KINDS,
        )
        return _store(current, note, subject, late_reason=late_reason, actor=actor, now=now)


def _entered_before(
    current: Session, note: SessionNote, chart: Chart, *, actor: Actor, now: datetime
) -> str | None:
    """The note that the same form made a moment ago, of the same session; nobody wrote in it."""
    return current.scalar(
        select(SessionNote.id).where(
            SessionNote.couple_id == chart.couple_id,
            SessionNote.appointment_id.is_(None),
            SessionNote.author == actor.name,
            SessionNote.kind == note.kind,
            SessionNote.held_from == note.held_from,
            SessionNote.held_until == note.held_until,
            SessionNote.created_at >= repeats_since(now),
            SessionNote.revision == UNTOUCHED,
        )
    )


def save_draft(
    note_id: str,
    *,
    content: NoteContent,
    late_reason: str | None = None,
    revision: int,
    autosave: bool = False,
    actor: Actor,
    now: datetime,
) -> Saved:
    """Save what was typed on top of `revision`. Wrong values are saved too, and told.

    Without a `late_reason` the one that is there stays.

    Raises `NoteChangedElsewhere` when somebody saved in between (what was typed is kept as a
    version), `Conflict` when the note is signed.
    """
    with transaction() as current:
        note, chart = find_note(note_id, actor=actor, now=now)
        _must_be_draft(note)
        before = note.body
        reason = before.late_reason if late_reason is None else late_reason
        body = NoteBody(content, reason, before.nonce)
        _check_size(body)
        refused = None
        held = held_session(note)
        note.kind = held.kind
        if note.revision == revision:
            store_replaced_text(current, note, terms_of(chart.clinic_id))
            _write(current, note, body, autosave=autosave, actor=actor, now=now)
        elif body != before:
            add_version(current, note, body, kind="elsewhere", by=actor.name, now=now)
            refused = NoteChangedElsewhere(
                mine=body, theirs=before, revision=note.revision, at=note.saved_at, by=note.saved_by
            )
        frame = frame_for_note(written(chart, held), actor=actor)
        setting = setting_of(note, frame, content, now=now)
        saved = Saved(
            note.id,
            note.revision,
            note.saved_at,
            tuple(findings_of(body, setting)),
            tuple(between_it_and_signing(note, body, setting, now=now)),
        )
    if refused is not None:
        raise refused
    return saved


def mark_ready(note_id: str, *, revision: int, actor: Actor, now: datetime) -> None:
    """Mark the note as complete but for the signature."""
    _step(note_id, NoteStep.MARK_READY, revision=revision, actor=actor, now=now)


def back_to_draft(note_id: str, *, revision: int, actor: Actor, now: datetime) -> None:
    """Make the note a draft again, with something still to write."""
    _step(note_id, NoteStep.BACK_TO_DRAFT, revision=revision, actor=actor, now=now)


def check_revision(note: SessionNote, revision: int) -> None:
    """Refuse to go on from a text that is no longer the saved one."""
    if note.revision != revision:
        body = note.body
        raise NoteChangedElsewhere(
            mine=body, theirs=body, revision=note.revision, at=note.saved_at, by=note.saved_by
        )


def _step(note_id: str, step: NoteStep, *, revision: int, actor: Actor, now: datetime) -> None:
    with transaction():
        note, _chart = find_note(note_id, actor=actor, now=now)
        check_revision(note, revision)
        note.status = next_status(
            NoteStatus(note.status), step=step, signed_at=note.signed_at, now=now
        )


def _must_be_draft(note: SessionNote) -> None:
    if note.signed_at is not None:
        raise Conflict(SIGNED_ALREADY, code="note-signed")


def _check_size(body: NoteBody) -> None:
    if len(dump(body).encode("utf-8", "surrogatepass")) > BODY_MAX_BYTES:
        raise InvalidInput({"free_text": [N_("This note is too long to be kept.")]})


def _held_problems(note: SessionNote, chart: Chart, *, now: datetime) -> Iterator[Problem]:
    """What cannot be of a session that is said to have been held."""
    if note.kind not in NOTE_KINDS:
        yield "kind", N_("Choose one from the list.")
    if not timedelta() < note.held_until - note.held_from <= LONGEST_SESSION:
        yield "held_until", N_("A session ends after it began, within a day.")
    if chart.day(note.held_from) < chart.began_on:
        yield "held_from", N_("The session lies before the couple began.")
    elif note.held_from > now + EARLY:
        yield "held_from", NOT_BEGUN


def _store(
    current: Session,
    note: SessionNote,
    subject: Written,
    *,
    late_reason: str = "",
    actor: Actor,
    now: datetime,
) -> str:
    if note.held_from > now + EARLY:
        raise Conflict(NOT_BEGUN, code="not-begun")
    chart = subject.couple
    note.id, note.clinic_id, note.couple_id = new_id(), chart.clinic_id, chart.couple_id
    note.created_at = now
    note.status, note.revision = NoteStatus.DRAFT, UNTOUCHED
    _prefill(note, subject, late_reason=late_reason, actor=actor, now=now)
    current.add(note)
    current.flush()
    audit.record(
        current, "note.opened", kind="session_note", object_id=note.id, actor=actor, now=now
    )
    return note.id


def _prefill(
    note: SessionNote, subject: Written, *, late_reason: str = "", actor: Actor, now: datetime
) -> None:
    """Begin the text of an untouched note with what is known, as its author's."""
    note.author = note.saved_by = actor.name
    note.saved_at = now
    course = frame_for_note(subject, actor=actor)
    carried = carried_into_session(subject, before=note.held_from)
    nonce = secrets.token_hex(16)
    note.body = NoteBody(first_content(note, course, carried), late_reason, nonce)


def _write(
    current: Session,
    note: SessionNote,
    body: NoteBody,
    *,
    autosave: bool,
    actor: Actor,
    now: datetime,
) -> None:
    note.revision += 1
    note.body = body
    note.saved_at, note.saved_by = now, actor.name
    current.flush()
    kind = "autosave" if autosave else "manual"
    add_version(current, note, body, kind=kind, by=actor.name, now=now)
    if not autosave:
        audit.record(
            current, "note.saved", kind="session_note", object_id=note.id, actor=actor, now=now
        )
