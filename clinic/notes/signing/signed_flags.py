"""What a signature does when the safety check raises a flag: it opens it and parks what is open."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from clinic.accounts.models import Account
from clinic.foundation import audit
from clinic.foundation.database.transactions import new_id
from clinic.foundation.errors import N_, Conflict
from clinic.foundation.permissions.actors import Actor
from clinic.notes.course.load_course import CourseRupture, load_course
from clinic.notes.record.note_models import SessionNote
from clinic.notes.record.restricted_models import SafetyFlag
from clinic.notes.rules.clinical_values import FlagDetails
from clinic.notes.rules.note_content import NoteContent, SafetyCheck
from clinic.notes.rules.rupture_events import SAFETY_PARKING, RuptureStatus
from clinic.notes.rules.rupture_lifecycle import TransitionFacts, check_transition
from clinic.notes.ruptures.event_log import add_event, next_number, status_event
from clinic.notes.ruptures.flag_reminders import promise_reminder
from clinic.notes.ruptures.signed_ruptures import Signing, repeats_open_flag

RAISED_APART = N_(
    "Raised in a session with one partner alone, with another therapist. Ask whoever raised it."
)
"""What the couple's therapist reads of a concern that was told apart from them."""


def raise_flag(current: Session, signing: Signing, content: NoteContent, *, actor: Actor) -> None:
    """Open the flag that the note raises, after the note's own changes, unless it is open."""
    if not content.safety.raises_flag or repeats_open_flag(current, signing.note):
        return
    row = _flag_of(current, signing, content.safety)
    current.add(row)
    current.flush()
    for rupture in load_course(signing.chart).open_ruptures:
        _park(current, signing, rupture)
    promise_reminder(current, row, zone=signing.chart.zone, now=signing.now)
    audit.record(
        current,
        "safety_flag.opened",
        kind="safety_flag",
        object_id=row.id,
        actor=actor,
        now=signing.now,
    )


def drop_flag(current: Session, note: SessionNote) -> None:
    """Delete the flag that the note opened. Raises `Conflict` when it was acted on meanwhile."""
    row = current.scalar(select(SafetyFlag).where(SafetyFlag.note_id == note.id))
    if row is None:
        return
    if row.cleared_at is not None:
        said = N_("The safety flag of this note is cleared already; add an addendum instead.")
        raise Conflict(said, code="recall-too-late")
    current.execute(delete(SafetyFlag).where(SafetyFlag.id == row.id))
    later = select(SafetyFlag.id).where(
        SafetyFlag.couple_id == note.couple_id,
        SafetyFlag.cleared_at.is_(None),
        SafetyFlag.opened_at >= row.opened_at,
    )
    if current.scalar(later.limit(1)) is not None:
        raise needed_later()  # the other flag parked nothing, because this one had


def needed_later() -> Conflict:
    """The refusal of a recall that would pull the ground from under later work."""
    return Conflict(
        N_("What came later in the record rests on this note; add an addendum instead."),
        code="recall-too-late",
    )


def _flag_of(current: Session, signing: Signing, safety: SafetyCheck) -> SafetyFlag:
    signer = current.get(Account, signing.by.removeprefix("account:"))
    row = SafetyFlag(
        id=new_id(),
        couple_id=signing.chart.couple_id,
        note_id=signing.note.id,
        author=signing.by,
        opened_at=signing.now,
        review_on=safety.review_on,
        revision=1,
    )
    row.details = FlagDetails(
        about=RAISED_APART if signing.is_apart else safety.text.strip(),
        level=safety.level or 1,
        action=safety.action.strip(),
        owner=(signer.name or "") if signer else "",
    )
    return row


def _park(current: Session, signing: Signing, rupture: CourseRupture) -> None:
    event = status_event(
        next_number(current, signing.chart.couple_id),
        RuptureStatus.PARKED,
        effective_at=signing.now,
        session_number=signing.session_number,
        reason=SAFETY_PARKING,
        by=signing.by,
        now=signing.now,
    )
    check_transition(rupture.events, proposed=event, facts=TransitionFacts(safety_flag_open=True))
    add_event(
        current,
        rupture.id,
        event,
        couple_id=signing.chart.couple_id,
        note_id=signing.note.id,
        from_note=True,
    )
