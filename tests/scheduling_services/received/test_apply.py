from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from clinic.booking.appointments.models import Appointment, AppointmentChange, ImportedBusyRow
from clinic.couples.models import Couple
from clinic.foundation import outbox
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import session
from clinic.scheduling_services.models import ServiceChain
from clinic.scheduling_services.received import apply
from tests.support.scheduling_services.calcom_bookings import (
    CANCELLED,
    CONFIRMED,
    CREATED,
    HOUR,
    LATER,
    MOVED,
    NINE,
    PAID,
    REJECTED,
    REQUESTED,
    TEN,
    history,
    mails,
    tasks,
)
from tests.support.scheduling_services.deliveries import (
    PAYLOADS,
    appointments,
    deliver,
    deliveries,
    outcomes,
    payload,
    standing,
    the_appointment,
    work,
)

GONE_B = payload("calcom/booking_cancelled", uid="uid-B", startTime="2026-12-08T13:00:00Z", endTime="2026-12-08T14:00:00Z")  # fmt: skip


GONE_B["createdAt"] = "2026-12-03T09:00:00.000Z"


def test_a_booking_becomes_an_appointment_with_both_partners(calcom):
    calcom.deliver_and_work(CREATED)
    one = the_appointment()
    assert standing(one) == ("confirmed", NINE, TEN, "uid-A", False)
    assert (one.source, one.sequence, one.wall_start) == ("calcom", 0, "2026-12-07T09:00")
    people = [member.person for member in one.couple.members]
    assert [(who.name, who.email, who.language) for who in people] == [
        ("Ana Sample", "ana@example.org", "pt"),
        ("ben", "ben@example.org", "pt"),
    ]
    assert (outcomes(), history(), tasks()) == ([("applied", "booked")], [("booked", 0)], [])


def test_a_couple_that_is_known_already_is_found_again(calcom):
    calcom.deliver_and_work(CREATED, payload("calcom/booking_created", uid="uid-Z", startTime="2026-12-09T09:00:00Z", endTime="2026-12-09T10:00:00Z"))  # fmt: skip
    assert len({one.couple_id for one in appointments()}) == 1


def test_a_move_keeps_the_appointment_its_uid_and_its_history(calcom):
    calcom.deliver_and_work(CREATED)
    uid = the_appointment().uid
    calcom.deliver_and_work(MOVED)
    one = the_appointment()
    assert standing(one) == ("confirmed", LATER, LATER + HOUR, "uid-B", False)
    assert (one.uid, one.sequence) == (uid, 1)
    assert history() == [("booked", 0), ("moved", 1)]


def test_a_cancellation_frees_the_time_and_a_replay_changes_nothing(calcom):
    calcom.deliver_and_work(CREATED, CANCELLED)
    one = the_appointment()
    assert (one.status, one.sequence, history()) == (
        "cancelled", 1, [("booked", 0), ("cancelled", 1)],
    )  # fmt: skip
    before = mails()
    for again in (CREATED, CANCELLED):
        assert deliver(calcom.client, again).get_json() == {"status": "duplicate"}
    work()
    assert (mails(), history()) == (before, [("booked", 0), ("cancelled", 1)])


def test_a_cancellation_before_its_booking_is_remembered_and_nobody_is_mailed(calcom):
    calcom.deliver_and_work(CANCELLED)
    assert (appointments(), outcomes()) == ([], [("applied", "remembered")])
    calcom.deliver_and_work(CREATED)
    assert standing(the_appointment()) == ("cancelled", NINE, TEN, "uid-A", False)
    assert (mails(), outcomes()[1]) == (0, ("applied", "recorded_over"))


def test_an_absence_entered_there_blocks_its_time_and_is_shown(calcom):
    calcom.deliver_and_work(payload("calcom/ooo_created"))
    assert (outcomes(), tasks()) == ([("applied", "away")], ["away"])
    assert session().scalar(select(func.count()).select_from(ImportedBusyRow)) == 1


def test_a_calendly_move_is_held_then_joined(calcom):
    clock.freeze(datetime(2026, 12, 2, 8, 1, tzinfo=UTC))
    calcom.deliver_calendly_and_work(payload("calendly/invitee_created"), payload("calendly/invitee_canceled_moved"))  # fmt: skip
    before = mails()
    assert (the_appointment().status, outcomes()[1]) == ("confirmed", ("applied", "held"))
    calcom.deliver_calendly_and_work(payload("calendly/invitee_created_moved"))
    one = the_appointment()
    assert (one.source, one.status, one.starts_at, one.external_id) == ("calendly", "confirmed", LATER, "inv-B")  # fmt: skip
    clock.move(HOUR)
    work()
    assert (the_appointment().status, mails() - before) == ("confirmed", 3)


def test_a_calendly_move_that_never_arrives_becomes_a_cancellation_after_the_hold(calcom):
    clock.freeze(datetime(2026, 12, 2, 8, 1, tzinfo=UTC))
    calcom.deliver_calendly_and_work(payload("calendly/invitee_created"), payload("calendly/invitee_canceled_moved"))  # fmt: skip
    clock.move(timedelta(minutes=9))
    work()
    assert the_appointment().status == "confirmed"
    clock.move(timedelta(minutes=2))
    work()
    work()
    assert (the_appointment().status, history()[-1]) == ("cancelled", ("cancelled", 1))
    calcom.deliver_calendly_and_work(payload("calendly/invitee_created_moved"))
    assert (the_appointment().status, the_appointment().starts_at) == ("confirmed", LATER)


CHAINS = {
    "moved and cancelled": (CREATED, MOVED, GONE_B),
    "moved, old one cancelled": (CREATED, CANCELLED, MOVED),
    "paid and cancelled": (CREATED, PAID, CANCELLED),
    "asked and confirmed": (REQUESTED, CONFIRMED, PAID),
    "asked and declined": (REQUESTED, REJECTED, PAID),
}


FOUR = {
    "with a payment": (CREATED, PAID, MOVED, GONE_B),
    "cancelled twice": (CREATED, CANCELLED, MOVED, GONE_B),
}


ORDERS = [(name, order) for name, chain in CHAINS.items() for order in itertools.permutations(chain)]  # fmt: skip


ORDERS += [
    (name, order)
    for name, chain in FOUR.items()
    for order in list(itertools.permutations(chain))[::2]
]


ENDS = {
    "moved and cancelled": ("cancelled", LATER, LATER + HOUR, "uid-B", False),
    "moved, old one cancelled": ("confirmed", LATER, LATER + HOUR, "uid-B", False),
    "paid and cancelled": ("cancelled", NINE, TEN, "uid-A", False),
    "asked and confirmed": ("confirmed", NINE, TEN, "uid-A", False),
    "asked and declined": ("declined", NINE, TEN, "uid-A", False),
    "with a payment": ("cancelled", LATER, LATER + HOUR, "uid-B", False),
    "cancelled twice": ("cancelled", LATER, LATER + HOUR, "uid-B", False),
}


@pytest.mark.parametrize(("name", "order"), ORDERS)
def test_every_order_with_duplicates_ends_the_same(calcom, name, order):
    for number, body in enumerate(order):
        deliver(calcom.client, body)
        if number % 2:
            work()
        deliver(calcom.client, order[0])
    work()
    (chain,) = session().scalars(select(ServiceChain))
    kept = session().get(Appointment, chain.appointment_id)
    assert standing(kept) == ENDS[name]
    assert [one.status for one in appointments() if one is not kept and one.is_live] == []
    assert {one.state for one in deliveries()} == {"applied"}


@pytest.mark.parametrize("dies_after", ["record_outside_booking", "merge_into", "_remember"])
def test_a_kill_while_applying_loses_and_doubles_nothing(calcom, monkeypatch, dies_after):
    from clinic.scheduling_services.received import apply_effects

    where = apply_effects if dies_after == "record_outside_booking" else apply
    real = getattr(where, dies_after)

    class Killed(BaseException):
        """As SIGKILL: nothing of ours runs any more but the database's own rollback."""

    def dies(*args, **kwargs):
        real(*args, **kwargs)
        raise Killed

    deliver(calcom.client, CREATED)
    with monkeypatch.context() as patched:
        patched.setattr(where, dies_after, dies)
        with pytest.raises(Killed):
            work()
    assert (appointments(), deliveries()[0].state) == ([], "new")
    assert session().scalar(select(func.count()).select_from(Couple)) == 0
    assert work() == 0  # still leased
    clock.move(outbox.LEASE + timedelta(seconds=1))
    work()
    assert (the_appointment().external_id, outcomes()) == ("uid-A", [("applied", "booked")])
    assert session().scalar(select(func.count()).select_from(AppointmentChange)) == 1


def test_a_failure_is_shown_and_tried_again(calcom, monkeypatch):
    deliver(calcom.client, CREATED)
    with monkeypatch.context() as patched:
        patched.setattr(apply, "apply_effects", lambda *_: 1 / 0)
        work()
    assert outcomes() == [("failed", "failed:ZeroDivisionError")]
    clock.move(timedelta(seconds=11))
    work()
    assert outcomes() == [("applied", "booked")]


FIXTURES = sorted(path.stem for path in (PAYLOADS / "calcom").glob("*.json"))


@pytest.mark.parametrize("name", [name for name in FIXTURES if name != "ping"])
def test_every_trigger_is_applied_or_left_aside_for_a_reason(calcom, name):
    body = json.loads((PAYLOADS / "calcom" / f"{name}.json").read_text(encoding="utf-8"))
    calcom.deliver_and_work(body)
    ((state, outcome),) = outcomes()
    assert state in {"applied", "ignored", "waiting"}
    assert outcome
