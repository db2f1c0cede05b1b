from __future__ import annotations

import itertools
import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from clinic.booking.appointments.changes import cancel_appointment, move_appointment
from clinic.booking.appointments.models import Appointment, AppointmentChange, OutsideBusy
from clinic.couples.models import Couple, Person
from clinic.foundation import outbox
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import new_id, session, transaction
from clinic.foundation.outbox import OutboxMessage
from clinic.scheduling_services.models import ServiceChain, ServiceHost, ServiceTask
from clinic.scheduling_services.received import apply
from tests.support.factories import make_appointment, make_therapist
from tests.support.scheduling_services.deliveries import (
    PAYLOADS,
    appointments,
    connect,
    deliver,
    deliveries,
    house,
    outcomes,
    payload,
    standing,
    the_appointment,
    work,
)

TODAY = datetime(2026, 12, 4, 9, tzinfo=UTC)
NINE = datetime(2026, 12, 7, 9, tzinfo=UTC)
TEN = datetime(2026, 12, 7, 10, tzinfo=UTC)
LATER = datetime(2026, 12, 8, 13, tzinfo=UTC)
HOUR = timedelta(hours=1)

CREATED = payload("calcom/booking_created")
MOVED = payload("calcom/booking_rescheduled")
CANCELLED = payload("calcom/booking_cancelled")
GONE_B = payload("calcom/booking_cancelled", uid="uid-B", startTime="2026-12-08T13:00:00Z", endTime="2026-12-08T14:00:00Z")  # fmt: skip
GONE_B["createdAt"] = "2026-12-03T09:00:00.000Z"
PAID = payload("calcom/booking_paid")
REQUESTED = payload("calcom/booking_requested")
CONFIRMED = payload("calcom/booking_created_by_confirmation")
REJECTED = payload("calcom/booking_rejected")


@pytest.fixture
def calcom(context, client):
    clock.freeze(TODAY)
    return house(client)


def tasks():
    session().rollback()
    open_ = select(ServiceTask).where(ServiceTask.done_at.is_(None)).order_by(ServiceTask.key)
    return [one.kind for one in session().scalars(open_)]


def history():
    session().rollback()
    rows = session().scalars(select(AppointmentChange).order_by(AppointmentChange.number))
    return [(one.kind, one.sequence) for one in rows]


def mails():
    session().rollback()
    kinds = session().scalars(select(OutboxMessage.kind))
    return Counter(kinds)["appointment.mail"]


def test_a_booking_becomes_an_appointment_with_both_partners(calcom):
    calcom.tell(CREATED)
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
    calcom.tell(CREATED, payload("calcom/booking_created", uid="uid-Z", startTime="2026-12-09T09:00:00Z", endTime="2026-12-09T10:00:00Z"))  # fmt: skip
    assert len({one.couple_id for one in appointments()}) == 1


def test_a_move_keeps_the_appointment_its_uid_and_its_history(calcom):
    calcom.tell(CREATED)
    uid = the_appointment().uid
    calcom.tell(MOVED)
    one = the_appointment()
    assert standing(one) == ("confirmed", LATER, LATER + HOUR, "uid-B", False)
    assert (one.uid, one.sequence) == (uid, 1)
    assert history() == [("booked", 0), ("moved", 1)]


def test_a_cancellation_frees_the_time_and_a_replay_changes_nothing(calcom):
    calcom.tell(CREATED, CANCELLED)
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
    calcom.tell(CANCELLED)
    assert (appointments(), outcomes()) == ([], [("applied", "remembered")])
    calcom.tell(CREATED)
    assert standing(the_appointment()) == ("cancelled", NINE, TEN, "uid-A", False)
    assert (mails(), outcomes()[1]) == (0, ("applied", "recorded_over"))


def test_a_request_is_confirmed_or_declined_by_its_own_events(calcom):
    calcom.tell(REQUESTED)
    assert the_appointment().status == "requested"
    calcom.tell(CONFIRMED)
    assert (the_appointment().status, history()[-1]) == ("confirmed", ("confirmed", 1))


def test_a_declined_request_is_declined_here(calcom):
    calcom.tell(REQUESTED, REJECTED)
    assert the_appointment().status == "declined"


def test_an_overlapping_arrival_is_kept_marked_and_asked_about(calcom):
    mine = make_appointment(calcom.practice, NINE, now=TODAY)
    calcom.tell(CREATED)
    arrived, kept = sorted(appointments(), key=lambda one: one.source)
    assert (kept.id, kept.conflict, kept.status) == (mine.id, False, "confirmed")
    assert standing(arrived) == ("confirmed", NINE, TEN, "uid-A", True)
    assert (tasks(), outcomes()) == (["conflict"], [("applied", "booked,conflict")])
    from clinic.booking.rules.errors import SlotUnavailable

    cancel_appointment(mine.id, actor=calcom.practice.desk, now=TODAY)
    with pytest.raises(SlotUnavailable):
        make_appointment(calcom.practice, NINE, now=TODAY)


def test_a_conflict_is_over_when_the_other_appointment_is(calcom):
    mine = make_appointment(calcom.practice, NINE, now=TODAY)
    calcom.tell(CREATED)
    cancel_appointment(mine.id, actor=calcom.practice.desk, now=TODAY)
    work()
    assert [one.conflict for one in appointments() if one.is_live] == [False]
    assert tasks() == []


def test_an_overlap_with_a_conflict_is_a_conflict_too(calcom):
    make_appointment(calcom.practice, NINE, now=TODAY)
    third = payload("calcom/booking_created", uid="uid-T")
    third["createdAt"] = "2026-12-01T08:05:00.000Z"
    calcom.tell(CREATED, third)
    assert sorted(one.conflict for one in appointments()) == [False, True, True]


def test_news_in_another_order_never_gives_a_lower_sequence(calcom):
    calcom.tell(MOVED, CREATED)
    assert (the_appointment().sequence, the_appointment().starts_at) == (1, LATER)


def test_an_unknown_organizer_waits_and_is_applied_once_somebody_says_who_it_is(calcom):
    strange = payload("calcom/booking_created")
    strange["payload"]["organizer"] |= {"id": 99, "email": "nobody@example.org"}
    calcom.tell(strange)
    assert (appointments(), outcomes()) == ([], [("waiting", "unknown_host")])
    (kept,) = deliveries()
    with transaction() as current:
        current.add(ServiceHost(id=new_id(), connection_id=calcom.connection.id, external="99", therapist_id=calcom.practice.therapist.id))  # fmt: skip
        outbox.promise(current, "service_delivery.apply", {"delivery": kept.id}, now=TODAY)  # fmt: skip
    work()
    assert (the_appointment().external_id, outcomes()) == ("uid-A", [("applied", "booked")])


def test_an_unknown_event_type_waits_with_everything_that_follows_it(calcom):
    calcom.tell(payload("calcom/booking_created", eventTypeId=5), payload("calcom/booking_rescheduled", eventTypeId=5))  # fmt: skip
    assert outcomes() == [("waiting", "unknown_event_type")] * 2
    assert appointments() == []


def test_an_invented_address_is_never_kept(calcom):
    calcom.tell(payload("calcom/booking_created_phone_only"))
    people = session().scalars(select(Person)).all()
    assert [one.email for one in people if one.email and "sms.cal.com" in one.email] == []
    assert the_appointment().status == "confirmed"


def test_two_phone_only_bookers_are_two_couples(calcom):
    first = payload("calcom/booking_created_phone_only")
    second = payload("calcom/booking_created_phone_only", uid="uid-Q", startTime="2026-12-09T09:00:00Z", endTime="2026-12-09T10:00:00Z")  # fmt: skip
    calcom.tell(first, second)
    assert session().scalar(select(func.count()).select_from(Couple)) == 2


def test_two_appointments_that_turn_out_to_be_one_leave_one_standing(calcom):
    unlinked = payload("calcom/booking_created", uid="uid-B", startTime="2026-12-08T13:00:00Z", endTime="2026-12-08T14:00:00Z")  # fmt: skip
    calcom.tell(CREATED, unlinked)
    first, second = sorted(appointments(), key=lambda one: one.external_id)
    before = mails()
    calcom.tell(MOVED)
    rows = {one.id: one for one in appointments()}
    assert standing(rows[first.id]) == ("confirmed", LATER, LATER + HOUR, "uid-B", False)
    assert rows[second.id].status == "cancelled"
    assert session().scalar(select(func.count()).select_from(ServiceChain)) == 1
    assert mails() - before == 3  # the move is told to both partners and the therapist


def test_another_host_takes_the_appointment_over(calcom):
    other = make_therapist(calcom.practice.clinic, slug="hugo", name="Hugo")
    connect(calcom.practice, secret="x", hosts=[], types=[])
    calcom.tell(CREATED, payload("calcom/booking_created_reassigned"))
    assert tasks() == ["host"]
    with transaction() as current:
        current.add(ServiceHost(id=new_id(), connection_id=calcom.connection.id, external="42", therapist_id=other.id))  # fmt: skip
    third = payload("calcom/booking_created_reassigned")
    third["payload"]["organizer"] |= {"id": 41}
    third["createdAt"] = "2026-12-02T09:00:00.000Z"
    calcom.tell(third)
    fourth = payload("calcom/booking_created_reassigned")
    fourth["createdAt"] = "2026-12-02T10:00:00.000Z"
    calcom.tell(fourth)
    assert the_appointment().therapist_id == other.id


def test_absences_are_put_before_the_desk_and_taken_back(calcom):
    calcom.tell(CREATED, payload("calcom/booking_no_show_updated"))
    assert tasks() == ["absent"]
    calcom.tell(payload("calcom/booking_no_show_removed"))
    assert tasks() == []


def test_an_absence_entered_there_blocks_its_time_and_is_shown(calcom):
    calcom.tell(payload("calcom/ooo_created"))
    assert (outcomes(), tasks()) == ([("applied", "away")], ["away"])
    assert session().scalar(select(func.count()).select_from(OutsideBusy)) == 1


def test_a_calendly_move_is_held_then_joined(calcom):
    clock.freeze(datetime(2026, 12, 2, 8, 1, tzinfo=UTC))
    calcom.tell_calendly(payload("calendly/invitee_created"), payload("calendly/invitee_canceled_moved"))  # fmt: skip
    before = mails()
    assert (the_appointment().status, outcomes()[1]) == ("confirmed", ("applied", "held"))
    calcom.tell_calendly(payload("calendly/invitee_created_moved"))
    one = the_appointment()
    assert (one.source, one.status, one.starts_at, one.external_id) == ("calendly", "confirmed", LATER, "inv-B")  # fmt: skip
    clock.move(HOUR)
    work()
    assert (the_appointment().status, mails() - before) == ("confirmed", 3)


def test_a_calendly_move_that_never_arrives_becomes_a_cancellation_after_the_hold(calcom):
    clock.freeze(datetime(2026, 12, 2, 8, 1, tzinfo=UTC))
    calcom.tell_calendly(payload("calendly/invitee_created"), payload("calendly/invitee_canceled_moved"))  # fmt: skip
    clock.move(timedelta(minutes=9))
    work()
    assert the_appointment().status == "confirmed"
    clock.move(timedelta(minutes=2))
    work()
    work()
    assert (the_appointment().status, history()[-1]) == ("cancelled", ("cancelled", 1))
    calcom.tell_calendly(payload("calendly/invitee_created_moved"))
    assert (the_appointment().status, the_appointment().starts_at) == ("confirmed", LATER)


def test_what_the_desk_did_last_stands_against_older_news(calcom):
    calcom.tell(CREATED)
    noon = datetime(2026, 12, 7, 12, tzinfo=UTC)
    move_appointment(the_appointment().id, start=noon, actor=calcom.practice.desk, now=TODAY)
    calcom.tell(MOVED)
    assert (the_appointment().starts_at, outcomes()[1]) == (noon, ("applied", "kept_ours"))


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
        patched.setattr(apply, "carry_out", lambda *_: 1 / 0)
        work()
    assert outcomes() == [("failed", "failed:ZeroDivisionError")]
    clock.move(timedelta(seconds=11))
    work()
    assert outcomes() == [("applied", "booked")]


FIXTURES = sorted(path.stem for path in (PAYLOADS / "calcom").glob("*.json"))


@pytest.mark.parametrize("name", [name for name in FIXTURES if name != "ping"])
def test_every_trigger_is_applied_or_left_aside_for_a_reason(calcom, name):
    body = json.loads((PAYLOADS / "calcom" / f"{name}.json").read_text(encoding="utf-8"))
    calcom.tell(body)
    ((state, outcome),) = outcomes()
    assert state in {"applied", "ignored", "waiting"}
    assert outcome
