"""What a link to an appointment opens: that one appointment, and who its holder is.

A partner named in a booking has one link, with a token that is only ever mailed to their address.
Whoever books on the site or by the API is shown another token of it. What each may be used for is
`LINK_MAY` in the access policy; a shown one carries nothing of the partner, so that nothing of a
known partner can be read by booking with their address.

Both tokens belong to the appointment, not to its time or status: they stay when it is moved,
confirmed, declined or cancelled. Booking again is another appointment with tokens of its own.
What staff book, or what comes from outside, has mailed tokens only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select

from clinic.booking.appointments.models import Appointment, AppointmentChange, ManageLink
from clinic.booking.rules.contact_details import tidy
from clinic.couples.models import CoupleMember
from clinic.couples.service import EMAIL_INDEX
from clinic.foundation.crypto.blind_index import index_of
from clinic.foundation.crypto.tokens import token_hash
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import N_, NotAllowed, NotFound
from clinic.foundation.permissions.actors import Actor, LinkChannel

OPEN_AFTER_END = timedelta(days=30)


class MailedLinkNeeded(NotAllowed):
    """This page opens with the link in the message that we sent by e-mail."""

    code = "mailed-link-needed"
    says = N_("This page opens with the link in the message that we sent by e-mail.")


@dataclass(frozen=True, slots=True)
class OpenedLink:
    """An appointment as the holder of a link may see it."""

    appointment: Appointment
    actor: Actor
    time_zone: str
    """IANA name of the zone in which times are shown: the partner's own, or the one stated."""
    member: CoupleMember | None
    """The partner whom it was mailed to; None by a shown link."""

    @property
    def partner(self) -> CoupleMember:
        """The partner whom it was mailed to. Raises `MailedLinkNeeded` by a shown link."""
        if self.member is None:
            raise MailedLinkNeeded
        return self.member


def open_link(token: str, *, now: datetime) -> OpenedLink:
    """Return what a token opens.

    Raises `NotFound`, the same for a wrong, a revoked and an expired one.
    """
    hashed = token_hash(token)
    by_either = or_(ManageLink.token_hash == hashed, ManageLink.shown_token_hash == hashed)
    link = session().scalar(select(ManageLink).where(by_either))
    if link is None or link.revoked_at is not None:
        raise NotFound
    if link.appointment.ends_at + OPEN_AFTER_END < now:
        raise NotFound
    if link.token_hash == hashed:
        return _opened_as_partner(link)
    return _opened_by_booker(link)


def _opened_as_partner(link: ManageLink) -> OpenedLink:
    actor = Actor(
        clinic_id=link.appointment.clinic_id,
        name=f"link:{link.member_id}",
        appointment_id=link.appointment_id,
        link=LinkChannel.MAILED,
        member_id=link.member_id,
    )
    return OpenedLink(link.appointment, actor, link.member.person.time_zone, link.member)


def _opened_by_booker(link: ManageLink) -> OpenedLink:
    actor = Actor(
        clinic_id=link.appointment.clinic_id,
        name=f"shown:{link.id}",
        appointment_id=link.appointment_id,
        link=LinkChannel.SHOWN,
    )
    return OpenedLink(link.appointment, actor, link.shown_time_zone or "UTC", None)


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


def number_invited(appointment: Appointment) -> int:
    """Return how many partners were named in the booking, whatever became of their links."""
    query = select(func.count()).where(ManageLink.appointment_id == appointment.id)
    return session().scalar(query) or 0


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
