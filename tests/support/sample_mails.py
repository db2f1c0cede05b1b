"""Two mails that the tests of mail send: one of plain text, and an invitation with all its parts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from clinic.foundation.mail.message import CalendarPart, OutgoingMail

INVITE = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"
PLAIN = OutgoingMail(
    to="ana@example.org",
    subject="Your appointment",
    text="Hello Ana,\n\nsee you on Monday.\n.\n",
    html=None,
    message_id="<appointment-1.0@clinic.example>",
    date=datetime(2026, 1, 5, 10, 0, tzinfo=UTC),
    sender="The Clinic <hello@clinic.example>",
)
FULL = replace(
    PLAIN,
    to="Inês Conceição <ines@bücher.example>",
    subject="A sua sessão: segunda-feira, 5 de janeiro de 2026, às 10:00 — até já",
    text="Olá Inês,\n\naté segunda-feira.\nhttps://clinic.example/bookings/" + "t" * 60 + "\n",
    html='<p>Olá Inês,</p>\n<p><a href="https://clinic.example/b?a=1&amp;b=2">até já</a></p>\n',
    calendar=CalendarPart("REQUEST", INVITE),
)
