"""`flask generate`: an empty instance filled with as many rows as a load test asks for.

Rows of the past and of the future go in at once, as years of use would leave them; only the
clinic, its people and their keys are made one by one. The names say that they are generated.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from clinic.accounts.administration.service import create_account
from clinic.booking.appointments.models import Appointment, ImportedBusyRow, ManageLink
from clinic.calendars.feeds.service import create_therapist_feed
from clinic.config import Settings, refuse_in_production
from clinic.couples.models import Couple
from clinic.couples.service import PartnerDetails, enrol_couple
from clinic.foundation.database.transactions import new_id, session, transaction
from clinic.foundation.errors import Conflict
from clinic.foundation.permissions.actors import Actor, Role
from clinic.foundation.wall_clock import instant_from, local_date, wall_text
from clinic.practice.clinic.clinics import open_clinic
from clinic.practice.models import (
    Clinic,
    SessionType,
    Therapist,
    TherapistSessionType,
    WeeklyHoursRow,
)
from clinic.sample_data.load_test_notes import began, write_notes

ZONE = "Europe/Lisbon"
LOAD_TEST_PASSWORD = "generated for load tests"  # noqa: S105 - printed for whoever runs the command
FEED_DAYS_BACK, FEED_DAYS_AHEAD = 58, 538
"""Just inside the window that a feed shows when nobody changed it."""
PAST_FROM = timedelta(days=100)
"""Past rows lie before the window of the feeds, so that they change no feed."""
LENGTH = timedelta(minutes=30)
IN_ONE_INSERT = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """How much to make, for each therapist (couples and notes: in all)."""

    past: int = 0
    future: int = 0
    busy: int = 0
    feed_events: int = 0
    therapists: int = 1
    couples: int = 1
    notes: int = 0
    """Signed session notes of the first couple; each other one gets a fiftieth, at least one."""


def generate(amounts: Amounts, *, settings: Settings, now: datetime) -> dict[str, Any]:
    """Fill an empty database; what was made, by slug, address and code.

    Raises `Conflict` when there is a clinic, and `SettingsError` in production.
    """
    refuse_in_production(settings, what="generated clinic")
    if session().scalar(select(Clinic.id).limit(1)):
        raise Conflict("There is a clinic in this database already; this needs an empty one.")
    clinic = open_clinic(
        slug="generated",
        name="Generated clinic",
        short_name="Generated",
        time_zone=ZONE,
        email="desk@generated.example",
        is_demo=True,
        now=now,
    )
    actor = Actor(
        clinic_id=clinic.id,
        name="system:generate",
        account_id="generate",
        roles=frozenset({Role.ADMIN}),
        is_system=True,
    )
    kind = _session_type(clinic)
    therapists = [_therapist(clinic, kind, n, now=now) for n in range(1, amounts.therapists + 1)]
    accounts = _accounts(therapists[0], actor, now=now)
    # A note cannot be older than its couple.
    since = began(amounts.notes, now=now) if amounts.notes else now
    couples = [_couple(n, therapists[0], actor, now=since) for n in range(1, amounts.couples + 1)]
    for therapist in therapists:
        _fill(therapist, kind, couples, amounts, now=now)
    if amounts.notes:
        write_notes(couples, amounts.notes, now=now)
    with transaction() as current:
        current.execute(text("ANALYZE"))
    found = _describe(settings, therapists, kind, couples, actor, now=now)
    return {**found, "accounts": accounts}


def _session_type(clinic: Clinic) -> SessionType:
    with transaction() as current:
        row = SessionType(
            id=new_id(),
            clinic_id=clinic.id,
            slug="initial-consultation",
            name={"en": "Initial consultation", "pt": "Consulta inicial"},
            length_minutes=30,
            buffer_after_minutes=15,
            notice_minutes=60,
            horizon_days=100,
            grid_minutes=30,
            formats=["online", "in_person"],
        )
        current.add(row)
    return row


def _therapist(clinic: Clinic, kind: SessionType, number: int, *, now: datetime) -> Therapist:
    with transaction() as current:
        row = Therapist(
            id=new_id(),
            clinic_id=clinic.id,
            slug=f"therapist-{number}",
            name=f"Therapist {number}",
            time_zone=ZONE,
            languages=["en", "pt"],
            formats=["online", "in_person"],
            modalities=["efct"],
            sort=number,
            created_at=now,
        )
        row.email = f"therapist-{number}@generated.example"
        current.add(row)
        current.flush()
        current.add(TherapistSessionType(therapist_id=row.id, session_type_id=kind.id))
        current.add_all(
            WeeklyHoursRow(
                id=new_id(), therapist_id=row.id, weekday=day, start_minute=540, end_minute=1080
            )
            for day in range(7)
        )
    return row


def _couple(number: int, therapist: Therapist, actor: Actor, *, now: datetime) -> Couple:
    partners = [
        PartnerDetails(
            name=f"Partner {letter} {number}",
            email=f"{letter.lower()}{number}@generated.example",
            time_zone=ZONE,
            language="en",
        )
        for letter in "AB"
    ]
    return enrol_couple(partners, lead_therapist_id=therapist.id, actor=actor, now=now)


def _fill(
    therapist: Therapist,
    kind: SessionType,
    couples: Sequence[Couple],
    amounts: Amounts,
    *,
    now: datetime,
) -> None:
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    starts = [*_past(amounts.past, day), *_feed(amounts.feed_events, day)]
    starts += _future(amounts.future, now)
    rows = [
        _row(start, therapist, kind, couples[number % len(couples)], number)
        for number, start in enumerate(sorted(set(starts)))
    ]
    with transaction() as current:
        _insert(current, rows)
        _name_both(current, rows, couples)
        _insert_busy(current, therapist, amounts.busy, now=now)


def _past(count: int, day: datetime) -> Iterator[datetime]:
    """One an hour, backwards from before the feeds' window."""
    newest = day - PAST_FROM - timedelta(hours=1)
    return (newest - timedelta(hours=number) for number in range(count))


def _feed(count: int, day: datetime) -> Iterator[datetime]:
    """Spread over the feeds' window, in the night, so that the days stay free."""
    nights = FEED_DAYS_BACK + FEED_DAYS_AHEAD
    first = day - timedelta(days=FEED_DAYS_BACK)
    for number in range(count):
        night, turn = number % nights, number // nights
        yield first + timedelta(days=night, minutes=30 * turn)


def _future(count: int, now: datetime) -> Iterator[datetime]:
    """Every other half hour of the working days ahead, on the grid."""
    tomorrow = local_date(now, zone=ZONE) + timedelta(days=1)
    for number in range(count):
        on = tomorrow + timedelta(days=number // 9)
        yield instant_from(on, time(9), zone=ZONE) + timedelta(hours=number % 9)


def _row(
    start: datetime, therapist: Therapist, kind: SessionType, couple: Couple, number: int
) -> dict[str, Any]:
    digits = f"{number:06d}{therapist.sort:03d}"
    return {
        "id": new_id(),
        "clinic_id": therapist.clinic_id,
        "reference": f"G{digits}",
        "uid": str(uuid.uuid4()),
        "sequence": 0,
        "status": "confirmed",
        "therapist_id": therapist.id,
        "session_type_id": kind.id,
        "couple_id": couple.id,
        "starts_at": start,
        "ends_at": start + LENGTH,
        "wall_start": wall_text(start, zone=ZONE),
        "time_zone": ZONE,
        "buffer_before_minutes": kind.buffer_before_minutes,
        "buffer_after_minutes": kind.buffer_after_minutes,
        "format": "online",
        "source": "staff",
        "conflict": False,
        "created_at": start - timedelta(days=7),
        "updated_at": start - timedelta(days=7),
    }


def _insert(current: Session, rows: Sequence[dict[str, Any]]) -> None:
    # In the order of time: the guard against overlaps looks at what ends after a start.
    for first in range(0, len(rows), IN_ONE_INSERT):
        current.execute(insert(Appointment), rows[first : first + IN_ONE_INSERT])


def _name_both(current: Session, rows: Sequence[dict[str, Any]], couples: Sequence[Couple]) -> None:
    """Name both partners in each appointment, by links that nobody was given."""
    members = {couple.id: [one.id for one in couple.members] for couple in couples}
    links = [
        {
            "id": new_id(),
            "appointment_id": row["id"],
            "member_id": member_id,
            "version": 1,
            "token_hash": secrets.token_bytes(32),
            "created_at": row["created_at"],
        }
        for row in rows
        for member_id in members[row["couple_id"]]
    ]
    for first in range(0, len(links), IN_ONE_INSERT):
        current.execute(insert(ManageLink), links[first : first + IN_ONE_INSERT])


def _insert_busy(current: Session, therapist: Therapist, count: int, *, now: datetime) -> None:
    first = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    rows = [
        {
            "id": new_id(),
            "therapist_id": therapist.id,
            "origin": "generated",
            "starts_at": first + timedelta(hours=5 * number),
            "ends_at": first + timedelta(hours=5 * number, minutes=45),
        }
        for number in range(count)
    ]
    if rows:
        current.execute(insert(ImportedBusyRow), rows)


def _describe(
    settings: Settings,
    therapists: Sequence[Therapist],
    kind: SessionType,
    couples: Sequence[Couple],
    actor: Actor,
    *,
    now: datetime,
) -> dict[str, Any]:
    shown = []
    for therapist in therapists:
        _feed_row, token = create_therapist_feed(therapist.id, name="load", actor=actor, now=now)
        address = f"{settings.base_url}/calendar/{token}"
        shown.append(
            {
                "slug": therapist.slug,
                "feed_url": f"{address}.ics",
                "busy_url": f"{address}/busy.ics",
            }
        )
    return {
        "base_url": settings.base_url,
        "therapists": shown,
        "session_types": [{"slug": kind.slug, "minutes": kind.length_minutes, "public": True}],
        "couples": [couple.code for couple in couples],
    }


def _accounts(therapist: Therapist, actor: Actor, *, now: datetime) -> list[dict[str, str]]:
    people = (("admin", None), ("therapist", therapist.id))
    made = []
    for role, therapist_id in people:
        email = f"{role}@generated.example"
        create_account(
            email=email,
            name=role.title(),
            password=LOAD_TEST_PASSWORD,
            roles=[Role(role)],
            therapist_id=therapist_id,
            actor=actor,
            now=now,
        )
        made.append({"role": role, "email": email, "password": LOAD_TEST_PASSWORD})
    return made
