from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import session, transaction
from clinic.foundation.outbox import OutboxMessage
from clinic.scheduling_services.models import ServiceConnection
from clinic.scheduling_services.sent.calcom_client import CalcomKeyRefused
from clinic.scheduling_services.sent.reconcile import (
    EVERY,
    RECONCILE,
    SyncDifference,
    promise_reconciliation,
    reconcile,
    reconcile_all,
    reconcile_when_due,
)
from tests.support.factories import make_appointment
from tests.support.scheduling_services.both_sides import NINE, NOON, TODAY, sides
from tests.support.scheduling_services.deliveries import appointments


def test_reconciliation_brings_in_what_was_never_delivered(calcom, there):
    first = there.book(77, NINE, email="ana@example.org", guests=["ben@example.org"])
    gone = there.book(77, NOON, email="gone@example.org")
    there.deliveries.clear()
    found = reconcile_all(now=TODAY)
    assert [(one.direction, one.there, one.here, one.outcome) for one in found] == [
        ("in", "2026-12-07T09:00:00Z", "unknown", "taken in"),
        ("in", "2026-12-07T12:00:00Z", "unknown", "taken in"),
    ]
    clock.move(timedelta(minutes=5))
    there.reschedule(first["uid"], {"start": "2026-12-08T10:00:00Z"})
    there.cancel(gone["uid"], {})
    there.deliveries.clear()
    reconcile_all(now=clock.now())
    assert sides(there) == ([datetime(2026, 12, 8, 10, tzinfo=UTC)],) * 2
    assert [len(one.couple.members) for one in appointments() if one.is_live] == [2]
    assert reconcile_all(now=clock.now()) == []


def promised():
    session().rollback()
    query = select(OutboxMessage.due_at).where(
        OutboxMessage.kind == RECONCILE, OutboxMessage.done_at.is_(None)
    )
    return list(session().scalars(query.order_by(OutboxMessage.due_at)))


def connection_of(calcom):
    session().rollback()
    return session().get_one(ServiceConnection, calcom.connection.id, populate_existing=True)


def test_what_stands_here_is_brought_there_and_reported(calcom, there):
    mine = make_appointment(calcom.practice, NINE, now=TODAY)

    found = reconcile(calcom.connection.id, now=TODAY)

    assert [one.as_row() for one in found] == [
        {
            "direction": "out",
            "external_id": there.live()[0]["uid"],
            "reference": mine.reference,
            "there": "unknown",
            "here": "2026-12-07T09:00:00Z",
            "outcome": "create",
        }
    ]
    assert [one["start"] for one in there.live()] == ["2026-12-07T09:00:00Z"]
    assert reconcile(calcom.connection.id, now=TODAY) == []


def test_what_cannot_be_matched_waits_for_the_desk(calcom, there):
    there.add_event_type(78, length=60, host={"id": 41, "email": "vera@example.org"})
    booking = there.book(78, NINE, email="ana@example.org")

    assert reconcile(calcom.connection.id, now=TODAY) == [
        SyncDifference(
            direction="in",
            external_id=booking["uid"],
            reference=None,
            there="2026-12-07T09:00:00Z",
            here="unknown",
            outcome="waits for the desk",
        )
    ]


def test_how_far_both_sides_agree_is_remembered(calcom):
    reconcile(calcom.connection.id, now=TODAY, in_full=True)

    row = connection_of(calcom)
    assert (row.reconciled_until, row.fully_reconciled_at, row.last_answer_at) == (TODAY,) * 3
    assert row.last_trouble is None


def test_what_the_service_answers_instead_is_remembered_and_raised(calcom):
    with transaction() as current:
        current.get_one(ServiceConnection, calcom.connection.id).api_key = "cal_old"

    with pytest.raises(CalcomKeyRefused):
        reconcile(calcom.connection.id, now=TODAY)

    assert connection_of(calcom).last_trouble == "calcom-key-refused"


def test_the_next_hour_is_promised_even_when_this_one_fails(calcom, there):
    with transaction() as current:
        current.get_one(ServiceConnection, calcom.connection.id).api_key = "cal_old"

    with pytest.raises(CalcomKeyRefused):
        reconcile_when_due({"connection": calcom.connection.id}, clock.now())

    assert promised() == [TODAY + EVERY]


def test_a_connection_without_a_key_is_left_alone(calcom, there):
    with transaction() as current:
        current.get_one(ServiceConnection, calcom.connection.id).api_key = None
    calls = len(there.calls)

    reconcile_when_due({"connection": calcom.connection.id}, TODAY)
    reconcile_when_due({"connection": "0" * 32}, TODAY)

    assert (len(there.calls), promised()) == (calls, [])


def test_the_same_time_is_promised_once(calcom):
    for due in (TODAY + EVERY, TODAY, TODAY + EVERY, TODAY + 2 * EVERY):
        with transaction() as current:
            promise_reconciliation(current, calcom.connection.id, now=TODAY, due_at=due)

    assert promised() == [TODAY + EVERY, TODAY + 2 * EVERY]
