"""Time off out: days on which a therapist is away are shut in their schedule at Cal.com.

As with appointments, what stands is sent and not what changed. One schedule is written by one
caller at a time, since its overrides are replaced all at once; what we are about to write is
noted before the call, so that a call that was carried out without our hearing of it leaves no
row there that we would take for somebody else's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.booking.appointments.queries import diaries
from clinic.booking.slots.availability import Schedule
from clinic.booking.slots.instant_ranges import Interval
from clinic.foundation.database.transactions import session as reading
from clinic.foundation.database.transactions import transaction
from clinic.foundation.errors import ClinicError
from clinic.foundation.zone_offsets import zone_names
from clinic.practice.models import Therapist
from clinic.scheduling_services.models import ServiceConnection, ServiceHours, TaskKind
from clinic.scheduling_services.received.mapping import name_of_host
from clinic.scheduling_services.received.reschedule_chain_rows import lock_service
from clinic.scheduling_services.received.tasks import add_task, withdraw_task
from clinic.scheduling_services.rules.events import Provider
from clinic.scheduling_services.rules.schedule_overrides import (
    AHEAD,
    AROUND,
    Combined,
    Override,
    combine,
    read_overrides,
    wanted_overrides,
)
from clinic.scheduling_services.sent.calcom_client import (
    CalcomClient,
    CalcomRefused,
    CalcomUnavailable,
)
from clinic.scheduling_services.sent.push import client_for
from clinic.scheduling_services.sent.push_plans import PUSH_LEASE


@dataclass(frozen=True, slots=True)
class _StoredSchedule:
    """What we remember of the schedule there."""

    schedule_id: str | None
    ours: tuple[Override, ...]
    displaced: tuple[Override, ...]
    refused_as: str | None


def follow_hours(payload: Mapping[str, Any], now: datetime) -> None:
    """Handle `practice.hours_changed` for every account that is about one of these therapists."""
    trouble: ClinicError | None = None
    for connection_id in _connections_about(payload["therapists"]):
        try:
            bring_hours(connection_id, now=now)
        except ClinicError as error:
            trouble = error
    if trouble is not None:
        raise trouble


def bring_hours(connection_id: str, *, now: datetime) -> int | None:
    """Make the schedule there say when its therapist is away: the days written, None for no call.

    Raise `CalcomUnavailable` or `CalcomKeyRefused` to be tried again; for what is refused for
    good the desk gets a task instead.
    """
    stored = _acquire_lease(connection_id, now=now)
    connection = reading().get_one(ServiceConnection, connection_id, populate_existing=True)
    try:
        written = _bring(connection, stored, now=now)
    except CalcomRefused as refused:
        _add_task(connection, answered=refused.answered, fingerprint=None, now=now)
        return None
    except ClinicError as trouble:
        with transaction() as session:
            kept_on = session.get_one(ServiceConnection, connection_id)
            kept_on.last_trouble = trouble.code[:40]
        raise
    finally:
        _give_back_lease(connection_id)
    return written


def _bring(connection: ServiceConnection, stored: _StoredSchedule, *, now: datetime) -> int | None:
    client = client_for(connection)
    therapist = _schedule_owner(connection, client)
    hours = _schedule_of(therapist, now=now) if therapist is not None else None
    if not stored.ours and (hours is None or not _is_unusual(hours)):
        _settle(connection, stored.schedule_id, combine((), ours=(), displaced=(), wanted=()), now)
        return None
    there = client.default_schedule()
    schedule_id = str(there.get("id", ""))
    if schedule_id != stored.schedule_id:  # another one is the default now: nothing in it is ours
        stored = _StoredSchedule(schedule_id, (), (), stored.refused_as)
    zone = str(there.get("timeZone", ""))
    wanted: tuple[Override, ...] = ()
    if hours is not None:
        known = zone if zone in zone_names() else hours.time_zone
        wanted = wanted_overrides(hours, zone=known, now=now)
    rows = read_overrides(there.get("overrides") or ())
    new = combine(rows, ours=stored.ours, displaced=stored.displaced, wanted=wanted)
    if set(new.rows) == set(rows):
        _settle(connection, schedule_id, new, now)
        return None
    return _write(connection, client, stored, new, now=now)


def _write(
    connection: ServiceConnection,
    client: CalcomClient,
    stored: _StoredSchedule,
    new: Combined,
    *,
    now: datetime,
) -> int | None:
    fingerprint = _fingerprint(stored.schedule_id, new.rows)
    if fingerprint == stored.refused_as:
        return None
    both = Combined(
        new.rows, _either(stored.ours, new.ours), _either(stored.displaced, new.displaced)
    )
    with transaction() as session:
        _store_rows(session, connection.id, stored.schedule_id, both)
    try:
        client.change_schedule(
            stored.schedule_id or "", overrides=[one.as_row() for one in new.rows]
        )
    except CalcomRefused as refused:
        _add_task(connection, answered=refused.answered, fingerprint=fingerprint, now=now)
        return None
    _settle(connection, stored.schedule_id, new, now)
    return len({one.on for one in new.ours})


def _connections_about(therapist_ids: Iterable[str]) -> list[str]:
    wanted = set(therapist_ids)
    query = select(ServiceConnection).where(
        ServiceConnection.provider == Provider.CALCOM,
        ServiceConnection.active,
        ServiceConnection.api_key_sealed.is_not(None),
    )
    fresh = query.order_by(ServiceConnection.created_at).execution_options(populate_existing=True)
    found = reading().scalars(fresh).unique()
    return [one.id for one in found if wanted & _therapists_of(one)]


def _therapists_of(connection: ServiceConnection) -> set[str]:
    kinds = {one.therapist_id for one in connection.event_types if one.therapist_id is not None}
    return {one.therapist_id for one in connection.hosts} | kinds


def _schedule_owner(connection: ServiceConnection, client: CalcomClient) -> Therapist | None:
    """Whose the account's own schedule is: the only therapist's, or the one the key belongs to."""
    therapists = _therapists_of(connection)
    if len(therapists) == 1:
        return reading().get(Therapist, therapists.pop())
    if not therapists:
        return None
    me = client.me()
    names = {name_of_host(str(me[key])) for key in ("id", "email", "username") if me.get(key)}
    return next((one.therapist for one in connection.hosts if one.external in names), None)


def _schedule_of(therapist: Therapist, *, now: datetime) -> Schedule:
    window = Interval(now - AROUND, now + AHEAD)
    return diaries([therapist], window=window, now=now)[therapist.id].schedule


def _is_unusual(hours: Schedule) -> bool:
    return bool(hours.overrides or hours.time_off or hours.closures)


def _acquire_lease(connection_id: str, *, now: datetime) -> _StoredSchedule:
    with transaction() as session:
        connection = session.get_one(ServiceConnection, connection_id)
        lock_service(session, clinic_id=connection.clinic_id, provider=connection.provider)
        row = session.get(ServiceHours, connection_id, populate_existing=True)
        if row is None:
            row = ServiceHours(connection_id=connection_id, ours=[], displaced=[])
            session.add(row)
        if row.busy_until is not None and row.busy_until > now:
            raise CalcomUnavailable
        row.busy_until = now + PUSH_LEASE
        ours, displaced = read_overrides(row.ours), read_overrides(row.displaced)
        return _StoredSchedule(row.schedule_id, ours, displaced, row.refused_as)


def _give_back_lease(connection_id: str) -> None:
    with transaction() as session:
        session.get_one(ServiceHours, connection_id, populate_existing=True).busy_until = None


def _store_rows(
    session: Session, connection_id: str, schedule_id: str | None, new: Combined
) -> ServiceHours:
    row = session.get_one(ServiceHours, connection_id, populate_existing=True)
    row.schedule_id = schedule_id
    row.ours = [one.as_row() for one in new.ours]
    row.displaced = [one.as_row() for one in new.displaced]
    return row


def _settle(
    connection: ServiceConnection, schedule_id: str | None, new: Combined, now: datetime
) -> None:
    """Both sides agree: remember how, and take back what the desk was asked."""
    with transaction() as session:
        _store_rows(session, connection.id, schedule_id, new).refused_as = None
        key, clinic = connection.id, connection.clinic_id
        withdraw_task(session, TaskKind.HOURS_REFUSED, key, clinic_id=clinic, now=now)


def _add_task(
    connection: ServiceConnection, *, answered: int, fingerprint: str | None, now: datetime
) -> None:
    with transaction() as session:
        row = session.get_one(ServiceHours, connection.id, populate_existing=True)
        row.refused_as = fingerprint
        add_task(
            session,
            TaskKind.HOURS_REFUSED,
            connection.id,
            clinic_id=connection.clinic_id,
            provider=connection.provider,
            details={"status": answered, "rows": fingerprint},
            now=now,
        )


def _fingerprint(schedule_id: str | None, rows: Iterable[Override]) -> str:
    """What a refusal is remembered by: other days may be asked again."""
    said = "|".join([schedule_id or "", *(f"{one.on} {one.start} {one.end}" for one in rows)])
    return sha256(said.encode()).hexdigest()


def _either(first: Iterable[Override], second: Iterable[Override]) -> tuple[Override, ...]:
    return tuple(sorted({*first, *second}))
