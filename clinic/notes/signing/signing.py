"""Signing a note, recalling the signature within fifteen minutes, sealing it, co-signing it.

The signature brings what the note says into the record; the seal, a quarter of an hour later,
ties the note to the one sealed before it, and from then on the database refuses to change it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.accounts.rules.session_rules import is_proof_recent
from clinic.foundation import audit, outbox
from clinic.foundation.database.transactions import session, transaction
from clinic.foundation.errors import N_, Conflict, InvalidInput, NotAllowed, ProofNeeded
from clinic.foundation.messages import message
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import require
from clinic.notes.course.read_scope import course_for_note
from clinic.notes.record.held_sessions import held_session
from clinic.notes.record.note_models import SessionNote
from clinic.notes.record.open_record import find_note, lock_course, written
from clinic.notes.rules.clinical_values import NoteBody
from clinic.notes.rules.json_values import to_plain
from clinic.notes.rules.note_checks import Finding, places_of
from clinic.notes.rules.sealing import (
    RECALL_WINDOW,
    NoteStatus,
    NoteStep,
    digest,
    is_late_entry,
    next_status,
)
from clinic.notes.ruptures.signed_ruptures import Signing
from clinic.notes.session_notes.drafts import (
    add_version,
    between_it_and_signing,
    restore_safety_text,
    setting_of,
    store_draft_without,
)
from clinic.notes.session_notes.service import check_revision
from clinic.notes.signing.signed_facts import bring_in, remove_signed_facts
from clinic.notes.signing.signed_flags import raise_flag

SEAL = "note.seal"


class NotReady(InvalidInput):
    """Something stands between the note and a signature; `findings` says what, and where."""

    code = "note-not-ready"

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        errors: dict[str, list[str]] = {}
        for one in findings:
            errors.setdefault(one.path, []).append(message(one.message, **places_of(one)))
        super().__init__(errors)


def sign_note(
    note_id: str,
    *,
    revision: int,
    proved_at: datetime,
    for_cosign: bool = False,
    actor: Actor,
    now: datetime,
) -> None:
    """Sign the note as it stands at `revision`.

    `proved_at` is when this session last showed the password. Raises `ProofNeeded`, `NotReady`,
    `NoteChangedElsewhere`, `StepRefused`.
    """
    if not is_proof_recent(proved_at, now=now):
        raise ProofNeeded
    with transaction() as current:
        note, chart = find_note(note_id, actor=actor, now=now)
        lock_course(current, chart.couple_id)
        check_revision(note, revision)
        seal_due_notes(current, chart.couple_id, now=now)
        status = _ready(note, now=now)
        step = NoteStep.SIGN_FOR_COSIGN if for_cosign else NoteStep.SIGN
        status = next_status(status, step=step, now=now)
        held = held_session(note)
        subject = written(chart, held)
        course, body = course_for_note(subject, actor=actor), note.body
        setting = setting_of(note, course, body.content, now=now)
        _refuse(between_it_and_signing(note, body, setting, now=now))
        note.kind = held.kind
        signing = Signing(note, course, actor.name, now, is_apart=subject.is_apart)
        content = body.content.answered(flag_open=setting.flag_open)
        if content != body.content:
            store_draft_without(current, note, by=actor.name, now=now)
        content, findings = bring_in(current, signing, content)
        _refuse(findings)
        raise_flag(current, signing, content, actor=actor)
        body = NoteBody(content, body.late_reason, body.nonce)
        _set_signature(current, note, body, status, actor=actor, now=now)


def recall_signature(note_id: str, *, actor: Actor, now: datetime) -> None:
    """Recall the signature before the seal; what it brought into the record goes with it.

    Raises `StepRefused` when the quarter of an hour is over, `Conflict` when later work needs it.
    """
    with transaction() as current:
        note, chart = find_note(note_id, actor=actor, now=now)
        lock_course(current, chart.couple_id)
        if note.author != actor.name:
            raise NotAllowed(N_("Only who signed it can recall the signature."))
        status = next_status(
            NoteStatus(note.status), step=NoteStep.RECALL, signed_at=note.signed_at, now=now
        )
        if note.sealed_at is not None:
            raise Conflict(N_("The note is sealed; add an addendum."), code="note-sealed")
        remove_signed_facts(current, note, chart=chart)
        note.status, note.signed_at, note.signed_digest = status, None, None
        restore_safety_text(current, note)
        _record(current, "note.recalled", note, actor=actor, now=now)


def cosign_note(note_id: str, *, proved_at: datetime, actor: Actor, now: datetime) -> None:
    """Co-sign somebody else's note. Raises `ProofNeeded`, `NotAllowed`, `StepRefused`."""
    if not is_proof_recent(proved_at, now=now):
        raise ProofNeeded
    with transaction() as current:
        note, chart = find_note(
            note_id, permission=Permission.READ_SIGNED_NOTE, actor=actor, now=now
        )
        require(actor, Permission.COSIGN_NOTE, written(chart, held_session(note)))
        lock_course(current, chart.couple_id)
        seal_due_notes(current, chart.couple_id, now=now)
        note.status = next_status(
            NoteStatus(note.status), step=NoteStep.COSIGN, signed_at=note.signed_at, now=now
        )
        note.cosigned_at, note.cosigned_by = now, actor.name
        _record(current, "note.cosigned", note, actor=actor, now=now)


def seal_when_due(payload: Mapping[str, Any], now: datetime) -> None:
    """Handle `note.seal`: seal what is due in this note's couple. Twice does nothing more."""
    with transaction() as current:
        couple_id = current.scalar(
            select(SessionNote.couple_id).where(SessionNote.id == payload["note"])
        )
        if couple_id is not None:
            lock_course(current, couple_id)
            seal_due_notes(current, couple_id, now=now)


def seal_due_notes(current: Session, couple_id: str, *, now: datetime) -> None:
    """Seal every signed note of a couple that can no longer be recalled, in order of signing."""
    due = current.scalars(
        select(SessionNote)
        .where(SessionNote.couple_id == couple_id, SessionNote.sealed_at.is_(None))
        .where(SessionNote.signed_at <= now - RECALL_WINDOW)
        .order_by(SessionNote.signed_at, SessionNote.id)
        .with_for_update()
    ).all()
    for note in due:
        _seal(current, note, now=now)


def signed_content(note: SessionNote) -> dict[str, Any]:
    """What a signature stands under, as plain values; the digest is taken of it."""
    return {
        "note": note.id,
        "couple": note.couple_id,
        "kind": note.kind,
        "held_from": to_plain(note.held_from),
        "held_until": to_plain(note.held_until),
        "author": note.author,
        "signed_at": to_plain(note.signed_at),
        "is_late": note.is_late,
        "body": SessionNote.body.plain_as_written(note),
    }


def _seal(current: Session, note: SessionNote, *, now: datetime) -> None:
    last = session().execute(
        select(SessionNote.seal_number, SessionNote.digest)
        .where(SessionNote.couple_id == note.couple_id, SessionNote.seal_number.is_not(None))
        .order_by(SessionNote.seal_number.desc())
        .limit(1)
    )
    number, previous = last.one_or_none() or (0, None)
    if digest(signed_content(note), previous_digest=None) != note.signed_digest:
        raise Conflict(N_("The text is not the one that was signed."), code="seal-refused")
    note.seal_number, note.previous_digest = (number or 0) + 1, previous
    note.digest = digest(signed_content(note), previous_digest=previous)
    note.sealed_at = now
    system = Actor(clinic_id=note.clinic_id, name="system:seal", is_system=True)
    _record(current, "note.sealed", note, actor=system, now=now)
    current.flush()


def _ready(note: SessionNote, *, now: datetime) -> NoteStatus:
    status = NoteStatus(note.status)
    if status is NoteStatus.DRAFT:
        return next_status(status, step=NoteStep.MARK_READY, now=now)
    return status


def _set_signature(
    current: Session,
    note: SessionNote,
    body: NoteBody,
    status: NoteStatus,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    note.revision += 1
    note.body = body
    note.status, note.author, note.signed_at = status, actor.name, now
    note.saved_at, note.saved_by = now, actor.name
    note.is_late = is_late_entry(note.held_until, written_at=now)
    note.signed_digest = digest(signed_content(note), previous_digest=None)
    current.flush()
    add_version(current, note, body, kind="signed", by=actor.name, now=now)
    outbox.promise(current, SEAL, {"note": note.id}, now=now, due_at=now + RECALL_WINDOW)
    _record(current, "note.signed", note, actor=actor, now=now)


def _refuse(findings: Sequence[Finding]) -> None:
    if findings:
        raise NotReady(findings)


def _record(
    current: Session, action: str, note: SessionNote, *, actor: Actor, now: datetime
) -> None:
    audit.record(current, action, kind="session_note", object_id=note.id, actor=actor, now=now)
