"""Compose mail: one message as a value, the same bytes each time. Pure.

A message goes to one person: partners never see each other's address, and a comma in an
address adds nobody. Composing is deterministic (boundaries come from the Message-ID, the
date is given), so that a redelivery is recognisable and tests compare bytes. Nothing is
tracked. How mail leaves is in `transports.py`.
Sources: RFC 5322, 2045, 3834 (Auto-Submitted), 6047 (iMIP).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MessageError, NonASCIILocalPartDefect
from email.headerregistry import Address
from email.message import EmailMessage, MIMEPart
from email.policy import SMTP, EmailPolicy
from typing import Any

from clinic.foundation.errors import InvalidInput

_MESSAGE_ID = re.compile(r"<[!-;=?A-~]{1,128}@[A-Za-z0-9.-]{1,128}>")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_PLAIN_LINE = re.compile(r"[\t\x20-\x7e]{0,900}")
_METHOD = re.compile(r"[A-Z]{1,20}")


@dataclass(frozen=True, slots=True)
class CalendarPart:
    """An iTIP object to send along: `method` as in its METHOD line, `body` with CRLF lines."""

    method: str
    body: bytes


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """One mail to one person; `to` and `sender` are `a@b.org` or `Name <a@b.org>`."""

    to: str
    subject: str
    text: str
    html: str | None
    message_id: str
    date: datetime
    sender: str
    calendar: CalendarPart | None = None


def compose(mail: OutgoingMail) -> EmailMessage:
    """The message of a mail; equal mails give equal bytes. Raises `InvalidInput`."""
    recipient, sender = _one_address("to", mail.to), _one_address("sender", mail.sender)
    _check_headers(mail)
    message = EmailMessage(policy=_policy(recipient, sender))
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = mail.subject
    message["Date"] = mail.date.astimezone(UTC)
    message["Message-ID"] = mail.message_id
    message["Auto-Submitted"] = "auto-generated"
    _set_text(message, mail.text, "plain")
    if mail.html is not None or mail.calendar is not None:
        _add_alternatives(message, mail)
    return message


def envelope(message: EmailMessage) -> tuple[str, str]:
    """The bare addresses (sender, recipient) that the mail server is told."""
    return message["From"].addresses[0].addr_spec, message["To"].addresses[0].addr_spec


def _check_headers(mail: OutgoingMail) -> None:
    if _CONTROL.search(mail.subject):
        raise InvalidInput({"subject": ["A subject is one line of text."]})
    if not _MESSAGE_ID.fullmatch(mail.message_id):
        raise InvalidInput({"message_id": ["A message id looks like <part@domain>."]})
    if mail.date.tzinfo is None:
        raise InvalidInput({"date": ["The date of a mail is an aware instant."]})
    if mail.calendar is not None and not _METHOD.fullmatch(mail.calendar.method):
        raise InvalidInput({"calendar": ["The method is a word such as REQUEST."]})


def _one_address(field: str, text: str) -> Address:
    """The only address in `text`; a second one, a group or a line break is refused."""
    refusal = InvalidInput({field: ["This is not a single e-mail address."]})
    if _CONTROL.search(text):
        raise refusal
    try:
        header = EmailPolicy().header_factory("To", text)
        (address,) = header.addresses
        host = address.domain.encode("idna").decode("ascii")
    except (ValueError, IndexError, MessageError):
        raise refusal from None
    grouped = header.groups[0].display_name is not None
    broken = any(not isinstance(defect, NonASCIILocalPartDefect) for defect in header.defects)
    if broken or grouped or not address.username or not _HOST.fullmatch(host):
        raise refusal
    # Control characters can hide in the encoded words of a display name.
    if _CONTROL.search(address.display_name + address.username):
        raise refusal
    return Address(address.display_name, address.username, host)


def _policy(recipient: Address, sender: Address) -> EmailPolicy[EmailMessage]:
    # Plain ASCII goes through every server; only a mailbox name in another script needs more.
    plain = (recipient.username + sender.username).isascii()
    return SMTP.clone(cte_type="7bit", utf8=not plain)


def _add_alternatives(message: EmailMessage, mail: OutgoingMail) -> None:
    message.make_alternative(boundary=_boundary(mail, "alternative"))
    if mail.html is not None:
        part = _part_of(message)
        _set_text(part, mail.html, "html")
        message.attach(part)
    if mail.calendar is not None:
        _add_calendar(message, mail.calendar, _boundary(mail, "mixed"))


def _add_calendar(message: EmailMessage, calendar: CalendarPart, boundary: str) -> None:
    # Gmail reads the part among the alternatives, Apple and Exchange the attachment.
    part, attachment = _part_of(message), _part_of(message)
    part.set_content(calendar.body, maintype="text", subtype="calendar", cte="base64")
    part.set_param("method", calendar.method)
    part.set_param("charset", "UTF-8")
    message.attach(part)
    message.make_mixed(boundary=boundary)
    attachment.set_content(
        calendar.body, maintype="application", subtype="ics", cte="base64",
        disposition="attachment", filename="session.ics",
    )  # fmt: skip
    message.attach(attachment)


def _part_of(message: EmailMessage) -> Any:
    # Any, for the library's types want whole messages as parts, which say their version twice.
    return MIMEPart(policy=message.policy)


def _set_text(part: MIMEPart, text: str, subtype: str) -> None:
    """Readable as it is where every server passes it on unchanged, else quoted-printable."""
    lines = _LINE_BREAK.split(text.rstrip("\r\n"))
    plain = all(_PLAIN_LINE.fullmatch(line) for line in lines)
    encoding = "7bit" if plain else "quoted-printable"
    try:
        part.set_content("\n".join(lines) + "\n", subtype=subtype, charset="utf-8", cte=encoding)
    except UnicodeError:
        raise InvalidInput({"text": ["This text cannot be sent as mail."]}) from None


def _boundary(mail: OutgoingMail, kind: str) -> str:
    """A separator made from the Message-ID that occurs nowhere in the message's texts."""
    texts = mail.text + (mail.html or "")
    for count in range(1_000):
        seed = f"{kind} {count} {mail.message_id}".encode()
        boundary = "=_" + hashlib.sha256(seed).hexdigest()[:40]
        if boundary not in texts:
            return boundary
    raise InvalidInput({"text": ["This text cannot be sent as mail."]})
