"""What a signature does to ruptures: it opens new ones and makes the changes of status told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.foundation.database.transactions import new_id
from clinic.notes.course.load_course import Course, CourseRupture
from clinic.notes.record.held_sessions import separate_notes
from clinic.notes.record.note_models import SessionNote
from clinic.notes.record.open_record import Chart
from clinic.notes.record.restricted_models import SafetyFlag
from clinic.notes.record.rupture_models import RuptureEntryRow, ref_of
from clinic.notes.rules.clinical_values import EntryDetails, RuptureDetails
from clinic.notes.rules.note_checks import Finding
from clinic.notes.rules.note_content import Attempt, NewRupture, NoteContent, RuptureEntry
from clinic.notes.rules.rupture_events import RuptureEvent, RuptureStatus, counting_events
from clinic.notes.rules.rupture_history import derive_status
from clinic.notes.rules.rupture_lifecycle import (
    TransitionFacts,
    TransitionRefused,
    check_transition,
)
from clinic.notes.ruptures.event_log import add_event, add_rupture, next_number, status_event
from clinic.practice.vocabularies.terms import terms_of

_S = RuptureStatus
_ON_THE_WAY = {
    (_S.OPEN, _S.REPAIRED): (_S.IN_REPAIR,),
    (_S.REOPENED, _S.REPAIRED): (_S.IN_REPAIR,),
    (_S.REPAIRED, _S.IN_REPAIR): (_S.REOPENED,),
}
"""Two steps that one session may take at once."""


@dataclass(frozen=True, slots=True)
class Signing:
    """The note that is being signed, its course before it, and who signs when."""

    note: SessionNote
    course: Course
    by: str
    now: datetime
    is_apart: bool = False
    """Held with one partner alone by another than the lead: nothing but a flag leaves the note."""

    @property
    def chart(self) -> Chart:
        """Whose note it is."""
        return self.course.chart

    @property
    def effective_at(self) -> datetime:
        """Changes take effect with the end of the session."""
        return min(self.note.held_until, self.now)

    @property
    def session_number(self) -> int | None:
        """The number of the session in the joint course."""
        return self.course.numbers.get(self.note.id)


def open_new(current: Session, signing: Signing, content: NoteContent) -> dict[str, str]:
    """Open the ruptures named in this session: key -> ref."""
    refs: dict[str, str] = {}
    for at, new in enumerate(content.new_ruptures):
        number = next_number(current, signing.chart.couple_id)
        opening = _event(signing, number, _S.OPEN)
        row = add_rupture(
            current,
            signing.chart,
            details_of(new),
            opening,
            note_id=signing.note.id,
            from_note=True,
        )
        refs[new.key or f"new-{at + 1}"] = ref_of(row.number)
        if new.status == _S.IN_REPAIR:
            event = _event(signing, number + 1, _S.IN_REPAIR, reason="attempt_made")
            _write(current, signing, row.id, event)
    return refs


def details_of(new: NewRupture) -> RuptureDetails:
    """The description of a rupture as the note names it."""
    return RuptureDetails(
        title=new.title.strip(),
        types=new.types,
        significance=new.significance or 1,
        level=new.level,
        injured=new.injured,
        occurred_on=new.occurred_on,
        precision=new.precision,
        ongoing=new.ongoing,
        attachment_injury=new.attachment_injury,
        nature=new.nature,
        visibility=new.visibility,
    )


def with_refs(content: NoteContent, refs: Mapping[str, str]) -> NoteContent:
    """The content with the keys of its new ruptures replaced by their refs."""
    return replace(
        content,
        new_ruptures=tuple(
            replace(new, key=refs[new.key or f"new-{at + 1}"])
            for at, new in enumerate(content.new_ruptures)
        ),
        attempts=tuple(
            replace(one, rupture=refs.get(one.rupture, one.rupture) if one.rupture else None)
            for one in content.attempts
        ),
    )


def change_statuses(current: Session, signing: Signing, content: NoteContent) -> list[Finding]:
    """Write the entries and the changes of status they tell; what the rules refuse is told."""
    findings: list[Finding] = []
    for entry in content.ruptures:
        rupture = next((one for one in signing.course.ruptures if one.ref == entry.ref), None)
        if rupture is None:
            said = "There is no rupture %(detail)s in this record."
            findings.append(Finding(f"ruptures.{entry.ref}.status", said, entry.ref))
            continue
        _add_entry(current, signing, rupture, entry)
        findings += _follow(current, signing, rupture, entry, content.attempts)
    return findings


def _follow(
    current: Session,
    signing: Signing,
    rupture: CourseRupture,
    entry: RuptureEntry,
    attempts: Iterable[Attempt],
) -> list[Finding]:
    """Make the changes of status that lead to where the note says the rupture stands."""
    status = _status_then(signing, rupture)
    if entry.status is None or status is None or entry.status == status:
        return []
    to = RuptureStatus(entry.status)
    facts = TransitionFacts(
        has_attempt=has_attempt(rupture, signing.course, attempts),
        therapist_confirms=True,
        partners_confirmed=(entry.confirmed_a is True, entry.confirmed_b is True),
        safety_flag_open=safety_flag_open(current, signing.chart.couple_id),
        reopen_reasons=terms_of(signing.chart.clinic_id)["reopen_reason"].codes(),
    )
    log = rupture.events
    for step in (*_ON_THE_WAY.get((status, to), ()), to):
        number = next_number(current, signing.chart.couple_id)
        event = _event(signing, number, step, reason=_reason(step, entry), text=entry.reason_text)
        try:
            check_transition(log, proposed=event, facts=facts)
        except TransitionRefused as refused:
            return [_finding(f"ruptures.{entry.ref}.status", refused)]
        _write(current, signing, rupture.id, event)
        log = (*log, event)
    return []


def _finding(path: str, refused: TransitionRefused) -> Finding:
    allowed = tuple(status.value for status in refused.allowed)
    return Finding(path, refused.message, terms=refused.terms, allowed=allowed)


def _status_then(signing: Signing, rupture: CourseRupture) -> RuptureStatus | None:
    """Where a rupture stood when the session ended, for a note that is signed after a later one."""
    line = counting_events(rupture.events)
    return derive_status(e for e in line if e.effective_at <= signing.effective_at).status


def _reason(step: RuptureStatus, entry: RuptureEntry) -> str | None:
    if step is _S.IN_REPAIR:
        is_listed = entry.reason in {"attempt_made", "therapist_mark", "other"}
        return entry.reason if is_listed else "attempt_made"
    return entry.reason if step is not _S.REPAIRED else None


def has_attempt(rupture: CourseRupture, course: Course, attempts: Iterable[Attempt] = ()) -> bool:
    """Whether a repair of the present episode was tried, in the record or in this note."""
    opened = rupture.state.opened_at
    since = course.chart.day(opened) if opened else date.min
    stored = any(
        one.details.rupture == rupture.ref and one.happened_on >= since for one in course.attempts
    )
    return stored or any(one.rupture == rupture.ref for one in attempts)


def _event(
    signing: Signing,
    number: int,
    to: RuptureStatus,
    *,
    reason: str | None = None,
    text: str = "",
) -> RuptureEvent:
    return status_event(
        number,
        to,
        effective_at=signing.effective_at,
        session_number=signing.session_number,
        reason=reason,
        text=text,
        by=signing.by,
        now=signing.now,
    )


def _write(current: Session, signing: Signing, rupture_id: str, event: RuptureEvent) -> None:
    add_event(
        current,
        rupture_id,
        event,
        couple_id=signing.chart.couple_id,
        note_id=signing.note.id,
        from_note=True,
    )


def _add_entry(
    current: Session, signing: Signing, rupture: CourseRupture, entry: RuptureEntry
) -> None:
    row = RuptureEntryRow(
        id=new_id(),
        couple_id=signing.chart.couple_id,
        rupture_id=rupture.id,
        note_id=signing.note.id,
        from_note=True,
    )
    row.details = EntryDetails(
        entry.worked_on, entry.intensity_a, entry.intensity_b, entry.status, entry.note
    )
    current.add(row)


def safety_flag_open(current: Session, couple_id: str) -> bool:
    """Whether a safety flag of the couple is open."""
    found = current.scalar(
        select(SafetyFlag.id)
        .where(SafetyFlag.couple_id == couple_id, SafetyFlag.cleared_at.is_(None))
        .limit(1)
    )
    return found is not None


def repeats_open_flag(current: Session, note: SessionNote) -> bool:
    """Whether the flag that a note raises would only say again what an open one says.

    One that was raised in another therapist's session with one partner alone says nothing to the
    joint notes, nor theirs to it: neither author reads the other's words.
    """
    apart = separate_notes(note.couple_id)
    open_flags = current.execute(
        select(SafetyFlag.note_id, SafetyFlag.author).where(
            SafetyFlag.couple_id == note.couple_id, SafetyFlag.cleared_at.is_(None)
        )
    ).all()
    if note.id in apart:
        return any(one.note_id in apart and one.author == note.author for one in open_flags)
    return any(one.note_id not in apart for one in open_flags)
