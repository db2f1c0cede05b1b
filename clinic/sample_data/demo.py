"""Fills an empty database with the demo clinic, and writes `demo.json` beside it.

Everything goes through the same services as in real life; only the mails of what has "already"
happened are never sent.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from clinic.accounts.administration.service import create_account
from clinic.booking.appointments.book import book_appointment
from clinic.booking.appointments.models import ImportedBusyRow
from clinic.booking.appointments.queries import next_slots
from clinic.calendars.feeds.service import create_therapist_feed
from clinic.config import Settings, refuse_in_production
from clinic.couples.models import Couple
from clinic.foundation.database.transactions import new_id, session, transaction
from clinic.foundation.errors import Conflict
from clinic.foundation.outbox import OutboxMessage
from clinic.foundation.permissions.actors import Actor, Role
from clinic.foundation.wall_clock import instant_from
from clinic.practice.clinic.clinics import open_clinic
from clinic.practice.models import (
    Clinic,
    SessionType,
    Therapist,
    TherapistSessionType,
    WeeklyHoursRow,
)
from clinic.practice.rules.vocabulary import load_vocabulary
from clinic.sample_data import demo_people
from clinic.sample_data.demo_diaries import booking_request, fill_diaries
from clinic.sample_data.demo_notes import write_demo_course
from clinic.sample_data.demo_questionnaires import add_demo_instruments
from clinic.sample_data.demo_services import connect_demo_services


def load_demo(settings: Settings, *, now: datetime) -> dict[str, Any]:
    """Make the demo clinic; what `demo.json` holds.

    Raises `Conflict` when there is a clinic, and `SettingsError` in production.
    """
    refuse_in_production(settings, what="demo clinic")
    if session().scalar(select(Clinic.id).limit(1)):
        raise Conflict("There is a clinic in this database already; the demo needs an empty one.")
    clinic = _open_clinic(now=now)
    system = Actor(clinic_id=clinic.id, name="system:demo", is_system=True)
    types = [
        _add_session_type(clinic, values, sort)
        for sort, values in enumerate(demo_people.SESSION_TYPES)
    ]
    therapists = [
        _add_therapist(clinic, values, types, sort, now=now)
        for sort, values in enumerate(demo_people.THERAPISTS)
    ]
    accounts = _add_accounts(therapists, actor=system, now=now)
    desk = Actor(
        clinic_id=clinic.id,
        name="system:demo",
        account_id="demo",
        roles=frozenset({Role.FRONT_DESK, Role.ADMIN}),
    )
    codes = [
        _add_couple(values, therapists, types, desk, now=now) for values in demo_people.COUPLES
    ]
    add_demo_instruments(actor=desk, now=now)
    write_demo_course(codes[0], clinic_id=clinic.id, now=now)
    _block_outside(therapists[0], now=now)
    regular = next(kind for kind in types if kind.audience == "existing")
    codes += fill_diaries(therapists, regular, actor=desk, now=now)
    feeds = {one.slug: _feed(one, settings, actor=desk, now=now) for one in therapists}
    _settle_mails(now=now)
    found = _describe(settings, accounts, therapists, types, codes, feeds)
    found["webhooks"] = connect_demo_services(settings, therapists, types, now=now)
    path = Path(settings.instance) / "demo.json"
    path.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return found


def _open_clinic(*, now: datetime) -> Clinic:
    clinic = open_clinic(**demo_people.CLINIC, is_demo=True, now=now)
    with transaction() as current:
        current.add(clinic)
        clinic.address, clinic.phone = demo_people.ADDRESS, demo_people.PHONE
    return clinic


def _add_session_type(clinic: Clinic, values: dict[str, Any], sort: int) -> SessionType:
    with transaction() as current:
        row = SessionType(id=new_id(), clinic_id=clinic.id, sort=sort, **values)
        current.add(row)
    return row


def _add_therapist(
    clinic: Clinic, values: dict[str, Any], types: list[SessionType], sort: int, *, now: datetime
) -> Therapist:
    needs = [term.code for term in load_vocabulary("need").terms if term.code != "other"]
    plain = {k: v for k, v in values.items() if k not in {"hours", "email", "needs"}}
    with transaction() as current:
        row = Therapist(id=new_id(), clinic_id=clinic.id, sort=sort, created_at=now, **plain)
        row.email = values["email"]
        row.concerns = needs[sort * 2 : sort * 2 + values["needs"]]
        current.add(row)
        current.flush()
        current.add_all(
            WeeklyHoursRow(
                id=new_id(), therapist_id=row.id, weekday=day, start_minute=start, end_minute=end
            )
            for day, start, end in values["hours"]
        )
        current.add_all(
            TherapistSessionType(therapist_id=row.id, session_type_id=kind.id)
            for kind in types
            if set(kind.formats) & set(row.formats)
        )
    return row


def _add_accounts(
    therapists: list[Therapist], *, actor: Actor, now: datetime
) -> list[dict[str, str]]:
    people: list[dict[str, Any]] = [*demo_people.STAFF]
    people += [
        {"role": "therapist", "name": one.name, "email": values["email"], "therapist": one.id}
        for one, values in zip(therapists, demo_people.THERAPISTS, strict=True)
    ]
    for person in people:
        create_account(
            email=person["email"],
            name=person["name"],
            password=demo_people.PASSWORD,
            roles=[Role(person["role"])],
            therapist_id=person.get("therapist"),
            actor=actor,
            now=now,
        )
    return [
        {"role": one["role"], "email": one["email"], "password": demo_people.PASSWORD}
        for one in people
    ]


def _add_couple(
    values: dict[str, Any],
    therapists: list[Therapist],
    types: list[SessionType],
    actor: Actor,
    *,
    now: datetime,
) -> str:
    therapist = next(one for one in therapists if one.slug == values["therapist"])
    by_slug = {kind.slug: kind for kind in types}
    for day in values["past"]:
        start = _at_ten(day, therapist.time_zone)
        if start < now:
            asked = booking_request(values, therapist, by_slug["joint-session"], start)
            book_appointment(asked, actor=actor, now=start - timedelta(days=7))
    kind = by_slug[values["coming"]]
    visitor = actor if kind.audience == "existing" else Actor(clinic_id=actor.clinic_id)
    free = next_slots([therapist], kind, now=now, count=6)[therapist.id]
    asked = booking_request(values, therapist, kind, free[-1].start)
    appointment = book_appointment(asked, actor=visitor, now=now)
    with transaction() as current:
        couple = current.get_one(Couple, appointment.couple_id)
        couple.status = values["status"]
        return couple.code


def _at_ten(day: str, zone: str) -> datetime:
    on = datetime.fromisoformat(day).date()
    return instant_from(on, time(10), zone=zone)


def _block_outside(therapist: Therapist, *, now: datetime) -> None:
    """A dentist and a school meeting, as another calendar would tell them: times only."""
    start = datetime.combine(now.date() + timedelta(days=2), time(11), tzinfo=UTC)
    with transaction() as current:
        for days, hours in ((0, 1), (5, 2)):
            begins = start + timedelta(days=days)
            current.add(
                ImportedBusyRow(
                    id=new_id(),
                    therapist_id=therapist.id,
                    origin="demo",
                    starts_at=begins,
                    ends_at=begins + timedelta(hours=hours),
                )
            )


def _feed(therapist: Therapist, settings: Settings, *, actor: Actor, now: datetime) -> str:
    _row, token = create_therapist_feed(therapist.id, name="Demo", actor=actor, now=now)
    return f"{settings.base_url}/calendar/{token}"


def _settle_mails(*, now: datetime) -> None:
    """Nobody made up gets a mail about the past; what is due later happens as in real life."""
    with transaction() as current:
        current.execute(
            update(OutboxMessage).where(OutboxMessage.due_at <= now).values(done_at=now)
        )


def _describe(
    settings: Settings,
    accounts: list[dict[str, str]],
    therapists: list[Therapist],
    types: list[SessionType],
    codes: list[str],
    feeds: dict[str, str],
) -> dict[str, Any]:
    return {
        "base_url": settings.base_url,
        "accounts": accounts,
        "therapists": [
            {
                "slug": one.slug,
                "name": one.name,
                "email": values["email"],
                "time_zone": one.time_zone,
                "languages": one.languages,
                "feed_url": f"{feeds[one.slug]}.ics",
                "busy_url": f"{feeds[one.slug]}/busy.ics",
            }
            for one, values in zip(therapists, demo_people.THERAPISTS, strict=True)
        ],
        "session_types": [
            {"slug": one.slug, "minutes": one.length_minutes, "public": one.audience == "public"}
            for one in types
        ],
        "couples": codes,
    }
