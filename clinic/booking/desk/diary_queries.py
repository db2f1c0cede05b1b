"""Load what the desk shows of diaries: days, weeks, requests.

Queries grow with neither days nor appointments; opening names adds one for each couple's key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import selectinload

from clinic.booking.appointments.models import (
    LIVE,
    Appointment,
    AppointmentStatus,
)
from clinic.booking.appointments.named_partners import named_in_each
from clinic.booking.appointments.queries import Diary, diaries, offer_of
from clinic.booking.rules.diary_lines import DiaryEntry, DiaryLine, day_window, lines_of_day
from clinic.booking.slots.availability import open_hours
from clinic.booking.slots.explanation import explain_wall
from clinic.booking.slots.inputs import ClaimKind
from clinic.booking.slots.instant_ranges import Interval, intersect
from clinic.booking.slots.start_restrictions import RestrictionRule
from clinic.couples.models import Couple, CoupleMember
from clinic.foundation.database.transactions import session
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import is_allowed
from clinic.practice.clinic.queries import list_public_therapists
from clinic.practice.models import SessionType, Therapist

SHOWN_ON_A_DAY = (*LIVE, AppointmentStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class DayPage:
    """One therapist's day."""

    on: date
    lines: tuple[DiaryLine, ...]

    @property
    def sessions(self) -> tuple[DiaryEntry, ...]:
        """The appointments of the day, cancelled ones too."""
        return tuple(line.entry for line in self.lines if line.entry is not None)


@dataclass(frozen=True, slots=True)
class TherapistWeek:
    """One therapist's week: what is booked, when they work, when they are busy elsewhere."""

    therapist: Therapist
    entries: tuple[DiaryEntry, ...]
    working: tuple[Interval, ...]
    busy: tuple[Interval, ...]


def visible_therapists(actor: Actor) -> Sequence[Therapist]:
    """The therapists whose diaries this actor may see, their own first."""
    listed = [
        one
        for one in list_public_therapists(actor.clinic_id)
        if is_allowed(actor, Permission.SEE_DIARY, one.id)
    ]
    return sorted(listed, key=lambda one: one.id != actor.therapist_id)


def day_of(therapist: Therapist, on: date, *, names: bool, now: datetime) -> DayPage:
    """A day of the therapist's own calendar."""
    window = day_window(on, zone=therapist.time_zone)
    diary = diaries([therapist], window=window, now=now)[therapist.id]
    found = entries([therapist.id], window=window, statuses=SHOWN_ON_A_DAY, names=names)
    holds = [claim.interval for claim in diary.claims if claim.kind == ClaimKind.HOLD]
    lines = lines_of_day(
        found,
        working=_free_from(open_hours(diary.schedule, window=window), on, now, therapist),
        busy=diary.outside_busy,
        held=holds,
        window=window,
    )
    return DayPage(on, tuple(lines))


def _free_from(
    working: Sequence[Interval], on: date, now: datetime, therapist: Therapist
) -> list[Interval]:
    """What is still ahead: time gone by is no longer free."""
    end = day_window(on, zone=therapist.time_zone).end
    return intersect(working, [Interval(now, end)]) if now < end else []


def weeks_of(
    therapists: Sequence[Therapist], *, window: Interval, now: datetime
) -> list[TherapistWeek]:
    """Several therapists' weeks side by side, in the order given."""
    known = diaries(therapists, window=window, now=now)
    found = entries([one.id for one in therapists], window=window, statuses=LIVE, names=False)
    return [
        TherapistWeek(
            therapist=one,
            entries=tuple(entry for entry in found if entry.therapist_id == one.id),
            working=tuple(intersect(open_hours(known[one.id].schedule, window=window), [window])),
            busy=tuple(intersect(known[one.id].outside_busy, [window])),
        )
        for one in therapists
    ]


def entries(
    therapist_ids: Sequence[str],
    *,
    window: Interval,
    statuses: Sequence[str],
    names: bool,
) -> list[DiaryEntry]:
    """The appointments that touch a window, by start."""
    query = with_couple().where(
        Appointment.therapist_id.in_(therapist_ids),
        Appointment.status.in_(statuses),
        Appointment.ends_at > window.start,
        Appointment.starts_at < window.end,
    )
    return _entries(query, names=names)


def open_requests(therapist_ids: Sequence[str], *, names: bool) -> list[DiaryEntry]:
    """Requests that want an answer, the soonest first."""
    query = with_couple().where(
        Appointment.therapist_id.in_(therapist_ids),
        Appointment.status == AppointmentStatus.REQUESTED,
    )
    return _entries(query, names=names)


def count_requests(actor: Actor) -> int:
    """How many requests this actor could answer."""
    query = select(func.count()).where(
        Appointment.clinic_id == actor.clinic_id, Appointment.status == AppointmentStatus.REQUESTED
    )
    if not is_allowed(actor, Permission.CHANGE_APPOINTMENT, "any therapist's"):
        query = query.where(Appointment.therapist_id == actor.therapist_id)
    return session().scalar(query.select_from(Appointment)) or 0


def why_not_at(
    therapist: Therapist, session_type: SessionType, wall: datetime, *, now: datetime
) -> RestrictionRule | None:
    """The rule that closes a time on the therapist's wall (naive), or None when it is open.

    Raises ValueError outside the years 1980 to 2100.
    """
    window = day_window(wall.date(), zone=therapist.time_zone)
    diary: Diary = diaries([therapist], window=window, now=now)[therapist.id]
    return explain_wall(
        wall.date(),
        wall.hour * 60 + wall.minute,
        schedule=diary.schedule,
        offer=offer_of(session_type, therapist),
        claims=diary.claims,
        outside_busy=diary.outside_busy,
        now=now,
    )


def with_couple() -> Select[Appointment]:
    """Select appointments with their couple and its members loaded beside them."""
    return select(Appointment).options(
        selectinload(Appointment.couple).selectinload(Couple.members)
    )


def _entries(query: Select[Appointment], *, names: bool) -> list[DiaryEntry]:
    ordered = query.order_by(Appointment.starts_at, Appointment.id)
    rows = session().scalars(ordered).unique().all()
    named = named_in_each(rows) if names else {}
    return [diary_entry(row, named.get(row.id, ())) for row in rows]


def diary_entry(row: Appointment, people: Sequence[CoupleMember]) -> DiaryEntry:
    """Return an appointment as diaries show it, with the first names of `people`."""
    return DiaryEntry(
        id=row.id,
        reference=row.reference,
        status=row.status,
        start=row.starts_at,
        end=row.ends_at,
        therapist_id=row.therapist_id,
        therapist=row.therapist.name,
        therapist_slug=row.therapist.slug,
        session_type=row.session_type.name,
        format=row.format,
        couple_id=row.couple_id,
        couple_code=row.couple.code,
        conflict=row.conflict,
        names=tuple(first_name(member.person.name or "") for member in people),
    )


def first_name(name: str) -> str:
    """What comes before the first space; a name without one is shown whole."""
    return name.split(maxsplit=1)[0] if name.strip() else ""
