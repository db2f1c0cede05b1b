"""Safety flags: while one is open the couple's ruptures are parked, until it is cleared.

The software never judges; it holds what a clinician says, and by when it is looked at again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import select

from clinic.couples.models import Couple
from clinic.foundation import audit
from clinic.foundation.database.transactions import new_id, session
from clinic.foundation.errors import N_, Conflict, InvalidInput, NotFound
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import require
from clinic.foundation.wall_clock import local_date
from clinic.notes.record.open_record import audit_read, find_chart, may
from clinic.notes.record.restricted_models import SafetyFlag
from clinic.notes.rules.clinical_checks import (
    flag_problems,
    opened_flag_problems,
    refuse,
    review_day,
)
from clinic.notes.rules.clinical_values import FlagDetails
from clinic.notes.rules.repeated_submission import repeats_since
from clinic.notes.rules.rupture_events import SAFETY_PARKING, RuptureStatus
from clinic.notes.rules.rupture_lifecycle import TransitionFacts
from clinic.notes.rules.text_limits import TEXT_MAX, length_problems
from clinic.notes.ruptures.event_log import status_event
from clinic.notes.ruptures.flag_reminders import promise_reminder
from clinic.notes.ruptures.service import Change, changing_course, write_checked
from clinic.practice.models import Clinic


@dataclass(frozen=True, slots=True)
class SafetyFlagState:
    """A safety flag, open while `cleared_at` is None."""

    id: str
    author: str
    opened_at: datetime
    review_on: date
    cleared_at: datetime | None
    cleared_by: str | None
    details: FlagDetails
    is_due: bool
    """Open, and to be looked at today or before."""


@dataclass(frozen=True, slots=True)
class FlagDue:
    """An open flag whose day has come; `is_late` from the day after. Nothing clinical is in it."""

    code: str
    review_on: date
    is_late: bool


def open_safety_flag(
    code: str, details: FlagDetails, *, review_on: date | None, actor: Actor, now: datetime
) -> str:
    """Open a safety flag and park every open rupture; its id. Raises `InvalidInput`."""
    with changing_course(code, actor=actor, now=now) as change:
        problems = flag_problems(details) + opened_flag_problems(details)
        day = review_day(review_on, today=change.chart.day(now), problems=problems)
        if (again := _sent_again(change, details)) is not None:
            return again
        row = SafetyFlag(
            id=new_id(),
            couple_id=change.chart.couple_id,
            author=actor.name,
            opened_at=now,
            review_on=day,
            revision=1,
        )
        row.details = details
        change.session.add(row)
        change.session.flush()
        _park_open(change)
        promise_reminder(change.session, row, zone=change.chart.zone, now=now)
        _record("safety_flag.opened", row.id, actor=actor, now=now)
        return row.id


def _sent_again(change: Change, details: FlagDetails) -> str | None:
    """The flag that the same form opened a moment ago, if it is still open."""
    lately = select(SafetyFlag).where(
        SafetyFlag.couple_id == change.chart.couple_id,
        SafetyFlag.author == change.actor.name,
        SafetyFlag.opened_at >= repeats_since(change.now),
        SafetyFlag.cleared_at.is_(None),
    )
    return next((row.id for row in change.session.scalars(lately) if row.details == details), None)


def clear_safety_flag(
    code: str, flag_id: str, *, because: str, actor: Actor, now: datetime
) -> None:
    """Clear a flag, with the reason; parked ruptures stay parked until they are taken up again."""
    if not because.strip():
        raise InvalidInput({"because": [N_("Give the reason.")]})
    refuse(length_problems(("because", because, TEXT_MAX)))
    with changing_course(code, actor=actor, now=now) as change:
        row = change.session.get(SafetyFlag, flag_id)
        if row is None or row.couple_id != change.chart.couple_id:
            raise NotFound
        if row.cleared_at is not None:
            raise Conflict(N_("This flag is cleared already."), code="flag-cleared")
        details = replace(row.details, cleared_because=because.strip())
        row.revision += 1
        row.details = details
        row.cleared_at, row.cleared_by = now, actor.name
        _record("safety_flag.cleared", row.id, actor=actor, now=now)


def list_safety_flags(code: str, *, actor: Actor, now: datetime) -> list[SafetyFlagState]:
    """A couple's safety flags, open ones first.

    Who opened the joint record in an emergency is given the open ones alone, with their level,
    action and review day, and without the concern: it may be what one partner disclosed.
    """
    chart = find_chart(code, actor=actor, now=now)
    audit_read("safety_flag.read", kind="couple", object_id=chart.couple_id, actor=actor, now=now)
    rows = session().scalars(
        select(SafetyFlag)
        .where(SafetyFlag.couple_id == chart.couple_id)
        .order_by(SafetyFlag.cleared_at.is_not(None), SafetyFlag.opened_at.desc(), SafetyFlag.id)
    )
    flags = [_flag_state(row, today=chart.day(now)) for row in rows]
    if may(actor, Permission.READ_RESTRICTED, chart):
        return flags
    return [_for_emergency(one) for one in flags if one.cleared_at is None]


def flags_due(*, actor: Actor, now: datetime) -> list[FlagDue]:
    """The open flags of the couples the actor leads that are to be looked at, oldest first."""
    require(actor, Permission.OPEN_CHARTS)
    if actor.therapist_id is None:
        return []
    today = local_date(now, zone=session().get_one(Clinic, actor.clinic_id).time_zone)
    rows = session().execute(
        select(Couple.code, SafetyFlag.review_on)
        .join(Couple, Couple.id == SafetyFlag.couple_id)
        .where(Couple.clinic_id == actor.clinic_id)
        .where(Couple.lead_therapist_id == actor.therapist_id)
        .where(SafetyFlag.cleared_at.is_(None), SafetyFlag.review_on <= today)
        .order_by(SafetyFlag.review_on, Couple.code)
    )
    return [FlagDue(code, review_on, review_on < today) for code, review_on in rows]


def _flag_state(row: SafetyFlag, *, today: date) -> SafetyFlagState:
    is_due = row.cleared_at is None and row.review_on <= today
    return SafetyFlagState(
        row.id,
        row.author,
        row.opened_at,
        row.review_on,
        row.cleared_at,
        row.cleared_by,
        row.details,
        is_due,
    )


def _for_emergency(flag: SafetyFlagState) -> SafetyFlagState:
    return replace(flag, details=replace(flag.details, about="", owner=""))


def _park_open(change: Change) -> None:
    for known in change.course.open_ruptures:
        event = status_event(
            change.next_number(),
            RuptureStatus.PARKED,
            effective_at=change.now,
            reason=SAFETY_PARKING,
            by=change.actor.name,
            now=change.now,
        )
        write_checked(change, known, event, TransitionFacts(safety_flag_open=True))


def _record(action: str, object_id: str, *, actor: Actor, now: datetime) -> None:
    audit.record(session(), action, kind="safety_flag", object_id=object_id, actor=actor, now=now)
