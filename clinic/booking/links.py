"""What a partner's link opens: one appointment, seen by one person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from clinic.booking.details import tidy
from clinic.booking.models import Appointment, AppointmentChange, ManageLink
from clinic.couples.models import CoupleMember
from clinic.couples.service import EMAIL_INDEX
from clinic.foundation.database import session
from clinic.foundation.errors import NotFound
from clinic.foundation.permissions import Actor
from clinic.foundation.vault import index_of, token_hash

OPEN_AFTER_END = timedelta(days=30)


def open_link(token: str, *, now: datetime) -> tuple[Appointment, CoupleMember]:
    """The appointment and the partner a token stands for.

    Raises `NotFound`, the same for a wrong, a revoked and an expired one.
    """
    link = _link(token)
    if link is None or link.revoked_at is not None:
        raise NotFound
    if link.appointment.ends_at + OPEN_AFTER_END < now:
        raise NotFound
    return link.appointment, link.member


def link_actor(token: str, *, now: datetime) -> Actor:
    """Whoever holds this link. Raises `NotFound` as `open_link` does."""
    appointment, member = open_link(token, now=now)
    return Actor(
        clinic_id=appointment.clinic_id,
        name=f"link:{member.id}",
        appointment_id=appointment.id,
        member_id=member.id,
    )


def links_of(appointment: Appointment) -> Sequence[ManageLink]:
    """The live links to an appointment, the one of the partner who booked first."""
    live = select(ManageLink).where(
        ManageLink.appointment_id == appointment.id, ManageLink.revoked_at.is_(None)
    )
    return sorted(session().scalars(live).unique(), key=lambda link: link.member.slot)


def link_of(appointment: Appointment, email: str) -> ManageLink:
    """The link of the partner with this address: the one who booked is shown their own only."""
    index = index_of(appointment.clinic_id, tidy(email), purpose=EMAIL_INDEX)
    for link in links_of(appointment):
        if link.member.person.email_index == index:
            return link
    raise NotFound


def first_change(appointment: Appointment) -> AppointmentChange:
    """How the appointment was made."""
    return (
        session()
        .scalars(
            select(AppointmentChange).where(
                AppointmentChange.appointment_id == appointment.id, AppointmentChange.number == 1
            )
        )
        .one()
    )


def _link(token: str) -> ManageLink | None:
    return session().scalar(select(ManageLink).where(ManageLink.token_hash == token_hash(token)))
