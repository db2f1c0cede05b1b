"""Reads of outside calendars, shaped for the page: the address itself is never among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select

from clinic.booking.appointments.models import ImportedBusyRow
from clinic.calendars.imported.refresh_schedule import STALE_AFTER, is_stale
from clinic.calendars.models import OutsideCalendar, OutsideState
from clinic.foundation.database.transactions import session
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import is_allowed
from clinic.practice.models import Therapist


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideView:
    """One outside calendar as its therapist sees it; `blocks` counts busy times still to come."""

    id: str
    name: str
    host: str
    state: OutsideState
    trouble: str | None
    warnings: tuple[str, ...]
    ignore_all_day: bool
    blocks: int
    stale: bool
    created_at: datetime
    last_ok_at: datetime | None
    last_tried_at: datetime | None
    next_try_at: datetime | None
    is_due: bool
    """Whether the worker should be reading it about now."""


def list_outside(therapist_id: str, *, now: datetime) -> list[OutsideView]:
    """A therapist's outside calendars, in the order they were added."""
    rows = session().scalars(
        select(OutsideCalendar)
        .where(OutsideCalendar.therapist_id == therapist_id)
        .order_by(OutsideCalendar.created_at, OutsideCalendar.id)
    )
    counted = session().execute(
        select(ImportedBusyRow.origin, func.count())
        .where(ImportedBusyRow.therapist_id == therapist_id, ImportedBusyRow.ends_at > now)
        .group_by(ImportedBusyRow.origin)
    )
    blocks: dict[str, int] = {origin: count for origin, count in counted}  # noqa: C416 - Row is no pair to mypy
    return [_view(row, blocks=blocks.get(row.origin, 0), now=now) for row in rows]


def _view(row: OutsideCalendar, *, blocks: int, now: datetime) -> OutsideView:
    return OutsideView(
        id=row.id,
        name=row.name,
        host=row.host,
        state=OutsideState(row.state),
        trouble=row.trouble,
        warnings=tuple(row.warnings),
        ignore_all_day=row.ignore_all_day,
        blocks=blocks,
        stale=is_stale(row.last_ok_at, since=row.created_at, now=now),
        created_at=row.created_at,
        last_ok_at=row.last_ok_at,
        last_tried_at=row.last_tried_at,
        next_try_at=row.next_try_at,
        is_due=row.next_try_at is not None and row.next_try_at <= now,
    )


def stale_therapists(actor: Actor, *, now: datetime) -> Sequence[Therapist]:
    """Whose outside calendars have been silent for days, among those this person looks after."""
    before = now - STALE_AFTER
    silent = select(OutsideCalendar.therapist_id).where(
        OutsideCalendar.clinic_id == actor.clinic_id,
        OutsideCalendar.created_at <= before,
        or_(OutsideCalendar.last_ok_at.is_(None), OutsideCalendar.last_ok_at <= before),
    )
    listed = session().scalars(
        select(Therapist)
        .where(Therapist.id.in_(silent), Therapist.active)
        .order_by(Therapist.sort, Therapist.slug)
    )
    return [one for one in listed if is_allowed(actor, Permission.EDIT_HOURS, one.id)]
