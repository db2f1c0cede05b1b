"""Times and appointments as pages show them: in the reader's language, on the reader's clocks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import g
from flask_babel import get_locale
from flask_babel import gettext as _

from clinic.booking.appointments.models import Appointment, AppointmentStatus, Hold
from clinic.booking.slots.instant_ranges import Interval
from clinic.booking.slots.open_slots import Slot
from clinic.foundation.clock import clock
from clinic.foundation.texts.localized_dates import (
    clock_text,
    day_and_clock_text,
    day_text,
    place_of,
    short_day_text,
    weekday_text,
)
from clinic.foundation.wall_clock import day_bounds, is_repeated, local_date, local_time
from clinic.practice.models import SessionType, Therapist, in_language

NOON, EVENING = time(12), time(17)
SLUG = re.compile(r"[a-z0-9-]{1,60}")

USUAL_ZONES = (
    "Europe/Lisbon",
    "Atlantic/Azores",
    "Atlantic/Madeira",
    "Europe/London",
    "Europe/Dublin",
    "Europe/Madrid",
    "Europe/Paris",
    "Europe/Brussels",
    "Europe/Amsterdam",
    "Europe/Berlin",
    "Europe/Zurich",
    "Europe/Rome",
    "Europe/Vienna",
    "Europe/Stockholm",
    "Europe/Warsaw",
    "Europe/Athens",
    "Europe/Helsinki",
    "Europe/Istanbul",
    "Africa/Casablanca",
    "Africa/Luanda",
    "Africa/Maputo",
    "Africa/Johannesburg",
    "Asia/Dubai",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Singapore",
    "Asia/Tokyo",
    "Australia/Perth",
    "Australia/Sydney",
    "Pacific/Auckland",
    "America/Sao_Paulo",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Toronto",
    "UTC",
)


@dataclass(frozen=True, slots=True)
class Chip:
    """One time that can be tapped."""

    value: str
    iso: str
    label: str
    day: str
    zone: str
    note: str = ""


@dataclass(slots=True)
class DisplayedDay:
    """One day of the week shown."""

    iso: str
    weekday: str
    date: str
    whole: str
    morning: list[Chip] = field(default_factory=list)
    afternoon: list[Chip] = field(default_factory=list)
    evening: list[Chip] = field(default_factory=list)

    @property
    def times(self) -> list[Chip]:
        """Return the times of the whole day."""
        return [*self.morning, *self.afternoon, *self.evening]


@dataclass(frozen=True, slots=True)
class Summary:
    """An appointment (or a held time) in the words of a page."""

    when: str
    day: str
    start: str
    until: str
    iso: str
    zone: str
    therapist: str
    session_type: str
    minutes: int
    format: str
    place: str
    reference: str = ""
    status: str = ""
    status_kind: str = ""


def chip(therapist: Therapist, slot: Slot, *, zone: str, note: str = "") -> Chip:
    """A slot as a chip; what is sent names the instant and the therapist."""
    local = local_time(slot.start, zone=zone)
    return Chip(
        value=f"{instant_text(slot.start)}|{therapist.slug}",
        iso=local.isoformat(timespec="minutes"),
        label=clock_text(slot.start, zone=zone),
        day=day_text(local.date()),
        zone=place_of(zone),
        note=note,
    )


def _empty_day(on: date) -> DisplayedDay:
    return DisplayedDay(on.isoformat(), weekday_text(on), short_day_text(on), day_text(on))


def week_of(
    monday: date, pairs: Iterable[tuple[Therapist, Slot]], *, zone: str
) -> list[DisplayedDay]:
    """Seven days of the reader's calendar, each with its times by part of the day.

    A time that clocks show twice that night carries its offset, so that nobody has to guess which
    of the two it is, even when the other one is taken.
    Several therapists free at one time make one chip.
    """
    days = [monday + timedelta(days=number) for number in range(7)]
    shown = {on: _empty_day(on) for on in days}
    unique = {slot.start: (therapist, slot) for therapist, slot in reversed(list(pairs))}
    for start in sorted(unique):
        therapist, slot = unique[start]
        local = local_time(start, zone=zone)
        if local.date() not in shown:
            continue
        note = offset_text(local) if is_repeated(start, zone=zone) else ""
        made = chip(therapist, slot, zone=zone, note=note)
        _part(shown[local.date()], local.time()).append(made)
    return list(shown.values())


def _part(day: DisplayedDay, at: time) -> list[Chip]:
    if at < NOON:
        return day.morning
    return day.afternoon if at < EVENING else day.evening


def offset_text(local: datetime) -> str:
    """`UTC+1`, `UTC+5:45`: which of two equal clock times is meant."""
    minutes = int((local.utcoffset() or timedelta()).total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{hours}" + (f":{rest:02d}" if rest else "")


def week_window(monday: date, *, zone: str) -> Interval:
    """The instants of a week of the reader's calendar."""
    return Interval(*day_bounds(monday, days=7, zone=zone))


def monday_of(instant: datetime, *, zone: str) -> date:
    """The Monday of the reader's week in which this instant lies."""
    local = local_date(instant, zone=zone)
    return local - timedelta(days=local.weekday())


def week_label(monday: date) -> str:
    """`23 – 29 November`; `30 November – 6 December`."""
    sunday = monday + timedelta(days=6)
    first = str(monday.day) if monday.month == sunday.month else short_day_text(monday)
    return f"{first} – {short_day_text(sunday)}"


def summarise(appointment: Appointment, *, zone: str) -> Summary:
    """An appointment for its own page."""
    status, kind = STATUS_SHOWN()[AppointmentStatus(appointment.status)]
    if appointment.status == AppointmentStatus.CONFIRMED and appointment.ends_at <= clock.now():
        status, kind = _("past"), ""
    return _summary(
        appointment.therapist,
        appointment.session_type,
        appointment.starts_at,
        appointment.ends_at,
        zone=zone,
        format_=appointment.format,
        reference=appointment.reference,
        status=status,
        status_kind=kind,
    )


def summarise_hold(hold: Hold, *, zone: str, format_: str) -> Summary:
    """The held time on the details page."""
    return _summary(
        hold.therapist, hold.session_type, hold.starts_at, hold.ends_at, zone=zone, format_=format_
    )


def STATUS_SHOWN() -> dict[AppointmentStatus, tuple[str, str]]:  # noqa: N802 - a table, in today's language
    """What each status is called, and its tone."""
    return {
        AppointmentStatus.REQUESTED: (_("waiting for an answer"), "warn"),
        AppointmentStatus.CONFIRMED: (_("booked"), "ok"),
        AppointmentStatus.COMPLETED: (_("past"), ""),
        AppointmentStatus.CANCELLED: (_("cancelled"), "danger"),
        AppointmentStatus.DECLINED: (_("not possible"), "danger"),
        AppointmentStatus.EXPIRED: (_("not answered in time"), "danger"),
    }


def _summary(
    therapist: Therapist,
    session_type: SessionType,
    start: datetime,
    end: datetime,
    *,
    zone: str,
    format_: str,
    reference: str = "",
    status: str = "",
    status_kind: str = "",
) -> Summary:
    local = local_time(start, zone=zone)
    return Summary(
        when=day_and_clock_text(start, zone=zone),
        day=day_text(local.date()),
        start=clock_text(start, zone=zone),
        until=clock_text(end, zone=zone),
        iso=local.isoformat(timespec="minutes"),
        zone=place_of(zone),
        therapist=therapist.name,
        session_type=in_language(session_type.name, str(get_locale())[:2]),
        minutes=session_type.length_minutes,
        format=format_name(format_),
        place=(g.clinic.address or "") if format_ == "in_person" else "",
        reference=reference,
        status=status,
        status_kind=status_kind,
    )


def format_name(format_: str) -> str:
    """`online` or `at the clinic`, in the reader's language."""
    names = {"online": _("Online, by video"), "in_person": _("At the clinic")}
    return str(names.get(format_, format_))


def zone_choices(*also: str) -> list[tuple[str, str]]:
    """The zones offered: the usual ones, and those that are in use here."""
    names = dict.fromkeys([*USUAL_ZONES, *also])
    return [(name, name.replace("_", " ").replace("/", " / ")) for name in names]


def instant_text(instant: datetime) -> str:
    """RFC 3339 in UTC with a final Z."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_choice(value: str) -> tuple[datetime, str] | None:
    """The instant and the therapist's slug that a chip sent, or None when it is not one of ours."""
    text, _bar, slug = value.partition("|")
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    if instant.tzinfo is None or not SLUG.fullmatch(slug) or not 1980 < instant.year < 2100:
        return None
    return instant.astimezone(UTC), slug


def card(
    therapist: Therapist, *, slots: Sequence[Slot] = (), zone: str, **more: Any
) -> dict[str, Any]:
    """A therapist as a card."""
    language = str(get_locale())[:2]
    return {
        "name": therapist.name,
        "slug": therapist.slug,
        "title": in_language(therapist.title, language),
        "intro": in_language(therapist.biography, language),
        "initials": "".join(part[0] for part in therapist.name.split()[:2]),
        "languages": ", ".join(language_name(code) for code in therapist.languages),
        "formats": " · ".join(format_name(code) for code in therapist.formats),
        "next_times": [chip(therapist, slot, zone=zone) for slot in slots],
    } | more


def language_name(code: str) -> str:
    """A language's name in the reader's language."""
    locale = get_locale()
    name = locale.languages.get(code, code) if locale else code
    return str(name)[:1].upper() + str(name)[1:]
