"""What a signature brings into the record: ruptures, their events, entries, attempts, ratings.

Done in the signing transaction; a recall takes all of it out again while the note is not sealed.
"""

from __future__ import annotations

from datetime import date, datetime, time

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from clinic.foundation.database.transactions import new_id
from clinic.foundation.wall_clock import instant_from
from clinic.notes.course.load_course import load_course
from clinic.notes.record.note_models import SessionNote
from clinic.notes.record.open_record import Chart
from clinic.notes.record.rupture_models import (
    PartnerRating,
    RepairAttempt,
    Rupture,
    RuptureEntryRow,
    RuptureEventRow,
)
from clinic.notes.rules.clinical_values import AttemptDetails, RatingDetails
from clinic.notes.rules.note_checks import Finding
from clinic.notes.rules.note_content import Attempt, NoteContent
from clinic.notes.rules.rupture_events import HistoryBroken
from clinic.notes.ruptures.signed_ruptures import Signing, change_statuses, open_new, with_refs
from clinic.notes.signing.signed_flags import drop_flag, needed_later


def bring_in(
    current: Session, signing: Signing, content: NoteContent
) -> tuple[NoteContent, list[Finding]]:
    """Write what the note says into the record; the content with the refs it was given.

    Findings name what the record cannot take; then the caller rolls back. What was told apart from
    the couple's therapist stays in its note: nothing of it is the couple's.
    """
    if signing.is_apart:
        return content, []
    refs = open_new(current, signing, content)
    content = with_refs(content, refs)
    findings = change_statuses(current, signing, content)
    on = signing.chart.day(signing.note.held_from)
    for attempt in content.attempts:
        _add_attempt(current, signing, attempt, on=on)
    _add_ratings(current, signing, content)
    current.flush()
    return content, findings


def remove_signed_facts(current: Session, note: SessionNote, *, chart: Chart) -> None:
    """Remove what this note's signature brought in. Raises `Conflict` when later work needs it."""
    drop_flag(current, note)
    opened = _opened_by(current, note)
    for table in (RuptureEntryRow, RepairAttempt, PartnerRating, RuptureEventRow):
        current.execute(delete(table).where(table.note_id == note.id, table.from_note))
    left = current.scalar(
        select(RuptureEventRow.id).where(RuptureEventRow.rupture_id.in_(opened)).limit(1)
    )
    if left is not None:
        raise needed_later()
    current.execute(delete(Rupture).where(Rupture.id.in_(opened)))
    current.flush()
    try:
        load_course(chart)
    except HistoryBroken:
        raise needed_later() from None


def instant_of(day: date, *, zone: str, sooner_than: datetime) -> datetime:
    """Where a day without a time stands among instants: its noon, never in the future."""
    noon = instant_from(day, time(12), zone=zone)
    return min(noon, sooner_than)


def _opened_by(current: Session, note: SessionNote) -> list[str]:
    """The ruptures whose log begins with this note's signature."""
    mine = select(RuptureEventRow.rupture_id).where(
        RuptureEventRow.note_id == note.id, RuptureEventRow.from_note
    )
    first: dict[str, RuptureEventRow] = {}
    rows = current.scalars(
        select(RuptureEventRow)
        .where(RuptureEventRow.rupture_id.in_(mine))
        .order_by(RuptureEventRow.number)
    )
    for row in rows:
        first.setdefault(row.rupture_id, row)
    return [
        rupture_id for rupture_id, row in first.items() if row.note_id == note.id and row.from_note
    ]


def _add_attempt(current: Session, signing: Signing, attempt: Attempt, *, on: date) -> None:
    day = attempt.happened_on or on
    at_home = attempt.happened_on is not None
    row = RepairAttempt(
        id=new_id(),
        couple_id=signing.chart.couple_id,
        note_id=signing.note.id,
        from_note=True,
        at_home=at_home,
        at=instant_of(day, zone=signing.chart.zone, sooner_than=signing.now)
        if at_home
        else signing.effective_at,
        happened_on=day,
        entered_at=signing.now,
        author=signing.by,
    )
    row.details = AttemptDetails(
        by=attempt.by,
        acts=attempt.acts,
        receipt=attempt.receipt or "",
        rupture=attempt.rupture,
        facilitated=attempt.facilitated,
        felt_safety_before=attempt.felt_safety_before,
        felt_safety_after=attempt.felt_safety_after,
    )
    current.add(row)


def _add_ratings(current: Session, signing: Signing, content: NoteContent) -> None:
    for rating in content.ratings:
        told = (rating.felt_safety, rating.defensiveness, rating.regulation)
        if all(value is None for value in told):
            continue
        row = PartnerRating(
            id=new_id(),
            couple_id=signing.chart.couple_id,
            note_id=signing.note.id,
            from_note=True,
            at=signing.effective_at,
            entered_at=signing.now,
            author=signing.by,
        )
        row.details = RatingDetails(rating.partner, rating.point, *told)
        current.add(row)
