"""Reads of the practice; what pages show of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from clinic.foundation.database.transactions import session
from clinic.foundation.errors import NotFound
from clinic.practice.models import (
    Closure,
    DayOverrideRow,
    SessionType,
    Therapist,
    TherapistSessionType,
    TimeOff,
    WeeklyHoursRow,
)


def list_public_therapists(clinic_id: str) -> Sequence[Therapist]:
    """The therapists shown on the public site, in the clinic's order."""
    return (
        session()
        .scalars(
            select(Therapist)
            .where(Therapist.clinic_id == clinic_id, Therapist.active)
            .options(selectinload(Therapist.session_types))
            .order_by(Therapist.sort, Therapist.slug)
        )
        .all()
    )


def list_session_types(clinic_id: str, *, audience: str | None = None) -> Sequence[SessionType]:
    """The active session types, in the clinic's order; all of them or one audience's."""
    query = select(SessionType).where(SessionType.clinic_id == clinic_id, SessionType.active)
    if audience is not None:
        query = query.where(SessionType.audience == audience)
    return session().scalars(query.order_by(SessionType.sort, SessionType.slug)).all()


def get_therapist(clinic_id: str, slug: str) -> Therapist:
    """The therapist with this slug. Raises `NotFound`."""
    found = session().scalar(
        select(Therapist).where(
            Therapist.clinic_id == clinic_id, Therapist.slug == slug, Therapist.active
        )
    )
    if found is None:
        raise NotFound
    return found


def get_session_type(clinic_id: str, slug: str) -> SessionType:
    """The session type with this slug. Raises `NotFound`."""
    found = session().scalar(
        select(SessionType).where(
            SessionType.clinic_id == clinic_id, SessionType.slug == slug, SessionType.active
        )
    )
    if found is None:
        raise NotFound
    return found


def list_offering(clinic_id: str, session_type_id: str) -> Sequence[Therapist]:
    """The active therapists who offer a session type, in the clinic's order."""
    return (
        session()
        .scalars(
            select(Therapist)
            .join(TherapistSessionType, TherapistSessionType.therapist_id == Therapist.id)
            .where(
                Therapist.clinic_id == clinic_id,
                Therapist.active,
                TherapistSessionType.session_type_id == session_type_id,
            )
            .order_by(Therapist.sort, Therapist.slug)
        )
        .all()
    )


def list_bookable(clinic_id: str, session_type_id: str) -> Sequence[Therapist]:
    """Of those who offer it, the therapists whom a visitor may book: who take new couples."""
    return [one for one in list_offering(clinic_id, session_type_id) if one.accepts_new_couples]


@dataclass(frozen=True, slots=True)
class ScheduleRows:
    """What shapes one therapist's working time, as plain values."""

    weekly: tuple[tuple[int, int, int], ...] = ()
    """(weekday, start minute, end minute) in the therapist's wall time."""
    overrides: tuple[tuple[date, tuple[tuple[int, int], ...]], ...] = ()
    time_off: tuple[tuple[datetime, datetime], ...] = ()
    closures: tuple[tuple[datetime, datetime], ...] = ()


def schedules(
    therapist_ids: Sequence[str], *, from_: datetime, to: datetime
) -> dict[str, ScheduleRows]:
    """Every therapist's schedule between two instants: four queries, whatever is asked."""
    weekly = _weekly(therapist_ids)
    overrides = _overrides(therapist_ids, from_=from_, to=to)
    time_off = _time_off(therapist_ids, from_=from_, to=to)
    closures = _closures(therapist_ids, from_=from_, to=to)
    return {
        id_: ScheduleRows(
            weekly=tuple(weekly[id_]),
            overrides=tuple(overrides[id_]),
            time_off=tuple(time_off[id_]),
            closures=tuple(closures[id_]),
        )
        for id_ in therapist_ids
    }


def _weekly(ids: Sequence[str]) -> dict[str, list[tuple[int, int, int]]]:
    row = WeeklyHoursRow
    query = select(row.therapist_id, row.weekday, row.start_minute, row.end_minute)
    found: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for id_, weekday, start, end in session().execute(
        query.where(row.therapist_id.in_(ids)).order_by(row.weekday, row.start_minute)
    ):
        found[id_].append((weekday, start, end))
    return found


def _overrides(
    ids: Sequence[str], *, from_: datetime, to: datetime
) -> dict[str, list[tuple[date, tuple[tuple[int, int], ...]]]]:
    row = DayOverrideRow
    # A day of the therapist's calendar may lie a day beside the UTC one.
    first, last = from_.date() - timedelta(days=2), to.date() + timedelta(days=2)
    query = select(row.therapist_id, row.on_date, row.ranges).where(
        row.therapist_id.in_(ids), row.on_date.between(first, last)
    )
    found: dict[str, list[tuple[date, tuple[tuple[int, int], ...]]]] = defaultdict(list)
    for id_, on_date, ranges in session().execute(query.order_by(row.on_date)):
        found[id_].append((on_date, tuple((start, end) for start, end in ranges)))
    return found


def _time_off(
    ids: Sequence[str], *, from_: datetime, to: datetime
) -> dict[str, list[tuple[datetime, datetime]]]:
    row = TimeOff
    query = select(row.therapist_id, row.starts_at, row.ends_at).where(
        row.therapist_id.in_(ids), row.ends_at > from_, row.starts_at < to
    )
    found: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for id_, start, end in session().execute(query.order_by(row.starts_at)):
        found[id_].append((start, end))
    return found


def _closures(
    ids: Sequence[str], *, from_: datetime, to: datetime
) -> dict[str, list[tuple[datetime, datetime]]]:
    query = (
        select(Therapist.id, Closure.starts_at, Closure.ends_at)
        .join(Closure, Closure.clinic_id == Therapist.clinic_id)
        .where(Therapist.id.in_(ids), Closure.ends_at > from_, Closure.starts_at < to)
    )
    found: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for id_, start, end in session().execute(query.order_by(Closure.starts_at)):
        found[id_].append((start, end))
    return found
