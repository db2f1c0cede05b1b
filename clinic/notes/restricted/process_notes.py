"""Process notes: what a therapist writes for themselves. Author only, a data key of their own.

They are in no export, no search of others, no timeline, and no emergency opens them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.foundation import audit
from clinic.foundation.crypto.data_keys import KeyPurpose, WrappedKey, create_keys
from clinic.foundation.database.transactions import new_id, session, transaction
from clinic.foundation.errors import N_, Conflict, InvalidInput, NotAllowed, NotFound
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import is_allowed
from clinic.notes.record.note_models import SessionNote
from clinic.notes.record.open_record import Chart, audit_read, find_chart, lock_course
from clinic.notes.record.restricted_models import ProcessNote
from clinic.notes.rules.clinical_checks import refuse
from clinic.notes.rules.repeated_submission import repeats_since
from clinic.notes.rules.text_limits import PROCESS_NOTE_MAX, length_problems


@dataclass(frozen=True, slots=True)
class ProcessText:
    """One process note as its author reads it."""

    id: str
    note_id: str | None
    at: datetime
    saved_at: datetime
    revision: int
    text: str


def write_process_note(
    code: str, text: str, *, note_id: str | None = None, actor: Actor, now: datetime
) -> str:
    """Store a process note; return its id. Only the couple's therapist writes any."""
    _check(text)
    chart = _own_chart(code, actor=actor, now=now)
    _make_key(chart)
    with transaction() as current:
        lock_course(current, chart.couple_id)
        if (again := _sent_again(current, chart, text, actor=actor, now=now)) is not None:
            return again
        if note_id is not None:
            note = current.get(SessionNote, note_id)
            if note is None or note.couple_id != chart.couple_id:
                raise NotFound
        row = ProcessNote(
            id=new_id(),
            couple_id=chart.couple_id,
            note_id=note_id,
            author=actor.name,
            at=now,
            saved_at=now,
            revision=1,
        )
        row.text = text
        current.add(row)
        audit.record(
            current,
            "process_note.written",
            kind="process_note",
            object_id=row.id,
            actor=actor,
            now=now,
        )
        return row.id


def _sent_again(
    current: Session, chart: Chart, text: str, *, actor: Actor, now: datetime
) -> str | None:
    """The process note that the same form made a moment ago."""
    lately = select(ProcessNote).where(
        ProcessNote.couple_id == chart.couple_id,
        ProcessNote.author == actor.name,
        ProcessNote.at >= repeats_since(now),
    )
    return next((row.id for row in current.scalars(lately) if row.text == text), None)


def save_process_note(
    process_note_id: str, text: str, *, revision: int, actor: Actor, now: datetime
) -> int:
    """Change a process note on top of `revision`; the new revision. Raises `Conflict`."""
    _check(text)
    with transaction() as current:
        row = _own(process_note_id, actor=actor, lock=True)
        if row.revision != revision:
            raise Conflict(code="changed-elsewhere")
        row.revision += 1
        row.text = text
        row.saved_at = now
        audit.record(
            current,
            "process_note.saved",
            kind="process_note",
            object_id=row.id,
            actor=actor,
            now=now,
        )
        return row.revision


def read_process_note(process_note_id: str, *, actor: Actor, now: datetime) -> ProcessText:
    """One process note, for its author. Raises `NotFound` for everybody else."""
    _own(process_note_id, actor=actor)
    _audit(process_note_id, actor=actor, now=now)
    return _text(_own(process_note_id, actor=actor))


def list_process_notes(code: str, *, actor: Actor, now: datetime) -> list[ProcessText]:
    """The actor's own process notes on a couple, newest first."""
    chart = _own_chart(code, actor=actor, now=now)
    audit_read(
        "process_note.listed", kind="couple", object_id=chart.couple_id, actor=actor, now=now
    )
    rows = session().scalars(
        select(ProcessNote)
        .where(ProcessNote.couple_id == chart.couple_id, ProcessNote.author == actor.name)
        .order_by(ProcessNote.at.desc(), ProcessNote.id)
    )
    return [_text(row) for row in rows]


def _own_chart(code: str, *, actor: Actor, now: datetime) -> Chart:
    if actor.account_id is None:
        raise NotAllowed
    return find_chart(code, permission=Permission.WRITE_PROCESS_NOTE, actor=actor, now=now)


def _own(process_note_id: str, *, actor: Actor, lock: bool = False) -> ProcessNote:
    row = session().get(ProcessNote, process_note_id, with_for_update=lock, populate_existing=True)
    if row is None or not is_allowed(actor, Permission.READ_PROCESS_NOTE, row):
        raise NotFound
    return row


def _audit(process_note_id: str, *, actor: Actor, now: datetime) -> None:
    audit_read(
        "process_note.read", kind="process_note", object_id=process_note_id, actor=actor, now=now
    )


def _text(row: ProcessNote) -> ProcessText:
    return ProcessText(row.id, row.note_id, row.at, row.saved_at, row.revision, row.text or "")


def _make_key(chart: Chart) -> None:
    """Make the couple's key for process notes, in a transaction of its own.

    Not in the one that writes: were that rolled back, the key would still be remembered.
    """
    there = select(WrappedKey.id).where(
        WrappedKey.owner == chart.couple_id, WrappedKey.purpose == KeyPurpose.PROCESS_NOTES
    )
    with transaction() as current:
        lock_course(current, chart.couple_id)
        if current.scalar(there) is None:
            purposes = (KeyPurpose.PROCESS_NOTES,)
            create_keys(current, owner=chart.couple_id, purposes=purposes)


def _check(text: str) -> None:
    if not text.strip():
        raise InvalidInput({"text": [N_("Nothing is written here yet.")]})
    refuse(length_problems(("text", text, PROCESS_NOTE_MAX)))
