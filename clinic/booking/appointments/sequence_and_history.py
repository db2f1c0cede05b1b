"""What is written with every change: the row of history, the promised effects, the audit line."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clinic.booking.appointments.models import Appointment, AppointmentChange, ManageLink
from clinic.couples.models import CoupleMember
from clinic.foundation import audit, outbox
from clinic.foundation.crypto.tokens import derived_token, token_hash
from clinic.foundation.database.transactions import new_id
from clinic.foundation.permissions.actors import Actor

MAIL = "appointment.mail"
CHANGED = "appointment.changed"


def note_significant_change(
    session: Session,
    appointment: Appointment,
    kind: str,
    *,
    previous: datetime | None = None,
    reason: str = "",
    quiet: bool = False,
    actor: Actor,
    now: datetime,
) -> None:
    """A change that calendars must notice: SEQUENCE + 1, then as `note_change`."""
    appointment.sequence += 1
    appointment.updated_at = now
    note_change(
        session,
        appointment,
        kind,
        previous=previous,
        reason=reason,
        quiet=quiet,
        actor=actor,
        now=now,
    )


def raise_sequence(appointment: Appointment, *, least: int) -> None:
    """Raise SEQUENCE to what a scheduling service has reached, where it is behind."""
    appointment.sequence = max(appointment.sequence or 0, least)


def note_change(
    session: Session,
    appointment: Appointment,
    kind: str,
    *,
    previous: datetime | None = None,
    reason: str = "",
    quiet: bool = False,
    actor: Actor,
    now: datetime,
) -> None:
    """Add the row of history, promise the mails, and leave a line in the audit log.

    `quiet`: nobody gets a mail; what follows the appointment (calendars, services) still hears.
    """
    last = session.scalar(
        select(func.max(AppointmentChange.number)).where(
            AppointmentChange.appointment_id == appointment.id
        )
    )
    change = AppointmentChange(
        id=new_id(),
        appointment_id=appointment.id,
        seal_owner=appointment.couple_id,
        number=(last or 0) + 1,
        kind=kind,
        at=now,
        actor=actor.name,
        sequence=appointment.sequence,
        status=appointment.status,
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at,
        previous_starts_at=previous,
    )
    change.reason = reason.strip() or None
    session.add(change)
    session.flush()
    if not quiet:
        _promise_mails(session, appointment, change, now=now)
    about = {"appointment": appointment.id, "change": change.number}
    outbox.promise(session, CHANGED, about, now=now)
    audit.record(
        session,
        f"appointment.{kind}",
        kind="appointment",
        object_id=appointment.id,
        actor=actor,
        now=now,
    )


def _promise_mails(
    session: Session, appointment: Appointment, change: AppointmentChange, *, now: datetime
) -> None:
    """One mail for each partner and one for the therapist."""
    about = {"appointment": appointment.id, "change": change.number}
    links = session.scalars(
        select(ManageLink)
        .where(ManageLink.appointment_id == appointment.id, ManageLink.revoked_at.is_(None))
        .order_by(ManageLink.id)
    ).unique()
    for link in links:
        outbox.promise(session, MAIL, about | {"link": link.id}, now=now)
    outbox.promise(session, MAIL, about | {"link": None}, now=now)


def make_links(
    session: Session, appointment: Appointment, members: Iterable[CoupleMember], *, now: datetime
) -> None:
    """A link to the appointment for each of these partners: those who were named in booking it.

    A partner of the same couple who was not named gets no mail and no link: somebody may have
    reasons to come alone.
    """
    for member in members:
        link = ManageLink(
            id=new_id(),
            appointment_id=appointment.id,
            member_id=member.id,
            version=1,
            created_at=now,
        )
        link.token_hash = token_hash(manage_token(link, clinic_id=appointment.clinic_id))
        session.add(link)
    session.flush()


def show_link(link: ManageLink, *, clinic_id: str, time_zone: str) -> None:
    """Let the link open by its shown token as well, with times in `time_zone` (IANA name)."""
    link.shown_token_hash = token_hash(shown_token(link, clinic_id=clinic_id))
    link.shown_time_zone = time_zone


def manage_token(link: ManageLink, *, clinic_id: str) -> str:
    """Return the token that is mailed to a partner: derived for each mail, never stored."""
    return derived_token(clinic_id, "manage", link.id, str(link.version))


def shown_token(link: ManageLink, *, clinic_id: str) -> str:
    """Return the token that is shown to whoever booked: derived when shown, never stored."""
    return derived_token(clinic_id, "manage-shown", link.id, str(link.version))
