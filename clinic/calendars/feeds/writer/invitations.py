"""Invitations: one appointment as an iTIP message to one partner (RFC 5546, RFC 6047).

UID and SEQUENCE are those of the feed, so that a move or a cancellation changes the entry that
is there. Each partner gets a message of their own and is its only attendee: neither learns the
other's address. No answer is asked for; declining in a calendar cancels nothing here.

A request that the clinic has still to confirm is sent as a REQUEST with STATUS:TENTATIVE: its
time is kept, the feed shows it too, and the CANCEL of a refusal then finds its entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from urllib.parse import quote

from icalendar import Alarm, Calendar, Event, vCalAddress, vDDDTypes

from clinic.calendars.feeds.writer.content_lines import CRLF, clean, fold
from clinic.calendars.feeds.writer.feed import PRODID, EntryStatus, FeedEntry
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
    """Return the VCALENDAR in UTF-8: METHOD, zone and one VEVENT; equal in, equal out."""
    calendar = Calendar(
        VERSION="2.0", PRODID=PRODID, CALSCALE="GREGORIAN", METHOD=invitation.method.value
    )
    event = _event(invitation)
    calendar.add_component(event)
    lines = calendar.content_lines(sorted=False)
    if "TZID" in event["DTSTART"].params:
        # As in the feed; icalendar would put the parts of its rules in another order.
        zone = vtimezone(invitation.entry.time_zone) or ""
        at = lines.index("BEGIN:VEVENT")
        lines[at:at] = zone.split(CRLF)
    # Folded as in the feed: icalendar breaks a line after 74 octets, not 75.
    return "".join(fold(line) for line in lines if line).encode()


def _event(invitation: Invitation) -> Event:
    event = Event()
    event.add("ORGANIZER", vCalAddress(_mailto(invitation.organizer)))
    # ROLE and CUTYPE are left to their defaults: short lines stay whole.
    answered = {"PARTSTAT": "ACCEPTED", "RSVP": "FALSE"}
    event.add("ATTENDEE", vCalAddress(_mailto(invitation.attendee)), parameters=answered)
    entry, minutes = invitation.entry, invitation.reminder_minutes
    for name, value in _properties(entry).items():
        event.add(name, value)
    if minutes is not None and not (entry.is_free or entry.all_day):
        event.add_component(_alarm(clean(entry.summary), minutes=minutes))
    return event


def _properties(entry: FeedEntry) -> dict[str, object]:
    """Return what the feed shows of the entry, but its place: that can name the clinic."""
    starts, ends = entry.written_times()
    return {
        "UID": clean(entry.uid),
        "DTSTAMP": entry.updated_at,
        "DTSTART": _time(starts),
        "DTEND": _time(ends),
        "SUMMARY": clean(entry.summary),
        "STATUS": entry.status.value,
        "TRANSP": "TRANSPARENT" if entry.is_free else "OPAQUE",
        "CLASS": "PRIVATE",
        "SEQUENCE": entry.sequence,
        "CREATED": entry.created_at,
        "LAST-MODIFIED": entry.updated_at,
    }


def _time(moment: date) -> vDDDTypes:
    if not isinstance(moment, datetime) or moment.tzinfo is UTC:
        return vDDDTypes(moment)
    written = vDDDTypes(moment.replace(tzinfo=None))
    # The zone by its name: icalendar takes those that show UTC, as Iceland's, for UTC.
    written.params["TZID"] = str(moment.tzinfo)
    return written


def _alarm(summary: str, *, minutes: int) -> Alarm:
    # The trigger as text, as in the feed: icalendar would write 60 minutes as one hour.
    return Alarm(ACTION="DISPLAY", DESCRIPTION=summary, TRIGGER=f"-PT{minutes}M")


def _mailto(address: str) -> str:
    # A line break or a percent sign in an address must not become a property or a letter.
    return "mailto:" + quote(address, safe=_IN_MAILTO)
