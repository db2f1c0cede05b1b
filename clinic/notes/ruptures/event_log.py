"""Writing to a rupture's log: one event, checked against what may follow, kept sealed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clinic.foundation.database.transactions import new_id
from clinic.notes.record.open_record import Chart
from clinic.notes.record.rupture_models import Rupture, RuptureEventRow
from clinic.notes.rules.clinical_values import EventDetails, RuptureDetails
from clinic.notes.rules.rupture_events import EventKind, RuptureEvent, RuptureStatus


def next_number(current: Session, couple_id: str) -> int:
    """The number of the couple's next event; the course is locked."""
    last = current.scalar(
        select(func.max(RuptureEventRow.number)).where(RuptureEventRow.couple_id == couple_id)
    )
    return (last or 0) + 1


def add_event(
    current: Session,
    rupture_id: str,
    event: RuptureEvent,
    *,
    couple_id: str,
    note_id: str | None = None,
    from_note: bool = False,
) -> None:
    """Write an event that has been checked."""
    row = RuptureEventRow(
        id=new_id(),
        couple_id=couple_id,
        rupture_id=rupture_id,
        number=event.id,
        note_id=note_id,
        from_note=from_note,
        effective_at=event.effective_at,
        entered_at=event.entered_at,
        author=event.by,
    )
    row.details = EventDetails(
        kind=event.kind.value,
        to_status=event.to_status.value if event.to_status else None,
        reason=event.reason,
        text=event.text,
        reverses=event.reverses,
        link=event.link,
    )
    current.add(row)
    current.flush()


def add_rupture(
    current: Session,
    chart: Chart,
    details: RuptureDetails,
    opening: RuptureEvent,
    *,
    note_id: str | None = None,
    from_note: bool = False,
) -> Rupture:
    """Write a new rupture with the event that opens it; the course is locked."""
    last = current.scalar(
        select(func.max(Rupture.number)).where(Rupture.couple_id == chart.couple_id)
    )
    row = Rupture(
        id=new_id(),
        couple_id=chart.couple_id,
        number=(last or 0) + 1,
        opened_at=opening.effective_at,
        entered_at=opening.entered_at,
        author=opening.by,
        revision=1,
    )
    row.details = details
    current.add(row)
    current.flush()
    add_event(
        current,
        row.id,
        opening,
        couple_id=chart.couple_id,
        note_id=note_id,
        from_note=from_note,
    )
    return row


def status_event(
    number: int,
    to: RuptureStatus,
    *,
    effective_at: datetime,
    session_number: int | None = None,
    reason: str | None = None,
    text: str = "",
    by: str,
    now: datetime,
) -> RuptureEvent:
    """An event that changes the status."""
    return RuptureEvent(
        id=number,
        kind=EventKind.STATUS,
        to_status=to,
        effective_at=effective_at,
        entered_at=now,
        by=by,
        session_number=session_number,
        reason=reason,
        text=text,
    )
