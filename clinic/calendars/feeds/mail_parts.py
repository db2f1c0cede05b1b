"""The calendar part of a mail about an appointment; `app.py` hands it to the letters below."""

from __future__ import annotations

from email.utils import parseaddr

from flask_babel import gettext as _

from clinic.booking.appointments.models import Appointment, AppointmentChange, AppointmentStatus
from clinic.booking.site.mails import Reader
from clinic.calendars.feeds.queries import ENTRY_STATUS
from clinic.calendars.feeds.writer.feed import EntryStatus, FeedEntry
from clinic.calendars.feeds.writer.invitations import Invitation, render_invitation
from clinic.foundation.mail.message import CalendarPart


def invitation_for(
    appointment: Appointment, change: AppointmentChange, reader: Reader, sender: str
) -> CalendarPart | None:
    """The invitation that tells `reader` of `change`, in their language; None for therapists.

    Made from the row of history alone, so that a mail sent again has the same bytes.
    """
    if reader.is_therapist or change.status == AppointmentStatus.COMPLETED:
        return None
    invitation = Invitation(
        entry=FeedEntry(
            uid=appointment.uid,
            sequence=change.sequence,
            starts_at=change.starts_at,
            ends_at=change.ends_at,
            time_zone=reader.time_zone,
            status=ENTRY_STATUS.get(AppointmentStatus(change.status), EntryStatus.CANCELLED),
            summary=_("Appointment"),
            location=None,
            created_at=appointment.created_at,
            updated_at=change.at,
        ),
        organizer=parseaddr(sender)[1],
        attendee=reader.email,
    )
    return CalendarPart(method=invitation.method, body=render_invitation(invitation))
