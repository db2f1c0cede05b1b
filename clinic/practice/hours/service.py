"""When therapists work and when they do not: weekly hours, other days, time off, closures.

Every change takes the therapist's diary (so that no booking is decided on the old hours at the
same time) and raises its revision. The same change sent twice is one change.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from clinic.foundation import audit, outbox
from clinic.foundation.database.transactions import new_id, transaction
from clinic.foundation.errors import ChangedElsewhere
from clinic.foundation.messages import refuse
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import require
from clinic.foundation.wall_clock import (
    NonexistentTime,
    ending_instant,
    parse_wall,
    starting_instant,
)
from clinic.practice.locks import lock_all_diaries, lock_clinic, lock_diary, lock_therapist
from clinic.practice.models import Closure, DayOverrideRow, Therapist, TimeOff, WeeklyHoursRow
from clinic.practice.rules.edit_commands import (
    AbsenceTimes,
    ClinicClosure,
    DayHours,
    HoursRange,
    WeeklyRange,
)
from clinic.practice.rules.edit_conflicts import (
    refuse_outdated,
    version_of,
    week_version,
)
from clinic.practice.rules.hours_rules import (
    absence_problems,
    day_problems,
    order_problems,
    weekly_problems,
)
from clinic.practice.rules.practice_rules import name_problems

HOURS_CHANGED = "practice.hours_changed"
"""An outbox kind: when these therapists can be booked is not as it was. Names them by id."""


@dataclass(frozen=True, slots=True)
class AbsenceRange:
    """An absence as instants, with the wall times that were meant and their zone."""

    starts_at: datetime
    ends_at: datetime
    wall_start: str
    wall_end: str
    time_zone: str


def set_weekly_hours(
    slug: str,
    *,
    ranges: Sequence[WeeklyRange],
    seen: str | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """Replace a therapist's usual week by these hours.

    Raises `NotFound`, `NotAllowed`, `InvalidInput` with paths `weekly.<weekday>.<nth>`, and
    `ChangedElsewhere` when the week is not as it was `seen`.
    """
    with transaction() as current:
        therapist = _own_diary(current, slug, actor=actor)
        refuse(weekly_problems(ranges))
        rows = current.scalars(
            select(WeeklyHoursRow).where(WeeklyHoursRow.therapist_id == therapist.id)
        ).all()
        if sorted(map(_weekly_key, rows)) == sorted(map(_weekly_key, ranges)):
            return
        stored = [WeeklyRange(row.weekday, row.start_minute, row.end_minute) for row in rows]
        refuse_outdated(seen, stored=week_version(stored), typed=week_version(ranges))
        current.execute(delete(WeeklyHoursRow).where(WeeklyHoursRow.therapist_id == therapist.id))
        current.add_all(_weekly_row(therapist, one) for one in ranges)
        _changed(current, "weekly_hours.set", therapist, actor=actor, now=now)


def set_day_override(
    slug: str, *, hours: DayHours, seen: Collection[str] | None = None, actor: Actor, now: datetime
) -> None:
    """Give one date other hours, in place of any it had; no ranges closes it.

    Raises `NotFound`, `NotAllowed`, `InvalidInput` with paths `on`, `ranges.<nth>`, and
    `ChangedElsewhere` when the date has other hours already that are not among those `seen`.
    """
    with transaction() as current:
        therapist = _own_diary(current, slug, actor=actor)
        refuse(day_problems(hours))
        ranges = sorted([one.start_minute, one.end_minute] for one in hours.ranges)
        row = _override_on(current, therapist, on=hours.on)
        if row is None:
            row = DayOverrideRow(id=new_id(), therapist_id=therapist.id, on_date=hours.on)
            current.add(row)
        elif row.ranges == ranges:
            return
        elif seen is not None and version_of(_day_hours(row)) not in seen:
            raise ChangedElsewhere
        row.ranges = ranges
        _changed(current, "day_override.set", therapist, actor=actor, now=now)


def remove_day_override(slug: str, *, on: date, actor: Actor, now: datetime) -> None:
    """Let the usual week hold again on a date. Raises `NotFound` (therapist), `NotAllowed`."""
    with transaction() as current:
        therapist = _own_diary(current, slug, actor=actor)
        row = _override_on(current, therapist, on=on)
        if row is None:
            return  # removed already
        current.delete(row)
        _changed(current, "day_override.removed", therapist, actor=actor, now=now)


def add_time_off(slug: str, *, absence: AbsenceTimes, actor: Actor, now: datetime) -> TimeOff:
    """Add time off of a therapist, to the minute, in the wall time of their zone.

    Raises `NotFound`, `NotAllowed`, `InvalidInput` with paths `start`, `end`; `NonexistentTime`
    (one of these) when the clocks skip a time.
    """
    with transaction() as current:
        therapist = _own_diary(current, slug, actor=actor)
        away = _absence_range(absence, zone=therapist.time_zone)
        same = select(TimeOff).where(
            TimeOff.therapist_id == therapist.id,
            TimeOff.starts_at == away.starts_at,
            TimeOff.ends_at == away.ends_at,
        )
        if (there := current.scalars(same).first()) is not None:
            return there
        row = TimeOff(id=new_id(), therapist_id=therapist.id, **_columns(away))
        current.add(row)
        _changed(current, "time_off.added", therapist, actor=actor, now=now)
    return row


def remove_time_off(slug: str, *, time_off_id: str, actor: Actor, now: datetime) -> None:
    """Remove time off. Raises `NotFound` (therapist), `NotAllowed`."""
    with transaction() as current:
        therapist = _own_diary(current, slug, actor=actor)
        row = current.get(TimeOff, time_off_id)
        if row is None or row.therapist_id != therapist.id:
            return  # removed already, or not theirs
        current.delete(row)
        _changed(current, "time_off.removed", therapist, actor=actor, now=now)


def add_closure(closure: ClinicClosure, *, actor: Actor, now: datetime) -> Closure:
    """Close the whole clinic for a while, in its own wall time.

    Raises `NotAllowed`, `InvalidInput` with paths `name`, `start`, `end`; `NonexistentTime`.
    """
    with transaction() as current:
        clinic = lock_clinic(current, actor=actor)
        diaries = lock_all_diaries(current, clinic_id=clinic.id)
        named = {"name": found} if (found := name_problems(closure.name)) else {}
        refuse(named | absence_problems(closure.away))
        away = _absence_range(closure.away, zone=clinic.time_zone)
        same = select(Closure).where(
            Closure.clinic_id == clinic.id,
            Closure.name == closure.name.strip(),
            Closure.starts_at == away.starts_at,
            Closure.ends_at == away.ends_at,
        )
        if (there := current.scalars(same).first()) is not None:
            return there
        row = Closure(id=new_id(), clinic_id=clinic.id, name=closure.name.strip(), **_columns(away))
        current.add(row)
        _closures_changed(current, "closure.added", row, diaries=diaries, actor=actor, now=now)
    return row


def remove_closure(closure_id: str, *, actor: Actor, now: datetime) -> None:
    """Open the clinic again. Raises `NotAllowed`."""
    with transaction() as current:
        clinic = lock_clinic(current, actor=actor)
        diaries = lock_all_diaries(current, clinic_id=clinic.id)
        row = current.get(Closure, closure_id)
        if row is None or row.clinic_id != clinic.id:
            return  # removed already, or not theirs
        current.delete(row)
        _closures_changed(current, "closure.removed", row, diaries=diaries, actor=actor, now=now)


def _own_diary(current: Session, slug: str, *, actor: Actor) -> Therapist:
    therapist = lock_therapist(current, slug, actor=actor)
    require(actor, Permission.EDIT_HOURS, therapist.id)
    return therapist


def _absence_range(absence: AbsenceTimes, *, zone: str) -> AbsenceRange:
    problems = absence_problems(absence)
    refuse(problems)
    start, end = parse_wall(absence.start), parse_wall(absence.end)
    assert start is not None and end is not None  # noqa: S101, PT018 - the rules have seen to it
    starts_at, ends_at = _instants(start, end, zone=zone)
    refuse(order_problems(starts_at, ends_at=ends_at))
    return AbsenceRange(starts_at, ends_at, absence.start, absence.end, zone)


def _instants(start: datetime, end: datetime, *, zone: str) -> tuple[datetime, datetime]:
    """Both instants; when the clocks skip both times, both are told at once."""
    errors: dict[str, list[str]] = {}
    found: list[datetime] = []
    for resolve, wall, path in ((starting_instant, start, "start"), (ending_instant, end, "end")):
        try:
            found.append(resolve(wall, zone=zone, path=path))
        except NonexistentTime as skipped:
            errors |= skipped.errors
    if errors:
        raise NonexistentTime(errors, " ".join(said for said, *_ in errors.values()))
    return found[0], found[1]


def _columns(away: AbsenceRange) -> dict[str, datetime | str]:
    return {
        "starts_at": away.starts_at,
        "ends_at": away.ends_at,
        "wall_start": away.wall_start,
        "wall_end": away.wall_end,
        "time_zone": away.time_zone,
    }


def _weekly_key(one: WeeklyRange | WeeklyHoursRow) -> tuple[int, int, int]:
    return one.weekday, one.start_minute, one.end_minute


def _weekly_row(therapist: Therapist, one: WeeklyRange) -> WeeklyHoursRow:
    return WeeklyHoursRow(
        id=new_id(),
        therapist_id=therapist.id,
        weekday=one.weekday,
        start_minute=one.start_minute,
        end_minute=one.end_minute,
    )


def _day_hours(row: DayOverrideRow) -> DayHours:
    return DayHours(row.on_date, tuple(HoursRange(start, end) for start, end in row.ranges))


def _override_on(current: Session, therapist: Therapist, *, on: date) -> DayOverrideRow | None:
    return current.scalar(
        select(DayOverrideRow).where(
            DayOverrideRow.therapist_id == therapist.id, DayOverrideRow.on_date == on
        )
    )


def _changed(
    current: Session, action: str, therapist: Therapist, *, actor: Actor, now: datetime
) -> None:
    lock_diary(current, therapist.id)
    outbox.promise(current, HOURS_CHANGED, {"therapists": [therapist.id]}, now=now)
    audit.record(current, action, kind="therapist", object_id=therapist.id, actor=actor, now=now)


def _closures_changed(
    current: Session,
    action: str,
    row: Closure,
    *,
    diaries: Sequence[Therapist],
    actor: Actor,
    now: datetime,
) -> None:
    for therapist in diaries:
        lock_diary(current, therapist.id)
    told = {"therapists": [therapist.id for therapist in diaries]}
    outbox.promise(current, HOURS_CHANGED, told, now=now)
    audit.record(current, action, kind="closure", object_id=row.id, actor=actor, now=now)
