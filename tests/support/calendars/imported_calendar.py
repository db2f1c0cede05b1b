"""A clinic whose therapist has one outside calendar, on a real server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from clinic.booking.appointments.models import ImportedBusyRow
from clinic.booking.appointments.queries import slots_of
from clinic.booking.slots.instant_ranges import Interval
from clinic.calendars.imported.service import add_calendar
from clinic.calendars.models import OutsideCalendar
from clinic.foundation import outbox
from clinic.foundation.database.transactions import session
from clinic.foundation.outbound.allowed_addresses import Guard
from clinic.practice.models import Therapist
from tests.support.calendars.calendar_server import Answer, busy_at, calendar_of
from tests.support.factories import NOW, make_practice

TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)
DENTIST = busy_at("24T100000Z", "24T110000Z")
BLOCKED = [(TEN, TEN + timedelta(hours=1))]
GOOD = Answer(calendar_of(DENTIST), headers={"ETag": '"v1"', "Last-Modified": "yesterday"})


class Clinic:
    """A therapist with one outside calendar on a real server."""

    def __init__(self, app, server):
        self.practice, self.server = make_practice(), server
        self.guard = Guard(allowed_hosts=frozenset({("127.0.0.1", server.port)}))
        app.extensions["outside_guard"] = self.guard
        self.therapist_id = self.practice.therapist.id
        self.id = self.add().id

    def add(self, **changes):
        values = {
            "name": "Private",
            "url": self.server.url,
            "guard": self.guard,
            "actor": self.practice.desk,
            "now": NOW,
        }
        return add_calendar(self.therapist_id, **values | changes)

    @property
    def row(self):
        session().rollback()
        return session().get_one(OutsideCalendar, self.id)

    @property
    def busy(self):
        session().rollback()
        rows = session().execute(
            select(ImportedBusyRow.starts_at, ImportedBusyRow.ends_at).order_by(
                ImportedBusyRow.starts_at
            )
        )
        return [tuple(row) for row in rows]

    @property
    def revision(self):
        session().rollback()
        return session().get_one(Therapist, self.therapist_id).diary_revision

    def read(self, now=NOW):
        """Deliver what is due; how many messages there were."""
        count = 0
        while outbox.deliver_due(now=now):
            count += 1
        return count

    def read_next(self):
        """Let the time of the next promise come."""
        now = self.row.next_try_at
        assert self.read(now) == 1
        return now

    def starts(self):
        """The starts offered on the Tuesday."""
        session().rollback()
        therapist = session().get_one(Therapist, self.therapist_id)
        day = TEN.replace(hour=0)
        found = slots_of(
            [therapist],
            session().merge(self.practice.session_type),
            window=Interval(day, day + timedelta(days=1)),
            now=NOW,
        )
        return {slot.start for _therapist, slot in found}
