"""What is told between sessions or outside a note: attempts at home, ratings, the cycle's map."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import func, select

from clinic.foundation import audit
from clinic.foundation.database import new_id
from clinic.foundation.permissions import Actor
from clinic.notes.clinical_rules import (
    attempt_problems,
    cycle_problems,
    rating_problems,
    refuse,
)
from clinic.notes.clinical_values import AttemptDetails, CycleDetails, RatingDetails
from clinic.notes.rupture_models import CycleMap, PartnerRating, RepairAttempt
from clinic.notes.ruptures import Change, changing_course
from clinic.notes.signed_facts import instant_of


def add_attempt_at_home(
    code: str, details: AttemptDetails, *, happened_on: date, actor: Actor, now: datetime
) -> str:
    """Keep an attempt that was made at home; its id. Raises `InvalidInput` by field."""
    with changing_course(code, actor=actor, now=now) as change:
        refuse(
            attempt_problems(
                details,
                happened_on=happened_on,
                today=change.chart.day(now),
                members=change.chart.members,
                ruptures={r.ref: r.details.occurred_on for r in change.course.ruptures},
            )
        )
        row = RepairAttempt(
            id=new_id(),
            couple_id=change.chart.couple_id,
            at_home=True,
            at=instant_of(happened_on, zone=change.chart.zone, sooner_than=now),
            happened_on=happened_on,
            entered_at=now,
            author=actor.name,
        )
        row.details = details
        change.session.add(row)
        _note(change, "attempt.added", "repair_attempt", row.id)
        return row.id


def add_ratings(
    code: str,
    details: RatingDetails,
    *,
    at: datetime | None = None,
    note_id: str | None = None,
    actor: Actor,
    now: datetime,
) -> str:
    """Keep one partner's ratings, of a session (`note_id`) or of home; their id."""
    with changing_course(code, actor=actor, now=now) as change:
        refuse(rating_problems(details, members=change.chart.members))
        change.session_number(note_id)
        row = PartnerRating(
            id=new_id(),
            couple_id=change.chart.couple_id,
            note_id=note_id,
            at=change.instant(at, note_id),
            entered_at=now,
            author=actor.name,
        )
        row.details = details
        change.session.add(row)
        _note(change, "rating.added", "partner_rating", row.id)
        return row.id


def draw_cycle(code: str, details: CycleDetails, *, actor: Actor, now: datetime) -> int:
    """Keep a new version of the couple's cycle; its number."""
    with changing_course(code, actor=actor, now=now) as change:
        refuse(cycle_problems(details, members=change.chart.members))
        last = change.session.scalar(
            select(func.max(CycleMap.number)).where(CycleMap.couple_id == change.chart.couple_id)
        )
        row = CycleMap(
            id=new_id(),
            couple_id=change.chart.couple_id,
            number=(last or 0) + 1,
            at=now,
            author=actor.name,
        )
        row.details = details
        change.session.add(row)
        _note(change, "cycle.drawn", "cycle_map", row.id)
        return row.number


def _note(change: Change, action: str, kind: str, object_id: str) -> None:
    audit.record(
        change.session, action, kind=kind, object_id=object_id, actor=change.actor, now=change.now
    )
