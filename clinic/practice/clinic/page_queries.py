"""What the practice's own pages at the desk show, each page in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from clinic.foundation.database.transactions import session
from clinic.foundation.errors import NotFound
from clinic.practice.models import (
    Clinic,
    Closure,
    DayOverrideRow,
    SessionType,
    Therapist,
    TimeOff,
    WeeklyHoursRow,
)
from clinic.practice.rules.edit_commands import (
    ClinicDetails,
    DayHours,
    HoursRange,
    SessionTypeDetails,
    TherapistProfile,
    WeeklyRange,
)


@dataclass(frozen=True, slots=True)
class TherapistLine:
    """A therapist in the list: `weekly_minutes` is the length of their usual week."""

    id: str
    slug: str
    name: str
    time_zone: str
    languages: tuple[str, ...]
    formats: tuple[str, ...]
    active: bool
    accepts_new_couples: bool
    weekly_minutes: int
    session_types: tuple[Mapping[str, str], ...]


@dataclass(frozen=True, slots=True)
class SessionTypeLine:
    """A session type in the list, with the names of those who offer it."""

    slug: str
    name: Mapping[str, str]
    length_minutes: int
    audience: str
    needs_confirmation: bool
    active: bool
    therapists: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AbsenceLine:
    """An absence of one therapist (no name) or a closure of the clinic."""

    id: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class PracticeOverview:
    """The practice on one page; closures that are over are left out."""

    therapists: tuple[TherapistLine, ...]
    session_types: tuple[SessionTypeLine, ...]
    closures: tuple[AbsenceLine, ...]


@dataclass(frozen=True, slots=True)
class TherapistHours:
    """One therapist's hours; days and absences that are over are left out."""

    id: str
    slug: str
    name: str
    time_zone: str
    weekly: tuple[WeeklyRange, ...]
    overrides: tuple[DayHours, ...]
    time_off: tuple[AbsenceLine, ...]
    session_types: tuple[tuple[str, Mapping[str, str]], ...]
    """(slug, name) of the active ones, for the preview of the slots."""


def practice_overview(clinic_id: str, *, now: datetime) -> PracticeOverview:
    """The clinic's therapists, session types and closures."""
    therapists = session().scalars(
        select(Therapist)
        .where(Therapist.clinic_id == clinic_id)
        .options(selectinload(Therapist.session_types))
        .order_by(Therapist.active.desc(), Therapist.sort, Therapist.slug)
    )
    kinds = session().scalars(
        select(SessionType)
        .where(SessionType.clinic_id == clinic_id)
        .options(selectinload(SessionType.therapists))
        .order_by(SessionType.active.desc(), SessionType.sort, SessionType.slug)
    )
    minutes = _weekly_minutes(clinic_id)
    return PracticeOverview(
        therapists=tuple(_therapist_line(one, minutes.get(one.id, 0)) for one in therapists),
        session_types=tuple(_session_type_line(one) for one in kinds),
        closures=closures_ahead(clinic_id, now=now),
    )


def closures_ahead(clinic_id: str, *, now: datetime) -> tuple[AbsenceLine, ...]:
    """The clinic's closures that are not over, the next one first."""
    rows = session().scalars(
        select(Closure)
        .where(Closure.clinic_id == clinic_id, Closure.ends_at > now)
        .order_by(Closure.starts_at, Closure.id)
    )
    return tuple(
        AbsenceLine(row.id, row.starts_at, row.ends_at, row.time_zone, row.name) for row in rows
    )


def therapist_hours(clinic_id: str, slug: str, *, now: datetime) -> TherapistHours:
    """A therapist's hours, active or not. Raises `NotFound`."""
    therapist = _therapist(clinic_id, slug)
    weekly = session().scalars(
        select(WeeklyHoursRow)
        .where(WeeklyHoursRow.therapist_id == therapist.id)
        .order_by(WeeklyHoursRow.weekday, WeeklyHoursRow.start_minute)
    )
    return TherapistHours(
        id=therapist.id,
        slug=therapist.slug,
        name=therapist.name,
        time_zone=therapist.time_zone,
        weekly=tuple(WeeklyRange(row.weekday, row.start_minute, row.end_minute) for row in weekly),
        overrides=_overrides_ahead(therapist.id, now=now),
        time_off=_time_off_ahead(therapist.id, now=now),
        session_types=tuple(
            (kind.slug, kind.name) for kind in therapist.session_types if kind.active
        ),
    )


def clinic_details(clinic_id: str) -> ClinicDetails:
    """The clinic as its form edits it. Raises `NotFound`."""
    clinic = session().get(Clinic, clinic_id)
    if clinic is None:
        raise NotFound
    return ClinicDetails(
        name=clinic.name,
        short_name=clinic.short_name,
        time_zone=clinic.time_zone,
        language=clinic.language,
        email=clinic.email,
        phone=clinic.phone,
        address=clinic.address,
        welcome=clinic.welcome,
    )


def therapist_profile(clinic_id: str, slug: str) -> TherapistProfile:
    """A therapist as their form edits them, active or not. Raises `NotFound`."""
    row = _therapist(clinic_id, slug)
    return TherapistProfile(
        slug=row.slug,
        name=row.name,
        title=row.title,
        biography=row.biography,
        email=row.email,
        time_zone=row.time_zone,
        languages=tuple(row.languages),
        formats=tuple(row.formats),
        modalities=tuple(row.modalities),
        concerns=tuple(row.concerns),
        accepts_new_couples=row.accepts_new_couples,
        max_sessions_per_day=row.max_sessions_per_day,
        active=row.active,
        sort=row.sort,
    )


def session_type_details(clinic_id: str, slug: str) -> SessionTypeDetails:
    """A session type as its form edits it, active or not. Raises `NotFound`."""
    row = session().scalar(
        select(SessionType).where(SessionType.clinic_id == clinic_id, SessionType.slug == slug)
    )
    if row is None:
        raise NotFound
    return SessionTypeDetails(
        slug=row.slug,
        name=row.name,
        description=row.description,
        length_minutes=row.length_minutes,
        buffer_before_minutes=row.buffer_before_minutes,
        buffer_after_minutes=row.buffer_after_minutes,
        notice_minutes=row.notice_minutes,
        horizon_days=row.horizon_days,
        grid_minutes=row.grid_minutes,
        grid_offset_minutes=row.grid_offset_minutes,
        formats=tuple(row.formats),
        audience=row.audience,
        max_per_day=row.max_per_day,
        needs_confirmation=row.needs_confirmation,
        change_notice_minutes=row.change_notice_minutes,
        active=row.active,
        sort=row.sort,
        therapists=tuple(sorted(one.slug for one in row.therapists)),
    )


def therapist_choices(clinic_id: str) -> tuple[tuple[str, str], ...]:
    """(slug, name) of all the clinic's therapists, in the clinic's order."""
    rows = session().execute(
        select(Therapist.slug, Therapist.name)
        .where(Therapist.clinic_id == clinic_id)
        .order_by(Therapist.sort, Therapist.slug)
    )
    return tuple((slug, name) for slug, name in rows)


def therapist_names(clinic_id: str) -> dict[str, str]:
    """The names of all the clinic's therapists by id, in the clinic's order."""
    rows = session().execute(
        select(Therapist.id, Therapist.name)
        .where(Therapist.clinic_id == clinic_id)
        .order_by(Therapist.sort, Therapist.slug)
    )
    return dict(iter(rows))


def _therapist(clinic_id: str, slug: str) -> Therapist:
    found = session().scalar(
        select(Therapist).where(Therapist.clinic_id == clinic_id, Therapist.slug == slug)
    )
    if found is None:
        raise NotFound
    return found


def _weekly_minutes(clinic_id: str) -> dict[str, int]:
    length = func.sum(WeeklyHoursRow.end_minute - WeeklyHoursRow.start_minute)
    rows = session().execute(
        select(WeeklyHoursRow.therapist_id, length)
        .join(Therapist, Therapist.id == WeeklyHoursRow.therapist_id)
        .where(Therapist.clinic_id == clinic_id)
        .group_by(WeeklyHoursRow.therapist_id)
    )
    return {therapist_id: int(minutes) for therapist_id, minutes in rows}


def _therapist_line(row: Therapist, weekly_minutes: int) -> TherapistLine:
    return TherapistLine(
        id=row.id,
        slug=row.slug,
        name=row.name,
        time_zone=row.time_zone,
        languages=tuple(row.languages),
        formats=tuple(row.formats),
        active=row.active,
        accepts_new_couples=row.accepts_new_couples,
        weekly_minutes=weekly_minutes,
        session_types=tuple(kind.name for kind in row.session_types if kind.active),
    )


def _session_type_line(row: SessionType) -> SessionTypeLine:
    return SessionTypeLine(
        slug=row.slug,
        name=row.name,
        length_minutes=row.length_minutes,
        audience=row.audience,
        needs_confirmation=row.needs_confirmation,
        active=row.active,
        therapists=tuple(sorted(one.name for one in row.therapists)),
    )


def _overrides_ahead(therapist_id: str, *, now: datetime) -> tuple[DayHours, ...]:
    # Yesterday somewhere may still be today for the therapist.
    yesterday: date = (now - timedelta(days=1)).date()
    rows = session().scalars(
        select(DayOverrideRow)
        .where(DayOverrideRow.therapist_id == therapist_id, DayOverrideRow.on_date >= yesterday)
        .order_by(DayOverrideRow.on_date)
    )
    return tuple(
        DayHours(row.on_date, tuple(HoursRange(start, end) for start, end in row.ranges))
        for row in rows
    )


def _time_off_ahead(therapist_id: str, *, now: datetime) -> tuple[AbsenceLine, ...]:
    rows = session().scalars(
        select(TimeOff)
        .where(TimeOff.therapist_id == therapist_id, TimeOff.ends_at > now)
        .order_by(TimeOff.starts_at, TimeOff.id)
    )
    return tuple(AbsenceLine(row.id, row.starts_at, row.ends_at, row.time_zone) for row in rows)
