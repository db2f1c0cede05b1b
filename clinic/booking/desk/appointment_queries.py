"""Load what the desk shows of one appointment: its page, its history, where it may be moved to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from clinic.accounts.models import Account
from clinic.booking.appointments.models import (
    Appointment,
    AppointmentChange,
)
from clinic.booking.appointments.named_partners import booked_session, named_members
from clinic.booking.appointments.queries import diaries, offer_of
from clinic.booking.desk.diary_queries import diary_entry, first_name, with_couple
from clinic.booking.rules.diary_lines import DiaryEntry
from clinic.booking.slots.instant_ranges import Interval
from clinic.booking.slots.notice_and_horizon import for_staff
from clinic.booking.slots.open_slots import Slot, open_slots
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import NotFound
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import is_allowed, require
from clinic.practice.models import Therapist
from clinic.practice.rules.vocabulary import Term
from clinic.practice.vocabularies.terms import vocabulary_of


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One line of an appointment's history. `who` is a name, or empty for `by`."""

    at: datetime
    kind: str
    by: str
    """staff, link, visitor or system."""
    who: str
    start: datetime
    previous_start: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class PartnerLine:
    """A partner as the appointment's page shows them."""

    name: str
    language: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class AppointmentPage:
    """One appointment with what the reader may know of it."""

    entry: DiaryEntry
    time_zone: str
    minutes: int
    source: str
    partners: tuple[PartnerLine, ...]
    shows_words: bool
    """Whether the reader may read what the partners wrote."""
    is_individual: bool
    """Whether it is one partner's own session: then nobody but who holds it reads their words."""
    message: str
    needs: tuple[Term, ...]
    history: tuple[HistoryLine, ...]


def find_appointment(
    reference: str, *, permission: Permission = Permission.SEE_DIARY, actor: Actor
) -> Appointment:
    """The appointment of this reference. Raises `NotFound`, also when it is not theirs to see.

    Who may see it but not do what `permission` is for gets `NotAllowed`.
    """
    if not reference.isalnum():
        raise NotFound  # PostgreSQL would refuse a NUL instead of not finding it
    found = session().scalar(
        with_couple().where(
            Appointment.reference == reference.upper(), Appointment.clinic_id == actor.clinic_id
        )
    )
    if found is None or not is_allowed(actor, Permission.SEE_DIARY, found):
        raise NotFound
    require(actor, permission, found)
    return found


def appointment_page(appointment: Appointment, *, actor: Actor) -> AppointmentPage:
    """Everything on an appointment's page, less what this actor may not read."""
    named = named_members(appointment)
    held = booked_session(appointment, named)
    reads = is_allowed(actor, Permission.READ_CLIENT_WORDS, held)
    codes = json.loads(appointment.concerns or "[]") if reads else []
    kept = vocabulary_of(actor.clinic_id, "need").terms
    return AppointmentPage(
        entry=diary_entry(appointment, named),
        time_zone=appointment.therapist.time_zone,
        minutes=int((appointment.ends_at - appointment.starts_at).total_seconds()) // 60,
        source=appointment.source,
        partners=tuple(
            PartnerLine(member.person.name or "", member.person.language, member.person.time_zone)
            for member in named
        ),
        shows_words=reads,
        is_individual=held.is_individual,
        message=(appointment.message or "") if reads else "",
        needs=tuple(term for term in kept if term.code in codes),
        history=_history(appointment, reads=reads),
    )


def staff_slots(
    appointment: Appointment, *, window: Interval, now: datetime
) -> list[tuple[Therapist, Slot]]:
    """Where staff may move an appointment to: its own time counts as free, notice does not."""
    therapist, kind = appointment.therapist, appointment.session_type
    left_out = frozenset({appointment.id})
    diary = diaries([therapist], window=window, now=now, leave_out=left_out)[therapist.id]
    offer = for_staff(offer_of(kind, therapist))
    found = open_slots(
        schedule=diary.schedule,
        offer=offer,
        claims=diary.claims,
        outside_busy=diary.outside_busy,
        window=window,
        now=now,
    )
    return [(therapist, slot) for slot in found if slot.start != appointment.starts_at]


def _history(appointment: Appointment, *, reads: bool) -> tuple[HistoryLine, ...]:
    changes = (
        session()
        .scalars(
            select(AppointmentChange)
            .where(AppointmentChange.appointment_id == appointment.id)
            .order_by(AppointmentChange.number)
        )
        .all()
    )
    who = _staff_names(changes) | {
        f"link:{member.id}": first_name(member.person.name or "")
        for member in appointment.couple.members
    }
    return tuple(
        HistoryLine(
            at=change.at,
            kind=change.kind,
            by={"account": "staff"}.get(by := change.actor.partition(":")[0], by),
            who=who.get(change.actor, ""),
            start=change.starts_at,
            previous_start=change.previous_starts_at,
            reason=(change.reason or "") if reads or by == "account" else "",
        )
        for change in changes
    )


def _staff_names(changes: Sequence[AppointmentChange]) -> dict[str, str]:
    ids = {change.actor.removeprefix("account:") for change in changes}
    found = session().scalars(select(Account).where(Account.id.in_(ids)))
    return {f"account:{account.id}": account.name or "" for account in found}
