"""Mails that say that there is something to see after signing in, never what or whose."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from clinic.config import current_settings
from clinic.foundation.mail.message import OutgoingMail
from clinic.foundation.mail.sending import send_mail
from clinic.practice.models import Clinic, Therapist


def notice_language(lead: Therapist) -> str:
    """The language that a therapist is written to in: the first they work in, if it is spoken."""
    return "pt" if lead.languages[:1] == ["pt"] else "en"


def send_notice(
    clinic: Clinic, *, to: str, subject: str, body: str, message_key: str, at: datetime
) -> None:
    """Send one in the clinic's name; `message_key` is the same when the same is sent again."""
    settings = current_settings()
    mail = OutgoingMail(
        to=to,
        subject=f"{clinic.short_name}: {subject}",
        text=body + "\n",
        html=None,
        message_id=f"<{message_key}@{urlsplit(settings.base_url).hostname}>",
        date=at,
        sender=settings.mail_sender or clinic.email,
    )
    send_mail(mail)
