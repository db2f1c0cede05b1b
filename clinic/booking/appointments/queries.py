"""Reads of diaries and appointments; the number of queries depends on neither days nor people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from clinic.booking.appointments.models import LIVE_SQL, Appointment, Hold, ImportedBusyRow
from clinic.booking.slots.availability import DayOverride, Schedule, WallRange, WeeklyHours
from clinic.booking.slots.explanation import explain
from clinic.booking.slots.inputs import Claim, ClaimKind, Offer
from clinic.booking.slots.instant_ranges import Interval
from clinic.booking.slots.notice_and_horizon import for_staff
from clinic.booking.slots.open_slots import Slot, open_slots
from clinic.booking.slots.start_restrictions import RestrictionRule
from clinic.foundation.database.transactions import session
from clinic.practice.clinic.queries import ScheduleRows, schedules
from clinic.practice.models import SessionType, Therapist

LONGEST_APPOINTMENT = timedelta(days=2)
"""No appointment lasts longer; one that did would still be refused by the database."""
REACH = timedelta(days=3)
"""How far around a window claims matter: the day's limits and the longest buffers."""


@dataclass(frozen=True, slots=True)
class Diary:
    """What shapes one therapist's slots in a window."""

    schedule: Schedule
    claims: tuple[Claim, ...]
    outside_busy: tuple[Interval, ...]


def offer_of(session_type: SessionType, therapist: Therapist) -> Offer:
    """The rules of a session type with this therapist."""
    return Offer(
        session_type=session_type.id,
        length_minutes=session_type.length_minutes,
        buffer_before_minutes=session_type.buffer_before_minutes,
        buffer_after_minutes=session_type.buffer_after_minutes,
        notice_minutes=session_type.notice_minutes,
        horizon_days=session_type.horizon_days,
        grid_minutes=session_type.grid_minutes,
        grid_offset_minutes=session_type.grid_offset_minutes,
        max_per_day=session_type.max_per_day,
        max_sessions_per_day=therapist.max_sessions_per_day,
    )


def diaries(
    therapists: Iterable[Therapist],
    *,
    window: Interval,
    now: datetime,
    leave_out: frozenset[str] = frozenset(),
) -> dict[str, Diary]:
    """Every therapist's diary around `window`, by therapist id; `leave_out` are claims' ids."""
    zones = {therapist.id: therapist.time_zone for therapist in therapists}
    around = Interval(window.start - REACH, window.end + REACH)
    hours = schedules(list(zones), from_=around.start, to=around.end)
    claims = _claims(list(zones), around, now=now, leave_out=leave_out)
    busy = _outside_busy(list(zones), around)
    return {
        id_: Diary(schedule_of(zone, hours[id_]), tuple(claims[id_]), tuple(busy[id_]))
        for id_, zone in zones.items()
    }


def slots_of(
    therapists: Sequence[Therapist], session_type: SessionType, *, window: Interval, now: datetime
) -> list[tuple[Therapist, Slot]]:
    """The open slots of several therapists in `window`, by start, then in the clinic's order."""
    found = [
        (slot.start, position, therapist, slot)
        for position, (therapist, slots) in enumerate(
            _open(therapists, session_type, window=window, now=now)
        )
        for slot in slots
    ]
    found.sort(key=lambda entry: entry[:2])
    return [(therapist, slot) for _, _, therapist, slot in found]


def next_slots(
    therapists: Sequence[Therapist],
    session_type: SessionType,
    *,
    now: datetime,
    count: int = 3,
    from_: datetime | None = None,
) -> dict[str, list[Slot]]:
    """The first `count` open slots of each therapist within the horizon, by therapist id."""
    end = now + timedelta(days=session_type.horizon_days + 2)
    window = Interval(from_ or now, max(end, (from_ or now) + timedelta(minutes=1)))
    found = _open(therapists, session_type, window=window, now=now)
    return {therapist.id: slots[:count] for therapist, slots in found}


def first_free(
    therapists: Sequence[Therapist], session_type: SessionType, *, now: datetime
) -> tuple[Therapist, Slot] | None:
    """The earliest open slot of all these therapists, and whose it is."""
    first = next_slots(therapists, session_type, now=now, count=1)
    free = [(one, first[one.id][0]) for one in therapists if first[one.id]]
    return min(free, key=lambda pair: pair[1].start) if free else None


def _open(
    therapists: Sequence[Therapist], session_type: SessionType, *, window: Interval, now: datetime
) -> list[tuple[Therapist, list[Slot]]]:
    known = diaries(therapists, window=window, now=now)
    return [
        (
            therapist,
            open_slots(
                schedule=known[therapist.id].schedule,
                offer=offer_of(session_type, therapist),
                claims=known[therapist.id].claims,
                outside_busy=known[therapist.id].outside_busy,
                window=window,
                now=now,
            ),
        )
        for therapist in therapists
    ]


def why_not(
    therapist: Therapist,
    session_type: SessionType,
    start: datetime,
    *,
    now: datetime,
    leave_out: frozenset[str] = frozenset(),
    by_staff: bool = False,
) -> RestrictionRule | None:
    """The rule that closes this start, or None when it is open. Staff are free of the notice."""
    window = Interval(start, start + timedelta(minutes=session_type.length_minutes))
    diary = diaries([therapist], window=window, now=now, leave_out=leave_out)[therapist.id]
    offer = offer_of(session_type, therapist)
    if by_staff:
        offer = for_staff(offer)
    return explain(
        start,
        schedule=diary.schedule,
        offer=offer,
        claims=diary.claims,
        outside_busy=diary.outside_busy,
        now=now,
    )


def schedule_of(zone: str, rows: ScheduleRows) -> Schedule:
    """One therapist's schedule as the slot rules read it."""
    return Schedule(
        time_zone=zone,
        weekly=tuple(WeeklyHours(day, WallRange(start, end)) for day, start, end in rows.weekly),
        overrides=tuple(
            DayOverride(on, tuple(WallRange(start, end) for start, end in ranges))
            for on, ranges in rows.overrides
        ),
        time_off=tuple(Interval(start, end) for start, end in rows.time_off),
        closures=tuple(Interval(start, end) for start, end in rows.closures),
    )


def _claims(
    therapist_ids: list[str], around: Interval, *, now: datetime, leave_out: frozenset[str]
) -> Mapping[str, list[Claim]]:
    columns = ["id", "therapist_id", "starts_at", "ends_at", "session_type_id"]
    columns += ["buffer_before_minutes", "buffer_after_minutes"]
    appointments = select(*(getattr(Appointment, name) for name in columns)).where(
        Appointment.therapist_id.in_(therapist_ids),
        LIVE_SQL,
        Appointment.ends_at > around.start,
        # Bounded from both sides, so that either index reads the window and not the whole past.
        Appointment.starts_at > around.start - LONGEST_APPOINTMENT,
        Appointment.starts_at < around.end,
    )
    holds = select(*(getattr(Hold, name) for name in columns)).where(
        Hold.therapist_id.in_(therapist_ids),
        Hold.expires_at > now,
        Hold.ends_at > around.start,
        Hold.starts_at < around.end,
    )
    found: dict[str, list[Claim]] = defaultdict(list)
    for kind, query in ((ClaimKind.APPOINTMENT, appointments), (ClaimKind.HOLD, holds)):
        for row in session().execute(query):
            if row.id not in leave_out:
                claim = Claim(
                    interval=Interval(row.starts_at, row.ends_at),
                    buffer_before_minutes=row.buffer_before_minutes,
                    buffer_after_minutes=row.buffer_after_minutes,
                    session_type=row.session_type_id,
                    kind=kind,
                )
                found[row.therapist_id].append(claim)
    return found


def _outside_busy(therapist_ids: list[str], around: Interval) -> Mapping[str, list[Interval]]:
    found: dict[str, list[Interval]] = defaultdict(list)
    rows = session().execute(
        select(ImportedBusyRow.therapist_id, ImportedBusyRow.starts_at, ImportedBusyRow.ends_at)
        .where(
            ImportedBusyRow.therapist_id.in_(therapist_ids),
            ImportedBusyRow.ends_at > around.start,
            ImportedBusyRow.starts_at < around.end,
        )
        .order_by(ImportedBusyRow.starts_at)
    )
    for therapist_id, start, end in rows:
        found[therapist_id].append(Interval(start, end))
    return found
