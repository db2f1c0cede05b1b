from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from clinic.booking.appointments.claims import hold_slot
from clinic.booking.appointments.models import Appointment, Hold, IdempotencyKey, VisitorCount
from clinic.foundation import outbox
from clinic.foundation.audit import AuditEntry
from clinic.foundation.audit_anchors import ANCHORED
from clinic.foundation.database.transactions import session, transaction
from clinic.foundation.outbox import OutboxMessage
from clinic.operations.housekeeping import CHORES, purge_expired
from tests.support.factories import NOW, make_appointment, make_practice

TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)


def counts():
    rows = (Appointment, Hold, IdempotencyKey, OutboxMessage)
    return [session().scalar(select(func.count()).select_from(row)) for row in rows]


def test_old_traces_go_and_appointments_stay(context):
    practice = make_practice()
    make_appointment(practice, TEN, idempotency_key="k")
    hold_slot(
        therapist="ines-duarte",
        session_type="initial-consultation",
        start=TEN + timedelta(hours=1),
        actor=practice.visitor,
        now=NOW,
    )
    while outbox.deliver_due(now=NOW):
        pass
    promised = counts()[3]

    purge_expired(now=NOW + timedelta(minutes=5))
    early = counts()
    purge_expired(now=NOW + timedelta(days=91))

    assert early == [1, 1, 1, promised]
    assert counts() == [1, 0, 0, 0]


def test_entries_of_the_audit_log_stay_however_old(context):
    practice = make_practice()
    make_appointment(practice, TEN)
    written = select(AuditEntry.seq, AuditEntry.action).order_by(AuditEntry.seq)
    before = session().execute(written).all()

    purge_expired(now=NOW + timedelta(days=36_500))

    assert before
    assert session().execute(written).all() == before


def test_what_waits_to_be_delivered_is_kept_however_old(context):
    practice = make_practice()
    make_appointment(practice, TEN)
    promised = counts()[3]

    purge_expired(now=NOW + timedelta(days=400))

    assert counts() == [1, 0, 0, promised]


def test_the_audit_log_is_anchored_in_the_file_and_outside(context):
    make_practice()

    for chore, _every in CHORES:
        chore(now=NOW)

    kinds = select(OutboxMessage.kind, OutboxMessage.handler).order_by(OutboxMessage.handler)
    assert session().execute(kinds).all() == [(ANCHORED, "file"), (ANCHORED, "outside")]


def test_counts_of_visitors_go_after_two_days(context):
    key = {"key_hash": b"k", "counted": "email-bookings", "number": 1}
    with transaction() as current:
        current.add(VisitorCount(window_start=NOW, **key))

    left = []
    for wait in (timedelta(days=2), timedelta(days=2, seconds=1)):
        purge_expired(now=NOW + wait)
        left.append(session().scalar(select(func.count()).select_from(VisitorCount)))

    assert left == [1, 0]


DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


@pytest.mark.parametrize(
    ("trace", "row", "days"),
    [
        ("delivered message", OutboxMessage, 90),
        ("key of a submit", IdempotencyKey, 30),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_old_trace_stays_to_the_last_second_of_its_days(context, trace, row, days):
    make_appointment(make_practice(), TEN, idempotency_key="k")
    while outbox.deliver_due(now=NOW):
        pass
    there = session().scalar(select(func.count()).select_from(row))

    left = []
    for wait in (days * DAY, days * DAY + SECOND):
        purge_expired(now=NOW + wait)
        left.append(session().scalar(select(func.count()).select_from(row)))

    assert there > 0
    assert left == [there, 0]


@pytest.mark.one_database
def test_traces_are_dropped_and_the_audit_anchored_daily_and_the_log_emptied_each_minute():
    assert [every for _chore, every in CHORES] == [DAY, DAY, timedelta(minutes=1)]
