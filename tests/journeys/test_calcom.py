"""Both ways against the stand-in, with a tenth of the calls failing: both sides end equal."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from clinic.booking.appointments.changes import cancel_appointment, move_appointment
from clinic.booking.rules.contact_details import EnteredPartner
from clinic.foundation.audit import first_broken_entry
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import session, transaction
from clinic.foundation.errors import ClinicError
from clinic.scheduling_services.models import ServiceConnection, ServiceTask
from clinic.scheduling_services.sent.reconcile import reconcile_all
from tests.conftest import settings_for
from tests.support.calcom_stand_in import KEY, Refused, StandIn, running
from tests.support.factories import make_appointment
from tests.support.scheduling_services.deliveries import (
    appointments,
    connected_clinic,
    deliver,
    work,
)

TODAY = datetime(2026, 12, 4, 9, tzinfo=UTC)
STEPS = 30


@pytest.fixture
def there() -> Iterator[StandIn]:
    state = StandIn(now=clock.now)
    state.add_event_type(77, length=60, host={"id": 41, "email": "vera@example.org"})
    with running(state):
        yield state


@pytest.fixture
def settings(database_url, tmp_path, there):
    return settings_for(tmp_path, database_url, calcom_api_url=there.url)


@pytest.fixture
def calcom(context, client):
    clock.freeze(TODAY)
    found = connected_clinic(client, notice_minutes=0)
    with transaction() as current:
        current.get_one(ServiceConnection, found.connection.id).api_key = KEY
    return found


class Day:
    """Clients on either side, at times nobody else takes, and a network that loses things."""

    def __init__(self, calcom, there, seed):
        self.calcom, self.there, self.random = calcom, there, random.Random(seed)
        days = [datetime(2026, 12, 7 + day, tzinfo=UTC) for day in (0, 1, 2, 3, 4, 7, 8, 9, 10, 11)]
        self.times = [day + timedelta(hours=hour) for day in days for hour in range(9, 17)]
        self.random.shuffle(self.times)

    def step(self):
        act = self.random.choice(
            [self.book_here, self.book_there, self.move_here, self.move_there, self.cancel_here,
             self.cancel_there, self.book_here, self.book_there]
        )  # fmt: skip
        # It may be over already on that side, or there may be nothing to act on.
        with suppress(ClinicError, Refused, IndexError):
            act()
        self.network()
        clock.move(timedelta(minutes=self.random.choice([0, 1, 5])))
        work()

    def book_here(self):
        person = EnteredPartner(name="Here", email=f"h{len(self.times)}@example.org", time_zone="Europe/Lisbon", language="en")  # fmt: skip
        make_appointment(self.calcom.practice, self.times.pop(), now=clock.now(), partner=person)

    def book_there(self):
        self.there.book(77, self.times.pop(), email=f"t{len(self.times)}@example.org")

    def move_here(self):
        one = self.random.choice([one for one in appointments() if one.is_live])
        move_appointment(one.id, start=self.times.pop(), actor=self.calcom.practice.desk, now=clock.now())  # fmt: skip

    def move_there(self):
        start = self.times.pop().strftime("%Y-%m-%dT%H:%M:%SZ")
        self.there.reschedule(self.random.choice(self.there.live())["uid"], {"start": start})

    def cancel_here(self):
        one = self.random.choice([one for one in appointments() if one.is_live])
        cancel_appointment(one.id, actor=self.calcom.practice.desk, now=clock.now())

    def cancel_there(self):
        self.there.cancel(self.random.choice(self.there.live())["uid"], {})

    def network(self):
        """A tenth of the deliveries is lost for good, some come twice, none in order."""
        waiting, self.there.deliveries = self.there.deliveries, []
        self.random.shuffle(waiting)
        for body in waiting:
            if self.random.random() < 0.3:
                self.there.deliveries.append(body)
            elif self.random.random() > 0.1:
                for _ in range(self.random.choice([1, 1, 2])):
                    assert deliver(self.calcom.client, body).status_code in {200, 202}

    def evening(self):
        """Everything that was promised is tried until it is done, then both are compared."""
        for _ in range(40):
            clock.move(timedelta(hours=1))
            work()
            try:
                if not reconcile_all(now=clock.now()):
                    return
            except ClinicError:
                continue
        raise AssertionError("the two sides never agreed")


@pytest.mark.parametrize("seed", range(6))
def test_a_day_with_a_tenth_of_the_calls_failing_ends_with_both_sides_equal(calcom, there, seed):
    day = Day(calcom, there, seed)
    there.random.seed(seed)
    there.fault_rate = 0.1
    for _ in range(STEPS):
        day.step()
    day.evening()
    ours = sorted((one.starts_at, one.external_id) for one in appointments() if one.is_live)
    theirs = [(datetime.fromisoformat(one["start"]), one["uid"]) for one in there.live()]
    assert ours == theirs
    assert len(appointments()) > 5
    assert [one.conflict for one in appointments()] == [False] * len(appointments())
    uids = [one.uid for one in appointments()]
    assert len(set(uids)) == len(uids)
    session().rollback()
    left = session().scalars(select(ServiceTask).where(ServiceTask.done_at.is_(None)))
    assert [(one.kind, one.details) for one in left] == []
    assert first_broken_entry(session()) is None
