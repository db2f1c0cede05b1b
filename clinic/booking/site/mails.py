"""The mails about appointments: rendered when they are sent, from the row of history they tell of.

A mail is left out when a later change has already promised its own: nobody is told an outdated
time. Subjects and texts name neither the other partner nor a topic, and greet without a name: an
address was typed by whoever booked, and so was the name.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask import current_app, render_template
from flask_babel import force_locale
from sqlalchemy import func, select

from clinic.booking.appointments.links import links_of
from clinic.booking.appointments.models import Appointment, AppointmentChange, ManageLink
from clinic.booking.appointments.sequence_and_history import manage_token
from clinic.booking.rules.change_deadline import change_deadline
from clinic.config import current_settings
from clinic.foundation.database.transactions import session
from clinic.foundation.mail.html import html_of
from clinic.foundation.mail.message import CalendarPart, OutgoingMail
from clinic.foundation.mail.sending import send_mail
from clinic.foundation.outbox import GiveUp
from clinic.foundation.texts.localized_dates import LOCALES
from clinic.practice.models import Clinic


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Whom a mail is for, and what is theirs alone."""

    email: str
    language: str
    time_zone: str
    link: str
    is_therapist: bool = False
    is_first: bool = True
    """Whether they are the first, or the only one, of those who are named."""


Invite = Callable[[Appointment, AppointmentChange, Reader, str], CalendarPart | None]
"""Makes the calendar part of a mail; the last argument is whom the mail is from."""


def send_appointment_mail(payload: Mapping[str, Any], now: datetime) -> None:
    """Handle `appointment.mail`: render the one mail this message promises, and send it."""
    del now
    appointment = session().get(Appointment, payload["appointment"])
    if appointment is None:
        raise GiveUp
    number = payload["change"]
    newest = session().scalar(
        select(func.max(AppointmentChange.number)).where(
            AppointmentChange.appointment_id == appointment.id
        )
    )
    if number != newest:
        return
    change = (
        session()
        .scalars(
            select(AppointmentChange).where(
                AppointmentChange.appointment_id == appointment.id,
                AppointmentChange.number == number,
            )
        )
        .one()
    )
    reader = _reader(appointment, payload["link"])
    if reader is not None:
        mail = render_appointment_mail(appointment, change, reader)
        send_mail(mail)


def render_appointment_mail(
    appointment: Appointment, change: AppointmentChange, reader: Reader
) -> OutgoingMail:
    """The mail's bytes follow from the row of history and the reader alone."""
    clinic = session().get_one(Clinic, appointment.clinic_id)
    settings = current_settings()
    kind = appointment.session_type
    known = {
        "clinic": clinic,
        "appointment": appointment,
        "change": change,
        "reader": reader,
        "therapist": appointment.therapist,
        "changeable_until": change_deadline(
            change.starts_at, notice_minutes=kind.change_notice_minutes
        ),
    }
    with force_locale(LOCALES[reader.language]):
        folder = "therapist" if reader.is_therapist else "partner"
        text = render_template(f"email/{folder}.txt", **known)
        sender = settings.mail_sender or clinic.email
        calendar = _invitation(appointment, change, reader, sender)
    subject, _, body = text.partition("\n")
    body = re.sub(r"\n{3,}", "\n\n", body).strip("\n") + "\n"
    html = html_of(body, language=reader.language, base_url=settings.base_url)
    host = urlsplit(settings.base_url).hostname
    return OutgoingMail(
        to=reader.email,
        subject=subject.strip(),
        text=body,
        html=None if reader.is_therapist else html,
        message_id=f"<{change.id}.{_copy(reader)}@{host}>",
        date=change.at,
        sender=sender,
        calendar=calendar,
    )


def _copy(reader: Reader) -> str:
    """Whose copy it is; not a letter of the link, which mail servers would keep in their logs."""
    return "t" if reader.is_therapist else hashlib.sha256(reader.link.encode()).hexdigest()[:12]


def _invitation(
    appointment: Appointment, change: AppointmentChange, reader: Reader, sender: str
) -> CalendarPart | None:
    """The calendar part, made by the room above that `app.py` registered for it."""
    make: Invite | None = current_app.extensions.get("appointment_invitation")
    return make(appointment, change, reader, sender) if make else None


def _reader(appointment: Appointment, link_id: str | None) -> Reader | None:
    base = current_settings().base_url
    if link_id is None:
        return _therapist(appointment, base)
    link = session().get_one(ManageLink, link_id)
    person = link.member.person
    if link.revoked_at is not None or person.email is None:
        return None
    return Reader(
        email=person.email,
        language=person.language,
        time_zone=person.time_zone,
        link=f"{base}/a/{manage_token(link, clinic_id=appointment.clinic_id)}",
        is_first=link.id == links_of(appointment)[0].id,
    )


def _therapist(appointment: Appointment, base: str) -> Reader | None:
    therapist = appointment.therapist
    if therapist.email is None:
        return None
    day = appointment.wall_start[:10]
    return Reader(
        email=therapist.email,
        language=therapist.languages[0] if therapist.languages[:1] == ["pt"] else "en",
        time_zone=therapist.time_zone,
        link=f"{base}/desk/day?on={day}",
        is_therapist=True,
    )
