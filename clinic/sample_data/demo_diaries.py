"""Fills the demo's diaries around today: a day and a week look lived in on any weekday.

Everything follows from `now` alone. Whoever does not work on the weekday of today has other hours
on this one date; the regulars come once this week and once the next, three of them today.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from clinic.booking.appointments.book import book_appointment
from clinic.booking.appointments.models import Appointment
from clinic.booking.rules.contact_details import BookingRequest, EnteredPartner
from clinic.booking.rules.errors import SlotUnavailable, TimeRefused
from clinic.couples.models import Couple
from clinic.foundation.database.transactions import transaction
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.wall_clock import instant_from, local_date
from clinic.practice.clinic.page_queries import TherapistHours, therapist_hours
from clinic.practice.hours.service import set_day_override
from clinic.practice.models import SessionType, Therapist
from clinic.practice.rules.edit_commands import DayHours, HoursRange
from clinic.sample_data import demo_people

ONE_DATE_ONLY = (HoursRange(10 * 60, 14 * 60),)
APART = 90
"""Minutes from one start to the next: a session of an hour, and half an hour after it."""
TODAY = 3


@dataclass(frozen=True, slots=True)
class _Diary:
    """One therapist, the session their regulars come for, and today on their calendar."""

    therapist: Therapist
    kind: SessionType
    today: date
    now: datetime


def fill_diaries(
    therapists: list[Therapist], kind: SessionType, *, actor: Actor, now: datetime
) -> list[str]:
    """Book the regulars; their codes."""
    codes: list[str] = []
    for therapist in therapists:
        today = local_date(now, zone=therapist.time_zone)
        diary = _Diary(therapist, kind, today, now)
        hours = _hours_with_today(diary, actor=actor, now=now)
        days = list(_days(hours, today))
        for couple, (day, nth) in zip(demo_people.REGULARS[therapist.slug], days, strict=False):
            codes += _come(couple, diary, hours, day, nth, actor=actor)
    return codes


def booking_request(
    values: dict[str, Any], therapist: Therapist, kind: SessionType, start: datetime
) -> BookingRequest:
    """What a made-up couple asks for."""
    people = [
        EnteredPartner(name=name, email=email, time_zone=zone, language=language)
        for name, email, zone, language in values["partners"]
    ]
    format_ = "online" if "online" in therapist.formats else "in_person"
    return BookingRequest(
        therapist=therapist.slug,
        session_type=kind.slug,
        start=start,
        format=format_,
        partner=people[0],
        other_partner=people[1] if len(people) > 1 else None,
        privacy_accepted=True,
    )


def _hours_with_today(diary: _Diary, *, actor: Actor, now: datetime) -> TherapistHours:
    """The therapist's hours, once today has some."""
    slug = diary.therapist.slug
    hours = therapist_hours(actor.clinic_id, slug, now=now)
    if not _ranges(hours, diary.today):
        other = DayHours(diary.today, ONE_DATE_ONLY)
        set_day_override(slug, hours=other, actor=actor, now=now)
        hours = therapist_hours(actor.clinic_id, slug, now=now)
    return hours


def _ranges(hours: TherapistHours, on: date) -> list[HoursRange]:
    for other in hours.overrides:
        if other.on == on:
            return list(other.ranges)
    weekly = [one for one in hours.weekly if one.weekday == on.weekday()]
    return [HoursRange(one.start_minute, one.end_minute) for one in weekly]


def _days(hours: TherapistHours, today: date) -> Iterator[tuple[date, int]]:
    """On which day of this week each regular comes, and at which of its starts: today first."""
    yield from ((today, nth) for nth in range(TODAY))
    monday = today - timedelta(days=today.weekday())
    week = [monday + timedelta(days=number) for number in range(7)]
    worked = [day for day in week if day != today and _ranges(hours, day)]
    yield from ((day, day.weekday()) for day in worked)
    yield from ((day, day.weekday() + 1) for day in worked)


def _come(
    values: dict[str, Any],
    diary: _Diary,
    hours: TherapistHours,
    day: date,
    nth: int,
    *,
    actor: Actor,
) -> list[str]:
    """Book a couple this week and the next, where the therapist works; their code once."""
    booked = [
        _book(values, diary, _starts(hours, on, nth, diary.therapist.time_zone), actor=actor)
        for on in (day, day + timedelta(days=7))
    ]
    couples = {one.couple_id for one in booked if one is not None}
    with transaction() as current:
        rows = [current.get_one(Couple, id_) for id_ in sorted(couples)]
        for row in rows:
            row.status = "active"
        return [row.code for row in rows]


def _starts(hours: TherapistHours, on: date, nth: int, zone: str) -> list[datetime]:
    """The starts of a day, beginning with the nth."""
    minutes = [
        minute
        for one in _ranges(hours, on)
        for minute in range(one.start_minute, one.end_minute - 59, APART)
    ]
    turned = minutes[nth % len(minutes) :] + minutes[: nth % len(minutes)] if minutes else []
    return [instant_from(on, time(minute // 60, minute % 60), zone=zone) for minute in turned]


def _book(
    values: dict[str, Any], diary: _Diary, starts: list[datetime], *, actor: Actor
) -> Appointment | None:
    """The first of these starts that is free, asked for a week before or now; none when none is."""
    for start in starts:
        asked = booking_request(values, diary.therapist, diary.kind, start)
        try:
            at = min(start - timedelta(days=7), diary.now)
            return book_appointment(asked, actor=actor, now=at)
        except (SlotUnavailable, TimeRefused):
            continue
    return None
