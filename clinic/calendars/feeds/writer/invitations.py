"""Invitations: one appointment as an iTIP message to one partner (RFC 5546, RFC 6047).

UID and SEQUENCE are those of the feed, so that a move or a cancellation changes the entry that
is there. Each partner gets a message of their own and is its only attendee: neither learns the
other's address. No answer is asked for; declining in a calendar cancels nothing here.

A request that the clinic has still to confirm is sent as a REQUEST with STATUS:TENTATIVE: its
time is kept, the feed shows it too, and the CANCEL of a refusal then finds its entry.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import quote

from clinic.calendars.feeds.writer.content_lines import CRLF, fold
from clinic.calendars.feeds.writer.feed import PRODID, EntryStatus, FeedEntry, render_entry
from clinic.calendars.feeds.writer.vtimezones import vtimezone

_IN_MAILTO = "@!$'*+-=^_`{|}~.&"


class Method(StrEnum):
    """METHOD of the message, and `method=` of the mail part that carries it."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """`organizer` is the bare address the mail comes from; `attendee` the partner's own."""

    entry: FeedEntry
    organizer: str
    attendee: str
    reminder_minutes: int | None = None

    @property
    def method(self) -> Method:
        """A cancelled entry is taken out of calendars, any other put in or brought up to date."""
        cancelled = self.entry.status is EntryStatus.CANCELLED
        return Method.CANCEL if cancelled else Method.REQUEST


def render_invitation(invitation: Invitation) -> bytes:
    """The VCALENDAR in UTF-8 with its METHOD, its zone and one VEVENT; equal in, equal out."""
    entry = invitation.entry
    event = render_entry(
        # Places can name the clinic; the mail around this says where.
        replace(entry, location=None),
        reminder_minutes=invitation.reminder_minutes,
    )
    first, _, rest = event.partition(CRLF)
    parts = (
        "".join(
            map(
                fold,
                (
                    "BEGIN:VCALENDAR",
                    "VERSION:2.0",
                    f"PRODID:{PRODID}",
                    "CALSCALE:GREGORIAN",
                    f"METHOD:{invitation.method}",
                ),
            )
        ),
        _zone_of(entry, event),
        first + CRLF,
        fold(f"ORGANIZER:{_mailto(invitation.organizer)}"),
        # ROLE and CUTYPE are left to their defaults: short lines stay whole.
        fold(f"ATTENDEE;PARTSTAT=ACCEPTED;RSVP=FALSE:{_mailto(invitation.attendee)}"),
        rest,
        f"END:VCALENDAR{CRLF}",
    )
    return "".join(parts).encode()


def _zone_of(entry: FeedEntry, event: str) -> str:
    """The VTIMEZONE that the times name; none when they are written in UTC."""
    named = f"{CRLF}DTSTART;TZID=" in event
    return (vtimezone(entry.time_zone) or "") if named else ""


def _mailto(address: str) -> str:
    # A line break or a percent sign in an address must not become a property or a letter.
    return "mailto:" + quote(address, safe=_IN_MAILTO)
