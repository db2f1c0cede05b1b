"""What is told between sessions or outside a note: attempts at home, ratings, the cycle's map."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import func, select

from clinic.foundation import audit
from clinic.foundation.errors import N_, Conflict
from clinic.foundation.permissions.actors import Actor
from clinic.notes.course.load_course import SIGNED
from clinic.notes.record.idempotent_forms import id_of_form, is_stored
from clinic.notes.record.rupture_models import CycleMap, PartnerRating, RepairAttempt
from clinic.notes.rules.clinical_checks import (
    attempt_problems,
    cycle_problems,
    day_problems,
    drawn_cycle_problems,
    entered_attempt_problems,
    entered_rating_problems,
    rating_problems,
    refuse,
)
from clinic.notes.rules.clinical_values import AttemptDetails, CycleDetails, RatingDetails
from clinic.notes.rules.selectable_terms import UNKNOWN, Choosable, Problem
from clinic.notes.ruptures.service import Change, changing_course
from clinic.notes.signing.signed_facts import instant_of


class CycleChangedElsewhere(Conflict):
    """A newer version of the cycle was drawn while this one was being written."""

    code = "drawn-elsewhere"
    says = N_("A newer version was drawn in the meantime. Look at it, then send yours again.")


def add_attempt(
    code: str,
    details: AttemptDetails,
    *,
    happened_on: date,
    key: str | None = None,
    actor: Actor,
    now: datetime,
) -> str:
    """Store an attempt that was made at home; return its id. Raises `InvalidInput` by field."""
    with changing_course(code, actor=actor, now=now) as change:
        row_id = id_of_form(RepairAttempt, change.chart.couple_id, key)
        if is_stored(
            change.session,
            RepairAttempt,
            row_id,
            lambda row: (row.details, row.happened_on) == (details, happened_on),
        ):
            return row_id
        refuse(_attempt_problems(change, details, happened_on))
        row = RepairAttempt(
            id=row_id,
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
    told_on: date | None = None,
    note_id: str | None = None,
    key: str | None = None,
    actor: Actor,
    now: datetime,
) -> str:
    """Store one partner's ratings, of a session (`note_id`) or a day at home; return their id."""
    with changing_course(code, actor=actor, now=now) as change:
        on = told_on or change.chart.day(now)
        row_id = id_of_form(PartnerRating, change.chart.couple_id, key)
        if is_stored(
            change.session,
            PartnerRating,
            row_id,
            lambda row: (
                (row.details, row.note_id) == (details, note_id)
                and (note_id is not None or change.chart.day(row.at) == on)
            ),
        ):
            return row_id
        refuse(_rating_problems(change, details, note_id, on))
        at = instant_of(on, zone=change.chart.zone, sooner_than=now)
        row = PartnerRating(
            id=row_id,
            couple_id=change.chart.couple_id,
            note_id=note_id,
            at=change.instant(None if note_id else at, note_id),
            entered_at=now,
            author=actor.name,
        )
        row.details = details
        change.session.add(row)
        _note(change, "rating.added", "partner_rating", row.id)
        return row.id


def draw_cycle(
    code: str,
    details: CycleDetails,
    *,
    base: int | None = None,
    key: str | None = None,
    actor: Actor,
    now: datetime,
) -> int:
    """Store a new version of the couple's cycle, drawn on version `base`; return its number."""
    with changing_course(code, actor=actor, now=now) as change:
        row_id = id_of_form(CycleMap, change.chart.couple_id, key)
        if is_stored(change.session, CycleMap, row_id, lambda row: row.details == details):
            return change.session.get_one(CycleMap, row_id).number
        choosable = _choosable_again(change)
        refuse(cycle_problems(details, choosable=choosable, members=change.chart.members))
        refuse(drawn_cycle_problems(details))
        last = _last_number(change)
        if base is not None and base != last:
            raise CycleChangedElsewhere
        row = CycleMap(
            id=row_id,
            couple_id=change.chart.couple_id,
            number=last + 1,
            at=now,
            author=actor.name,
        )
        row.details = details
        change.session.add(row)
        _note(change, "cycle.drawn", "cycle_map", row.id)
        return row.number


def _attempt_problems(change: Change, details: AttemptDetails, happened_on: date) -> list[Problem]:
    chart = change.chart
    told = entered_attempt_problems(details, happened_on=happened_on, began_on=chart.began_on)
    return told + attempt_problems(
        details,
        choosable=change.choosable(),
        happened_on=happened_on,
        today=chart.day(change.now),
        members=chart.members,
        ruptures={r.ref: r.details.occurred_on for r in change.course.ruptures},
    )


def _rating_problems(
    change: Change, details: RatingDetails, note_id: str | None, on: date
) -> list[Problem]:
    chart = change.chart
    found = rating_problems(details, members=chart.members)
    if note_id is None:
        found += day_problems("told_on", on, began_on=chart.began_on)
        if on > chart.day(change.now):
            found.append(("told_on", N_("This day has not come yet.")))
        return found + entered_rating_problems(details, in_session=False)
    held = {one.note_id: one.status for one in change.course.sessions}
    if note_id not in held:
        found.append(("session", UNKNOWN))
    elif held[note_id] not in SIGNED:
        found.append(("session", N_("Its note is not signed yet: write them into the note.")))
    before = [one.details for one in change.course.ratings if one.note_id == note_id]
    return found + entered_rating_problems(details, in_session=True, before=before)


def _choosable_again(change: Change) -> Choosable:
    """The terms for a cycle that is drawn anew: those of its last version stay."""
    last = change.session.scalar(
        select(CycleMap)
        .where(CycleMap.couple_id == change.chart.couple_id)
        .order_by(CycleMap.number.desc())
        .limit(1)
    )
    if last is None:
        return change.choosable()
    return change.choosable(last.details.pattern, *(part.position for part in last.details.parts))


def _last_number(change: Change) -> int:
    mine = CycleMap.couple_id == change.chart.couple_id
    return change.session.scalar(select(func.max(CycleMap.number)).where(mine)) or 0


def _note(change: Change, action: str, kind: str, object_id: str) -> None:
    audit.record(
        change.session, action, kind=kind, object_id=object_id, actor=change.actor, now=change.now
    )
