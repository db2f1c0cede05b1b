"""What may be asked of the practice, as plain values: also the shape in which pages edit them.

Texts by language are mappings from `en` and `pt`; lengths are whole minutes; wall times are
`YYYY-MM-DDTHH:MM` as somebody typed them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicDetails:
    """What the clinic says about itself, and the zone its closures are meant in."""

    name: str
    short_name: str
    time_zone: str
    language: str
    email: str
    phone: str | None = None
    address: str | None = None
    welcome: Texts = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TherapistProfile:
    """A therapist as clients see them, and what decides whether they can be booked."""

    slug: str
    name: str
    time_zone: str
    languages: tuple[str, ...]
    formats: tuple[str, ...]
    title: Texts = field(default_factory=dict)
    biography: Texts = field(default_factory=dict)
    email: str | None = None
    modalities: tuple[str, ...] = ()
    concerns: tuple[str, ...] = ()
    accepts_new_couples: bool = True
    max_sessions_per_day: int | None = None
    active: bool = True
    sort: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionTypeDetails:
    """A kind of appointment: its name, its numbers and who offers it (slugs of therapists)."""

    slug: str
    name: Texts
    length_minutes: int
    formats: tuple[str, ...]
    description: Texts = field(default_factory=dict)
    buffer_before_minutes: int = 0
    buffer_after_minutes: int = 0
    notice_minutes: int = 24 * 60
    horizon_days: int = 60
    grid_minutes: int = 30
    grid_offset_minutes: int = 0
    audience: str = "public"
    max_per_day: int | None = None
    needs_confirmation: bool = False
    change_notice_minutes: int = 24 * 60
    active: bool = True
    sort: int = 0
    therapists: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HoursRange:
    """Minutes from local midnight; an end beyond 1440 lies on the following day."""

    start_minute: int
    end_minute: int


@dataclass(frozen=True, slots=True)
class WeeklyRange:
    """One range of the usual week; it belongs to the weekday (0 is Monday) it starts on."""

    weekday: int
    start_minute: int
    end_minute: int


@dataclass(frozen=True, slots=True)
class DayHours:
    """The hours of one date, in place of its weekly ones; no ranges means closed."""

    on: date
    ranges: tuple[HoursRange, ...] = ()


@dataclass(frozen=True, slots=True)
class AbsenceTimes:
    """From one wall time to another, in the zone of the therapist or of the clinic."""

    start: str
    end: str


@dataclass(frozen=True, slots=True)
class ClinicClosure:
    """The whole clinic closes, in the clinic's wall time, for a reason that has a name."""

    name: str
    away: AbsenceTimes


@dataclass(frozen=True, slots=True, kw_only=True)
class TermDetails:
    """The words of a term of a vocabulary, and its place; None is as it ships or not told."""

    label_en: str | None
    label_pt: str | None
    definition_en: str | None
    definition_pt: str | None
    sort: int | None
    label_reviewed_by: str | None = None
    group: str | None = None
