from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from clinic.booking.appointments.changes import (
    cancel_appointment,
    move_appointment,
)
from clinic.extensions import db
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import session
from clinic.foundation.outbox import OutboxMessage
from clinic.scheduling_services.models import ServiceChain, ServiceConnection
from clinic.scheduling_services.sent.reconcile import reconcile_all
from tests.support.factories import make_appointment
from tests.support.scheduling_services.both_sides import (
    HOUR,
    NINE,
    NOON,
    TODAY,
    deliver_all,
    sides,
    tasks,
)
from tests.support.scheduling_services.deliveries import (
    appointments,
    deliver,
    outcomes,
    the_appointment,
    work,
)


class Watched(list):
    """A list of calls that asks something at each."""

    def __init__(self, ask):
        super().__init__()
        self.ask, self.seen = ask, []

    def append(self, call):
        self.seen.append(self.ask())
        super().append(call)


def test_no_connection_is_in_use_while_the_service_is_called(calcom, there):
    pool = db.engine.pool
    there.calls = Watched(pool.checkedout)
    one = make_appointment(calcom.practice, NINE, now=TODAY)
    work()
    move_appointment(one.id, start=NOON, actor=calcom.practice.desk, now=TODAY)
    work()
    reconcile_all(now=clock.now())

    assert [method for method, _path in there.calls] == ["POST", "POST", "GET"]
    assert there.calls.seen == [0, 0, 0]


def test_our_own_booking_coming_back_is_recognised(calcom, there):
    make_appointment(calcom.practice, NINE, now=TODAY)
    work()
    deliver_all(calcom, there)
    assert (len(appointments()), outcomes()[-1]) == (1, ("applied", "same"))


def test_our_own_booking_coming_back_before_the_answer_is_recognised(calcom, there, monkeypatch):
    from clinic.scheduling_services.sent import push

    mine = make_appointment(calcom.practice, NINE, now=TODAY)
    real = push._record

    def late(plan, answer, *, now):
        deliver(calcom.client, there.deliveries.pop(0))
        from clinic.scheduling_services.received.apply import apply_delivery
        from tests.support.scheduling_services.deliveries import deliveries

        apply_delivery({"delivery": deliveries()[0].id}, now)
        real(plan, answer, now=now)

    monkeypatch.setattr(push, "_record", late)
    work()
    assert [one.id for one in appointments()] == [mine.id]
    assert (len(there.live()), the_appointment().status) == (1, "confirmed")


def test_a_move_and_a_cancellation_here_are_made_there(calcom, there):
    mine = make_appointment(calcom.practice, NINE, now=TODAY)
    work()
    first = the_appointment().external_id
    move_appointment(mine.id, start=NOON, actor=calcom.practice.desk, now=TODAY)
    work()
    deliver_all(calcom, there)
    assert sides(there) == ([NOON], [NOON])
    assert the_appointment().external_id != first
    cancel_appointment(mine.id, actor=calcom.practice.desk, now=TODAY)
    work()
    deliver_all(calcom, there)
    assert sides(there) == ([], [])
    assert the_appointment().sequence == 2


def test_what_was_booked_there_is_moved_there_when_it_is_moved_here(calcom, there):
    there.book(77, NINE, email="ana@example.org")
    deliver_all(calcom, there)
    one = the_appointment()
    assert (one.source, one.starts_at) == ("calcom", NINE)
    move_appointment(one.id, start=NOON, actor=calcom.practice.desk, now=TODAY)
    work()
    deliver_all(calcom, there)
    assert sides(there) == ([NOON], [NOON])
    assert len(appointments()) == 1


def test_a_second_move_while_the_first_is_under_way_is_not_undone_by_its_echo(calcom, there):
    mine = make_appointment(calcom.practice, NINE, now=TODAY)
    work()
    there.deliveries.clear()
    move_appointment(mine.id, start=NOON, actor=calcom.practice.desk, now=TODAY)
    work()
    clock.move(timedelta(minutes=1))
    move_appointment(mine.id, start=NOON + HOUR, actor=calcom.practice.desk, now=clock.now())
    deliver(calcom.client, there.deliveries.pop(0))
    work()
    deliver_all(calcom, there)
    assert sides(there) == ([NOON + HOUR], [NOON + HOUR])


def test_a_lost_answer_is_looked_up_before_anything_is_asked_again(calcom, there, monkeypatch):
    make_appointment(calcom.practice, NINE, now=TODAY)
    there.fault_rate = 1.0
    monkeypatch.setattr(there.random, "random", lambda: 0.0)  # carried out, and nobody hears of it
    work()
    assert (len(there.live()), the_appointment().external_id) == (1, None)
    there.fault_rate = 0.0
    clock.move(timedelta(seconds=11))
    work()
    assert the_appointment().external_id == there.live()[0]["uid"]
    assert [one for one in there.calls if one[0] == "POST"] == [("POST", "/bookings")]


def test_too_many_requests_and_outages_are_tried_again_later(calcom, there):
    there.rate_limited = True
    make_appointment(calcom.practice, NINE, now=TODAY)
    work()
    waiting = session().scalars(select(OutboxMessage).where(OutboxMessage.attempts == 1, OutboxMessage.done_at.is_(None))).all()  # fmt: skip
    assert [(one.kind, one.last_error) for one in waiting] == [
        ("appointment.changed", "CalcomUnavailable")
    ]
    session().rollback()
    row = session().get(ServiceConnection, calcom.connection.id, populate_existing=True)
    assert row.last_trouble == "calcom-away"
    there.rate_limited = False
    clock.move(timedelta(seconds=11))
    work()
    assert len(there.live()) == 1


def test_it_is_left_alone_for_as_long_as_it_asks(calcom, there):
    there.rate_limited, there.retry_after = True, 90
    make_appointment(calcom.practice, NINE, now=TODAY)
    work()
    there.rate_limited = False
    calls = len(there.calls)
    clock.move(timedelta(seconds=89))
    work()
    assert len(there.calls) == calls
    clock.move(timedelta(seconds=2))
    work()
    assert len(there.live()) == 1


def test_a_booking_cancelled_there_meanwhile_is_cancelled_here_when_we_try_to_move_it(
    calcom, there
):
    mine = make_appointment(calcom.practice, NINE, now=TODAY)
    work()
    there.cancel(there.live()[0]["uid"], {})
    move_appointment(mine.id, start=NOON, actor=calcom.practice.desk, now=TODAY)
    work()
    assert (sides(there), tasks()) == (([], []), [])


def test_a_reference_of_ours_in_a_strangers_booking_opens_nothing(calcom, there):
    mine = make_appointment(calcom.practice, NINE, now=TODAY)
    work()
    there.book(77, NOON, email="stranger@example.org", metadata={"clinic_appointment": mine.id})
    deliver_all(calcom, there)
    assert sorted(one.starts_at for one in appointments()) == [NINE, NOON]
    assert session().scalars(select(ServiceChain.appointment_id)).all().count(mine.id) == 1
