"""What is said of a signed note afterwards: addenda, amendments, late entries, entered in error.

Append-only; each carries the digest of the note and of the addendum before it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.accounts.rules.session_rules import is_proof_recent
from clinic.foundation import audit
from clinic.foundation.database.transactions import new_id, transaction
from clinic.foundation.errors import N_, Conflict, InvalidInput, ProofNeeded
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import require
from clinic.notes.record.held_sessions import held_session
from clinic.notes.record.note_models import NoteAddendum, SessionNote
from clinic.notes.record.open_record import find_note, lock_course, written
from clinic.notes.rules.clinical_checks import by_place, refuse
from clinic.notes.rules.clinical_values import AddendumText
from clinic.notes.rules.json_values import to_plain
from clinic.notes.rules.repeated_submission import repeats_since
from clinic.notes.rules.sealing import digest
from clinic.notes.rules.text_limits import ADDITION_MAX, REASON_MAX, length_problems
from clinic.notes.signing.signing import seal_due_notes

ADDENDUM_KINDS = ("addendum", "amendment", "late_entry", "entered_in_error")
NEEDS_REASON = ("amendment", "late_entry", "entered_in_error")


def add_addendum(
    note_id: str,
    *,
    kind: str,
    text: str,
    reason: str = "",
    proved_at: datetime,
    actor: Actor,
    now: datetime,
) -> str:
    """Add to a sealed note; the id of what was added.

    Raises `ProofNeeded`, `InvalidInput`, and `Conflict` while the note is not sealed.
    """
    if not is_proof_recent(proved_at, now=now):
        raise ProofNeeded
    _check(kind, text, reason)
    with transaction() as current:
        note, chart = find_note(note_id, actor=actor, now=now)
        lock_course(current, chart.couple_id)
        seal_due_notes(current, chart.couple_id, now=now)
        addition = AddendumText(text.strip(), reason.strip())
        return _append(current, note, kind, addition, actor=actor, now=now)


def return_for_revision(note_id: str, *, comment: str, actor: Actor, now: datetime) -> str:
    """Give a note back instead of co-signing it: the author answers with an amendment."""
    if not comment.strip():
        raise InvalidInput({"comment": [N_("Say what should be looked at again.")]})
    refuse(length_problems(("comment", comment, ADDITION_MAX)))
    with transaction() as current:
        note, chart = find_note(
            note_id, permission=Permission.READ_SIGNED_NOTE, actor=actor, now=now
        )
        require(actor, Permission.COSIGN_NOTE, written(chart, held_session(note)))
        lock_course(current, chart.couple_id)
        seal_due_notes(current, chart.couple_id, now=now)
        if note.status != "cosign_pending":
            raise Conflict(N_("This note waits for no co-signature."), code="note-step-refused")
        addition = AddendumText(comment.strip())
        return _append(current, note, "returned", addition, actor=actor, now=now)


def addendum_content(row: NoteAddendum, addition: AddendumText) -> dict[str, object]:
    """What an addendum's digest is taken of."""
    return {
        "note": row.note_id,
        "addendum": row.id,
        "number": row.number,
        "kind": row.kind,
        "at": to_plain(row.at),
        "author": row.author,
        "said": to_plain(addition),
    }


def _check(kind: str, text: str, reason: str) -> None:
    problems: dict[str, list[str]] = {}
    if kind not in ADDENDUM_KINDS:
        problems["kind"] = [N_("Choose one from the list.")]
    if not text.strip():
        problems["text"] = [N_("Write what is to be added.")]
    if kind in NEEDS_REASON and not reason.strip():
        problems["reason"] = [N_("Give the reason.")]
    problems |= by_place(
        length_problems(("text", text, ADDITION_MAX), ("reason", reason, REASON_MAX))
    )
    if problems:
        raise InvalidInput(problems)


def _append(
    current: Session,
    note: SessionNote,
    kind: str,
    addition: AddendumText,
    *,
    actor: Actor,
    now: datetime,
) -> str:
    if note.digest is None or note.sealed_at is None:
        raise Conflict(
            N_("This note is not sealed yet; recall the signature or go on writing."),
            code="note-not-sealed",
        )
    last = current.scalar(
        select(NoteAddendum)
        .where(NoteAddendum.note_id == note.id)
        .order_by(NoteAddendum.number.desc())
        .limit(1)
    )
    if last is not None and _is_again(last, kind, addition, actor=actor, now=now):
        return last.id
    row = NoteAddendum(
        id=new_id(),
        couple_id=note.couple_id,
        note_id=note.id,
        number=(last.number if last else 0) + 1,
        kind=kind,
        at=now,
        author=actor.name,
        previous_digest=last.digest if last else note.digest,
    )
    row.said = addition
    row.digest = digest(addendum_content(row, addition), previous_digest=row.previous_digest)
    current.add(row)
    current.flush()
    audit.record(
        current, f"note.{kind}", kind="session_note", object_id=note.id, actor=actor, now=now
    )
    return row.id


def _is_again(
    last: NoteAddendum, kind: str, addition: AddendumText, *, actor: Actor, now: datetime
) -> bool:
    """Whether the same form made the last one a moment ago."""
    same = (last.kind, last.author, last.said) == (kind, actor.name, addition)
    return same and last.at >= repeats_since(now)
