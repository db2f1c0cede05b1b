"""A therapist's calendars elsewhere: add one, change it, ask for a fresh look, take it away.

Nothing here calls the network: that is promised to the worker (see `outside_refresh`).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from clinic.booking.appointments.models import ImportedBusyRow
from clinic.calendars.models import OutsideCalendar
from clinic.foundation import audit, outbox
from clinic.foundation.crypto.blind_index import index_of
from clinic.foundation.database.transactions import lock_name, new_id, transaction
from clinic.foundation.errors import N_, InvalidInput, NotFound, TooManyRequests
from clinic.foundation.outbound.allowed_addresses import Guard, OutboundRefused, Target, check_url
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import require
from clinic.foundation.texts.single_line import one_line
from clinic.practice.locks import lock_diary
from clinic.practice.models import Therapist

REFRESH = "calendar.refresh"
MOST_OF_A_THERAPIST = 10
AGAIN_AFTER = timedelta(minutes=1)


def add_calendar(
    therapist_id: str,
    *,
    name: str,
    url: str,
    ignore_all_day: bool = False,
    guard: Guard,
    actor: Actor,
    now: datetime,
) -> OutsideCalendar:
    """Add a calendar; it is read as soon as the worker comes to it.

    Raises `InvalidInput` for an address that may not be called, is our own, or is there already.
    """
    name, target = _checked(name, url, guard=guard)
    with transaction() as session:
        therapist = session.get(Therapist, therapist_id)
        if therapist is None or therapist.clinic_id != actor.clinic_id:
            raise NotFound
        require(actor, Permission.EDIT_HOURS, therapist_id)
        lock_name(session, f"outside calendars {therapist_id}".encode())
        index = index_of(actor.clinic_id, target.url, purpose="outside-calendar")
        _must_be_new(session, therapist_id, index)
        calendar = OutsideCalendar(
            id=new_id(),
            clinic_id=actor.clinic_id,
            therapist_id=therapist_id,
            name=name,
            url_index=index,
            host=target.host,
            ignore_all_day=ignore_all_day,
            warnings=[],
            created_at=now,
        )
        calendar.url = target.url
        session.add(calendar)
        session.flush()
        promise_refresh(session, calendar, now=now, due_at=now)
        _record(session, calendar, "added", actor=actor, now=now)
    return calendar


def _checked(name: str, url: str, *, guard: Guard) -> tuple[str, Target]:
    """The tidied name, and the address as it will be called. Raises `InvalidInput` by field."""
    problems: dict[str, list[str]] = {}
    tidied = one_line(name, longest=60)
    if tidied is None:
        problems["name"] = [N_("Please name it, in up to 60 characters.")]
    try:
        target = check_url(url, guard=Guard(allowed_hosts=guard.allowed_hosts))
    except OutboundRefused as refused:
        problems["url"] = [refused.says]
    else:
        if target.host in guard.denied_hosts:
            problems["url"] = [N_("This is our own address: what is in it is here already.")]
    if tidied is None or problems:
        raise InvalidInput(problems)
    return tidied, target


def _must_be_new(session: Session, therapist_id: str, index: bytes) -> None:
    own = OutsideCalendar.therapist_id == therapist_id
    same = select(OutsideCalendar.id).where(own, OutsideCalendar.url_index == index)
    if session.scalar(same) is not None:
        raise InvalidInput({"url": [N_("This calendar is in the list already.")]})
    if (session.scalar(select(func.count()).where(own)) or 0) >= MOST_OF_A_THERAPIST:
        raise InvalidInput({"url": [N_("Ten calendars are enough; please remove one first.")]})


def set_all_day(calendar_id: str, *, ignored: bool, actor: Actor, now: datetime) -> None:
    """Whether entries of whole days leave the therapist free; the file is read anew for it."""
    with transaction() as session:
        calendar = _managed(session, calendar_id, actor=actor)
        if calendar.ignore_all_day == ignored:
            return
        calendar.ignore_all_day = ignored
        calendar.etag = calendar.last_modified = None
        promise_refresh(session, calendar, now=now, due_at=now)
        _record(session, calendar, "changed", actor=actor, now=now)


def request_refresh(calendar_id: str, *, actor: Actor, now: datetime) -> None:
    """Have it read now instead of later. Raises `TooManyRequests` within a minute."""
    with transaction() as session:
        calendar = _managed(session, calendar_id, actor=actor)
        lately = max(filter(None, (calendar.asked_at, calendar.last_tried_at)), default=None)
        if lately is not None and now - lately < AGAIN_AFTER:
            wait = AGAIN_AFTER - (now - lately)
            raise TooManyRequests(
                N_("It was read less than a minute ago."), retry_after=int(wait.total_seconds()) + 1
            )
        calendar.asked_at = now
        promise_refresh(session, calendar, now=now, due_at=now)


def remove_calendar(calendar_id: str, *, actor: Actor, now: datetime) -> None:
    """Forget it and its address; what it blocked is free again."""
    with transaction() as session:
        calendar = _managed(session, calendar_id, actor=actor)
        lock_diary(session, calendar.therapist_id)
        session.execute(delete(ImportedBusyRow).where(ImportedBusyRow.origin == calendar.origin))
        session.delete(calendar)
        _record(session, calendar, "removed", actor=actor, now=now)


def promise_refresh(
    session: Session, calendar: OutsideCalendar, *, now: datetime, due_at: datetime
) -> None:
    """Promise the next reading; promises made before it come to nothing."""
    calendar.round += 1
    calendar.next_try_at = due_at
    payload = {"calendar": calendar.id, "round": calendar.round}
    outbox.promise(session, REFRESH, payload, now=now, due_at=due_at)


def _managed(session: Session, calendar_id: str, *, actor: Actor) -> OutsideCalendar:
    calendar = session.get(
        OutsideCalendar, calendar_id, with_for_update=True, populate_existing=True
    )
    if calendar is None or calendar.clinic_id != actor.clinic_id:
        raise NotFound
    require(actor, Permission.EDIT_HOURS, calendar)
    return calendar


def _record(
    session: Session, calendar: OutsideCalendar, what: str, *, actor: Actor, now: datetime
) -> None:
    audit.record(
        session,
        f"outside_calendar.{what}",
        kind="outside_calendar",
        object_id=calendar.id,
        actor=actor,
        now=now,
    )
