from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from standardwebhooks import Webhook

from clinic.booking.appointments.changes import cancel_appointment
from clinic.extensions import db
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import InvalidInput
from clinic.foundation.outbound.allowed_addresses import Guard, OutboundRefused
from clinic.foundation.outbox import OutboxMessage
from clinic.foundation.permissions.actors import Actor, Role
from clinic.scheduling_services.models import WebhookMessage, WebhookSubscriber
from clinic.scheduling_services.sent.outgoing_webhooks import (
    add_subscriber,
    announce_change,
    end_subscriber,
    redeliver_message,
)
from tests.support.factories import make_appointment, make_practice
from tests.support.http_listener import Listener, listening
from tests.support.scheduling_services.deliveries import work

NINE = datetime(2026, 12, 7, 9, tzinfo=UTC)


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Another system of the clinic."""
    with listening() as state:
        yield state


@pytest.fixture
def told(context, listener):
    clock.freeze(datetime(2026, 12, 4, 9, tzinfo=UTC))
    context.extensions["webhook_guard"] = Guard.for_urls([listener.url])
    practice = make_practice()
    _row, secret = add_subscriber(name="Billing", url=listener.url, **by(practice))
    return practice, secret


def by(practice):
    roles = frozenset({Role.ADMIN})
    actor = Actor(clinic_id=practice.clinic.id, name="account:a", account_id="a", roles=roles)
    return {"actor": actor, "now": clock.now()}


def only(table):
    session().rollback()
    (row,) = session().scalars(select(table)).unique()
    return row


def test_a_change_is_told_signed_and_names_nobody(told, listener):
    practice, secret = told
    one = make_appointment(practice, NINE, now=clock.now())
    work()
    ((headers, body),) = listener.heard
    assert headers["webhook-timestamp"] == str(int(clock.now().timestamp()))
    right = Webhook(secret).sign(headers["webhook-id"], clock.now(), body.decode())
    assert headers["webhook-signature"] == right
    said = json.loads(body)
    assert (said["type"], said["timestamp"]) == ("appointment.booked", "2026-12-04T09:00:00Z")
    assert said["data"] == {
        "reference": one.reference, "uid": one.uid, "sequence": 0, "status": "confirmed",
        "start": "2026-12-07T09:00:00Z", "end": "2026-12-07T09:30:00Z",
        "therapist": "ines-duarte", "session_type": "initial-consultation", "source": "site",
    }  # fmt: skip
    assert b"Alex" not in body
    assert b"alex@" not in body


def test_no_connection_is_in_use_while_a_subscriber_is_called(told, listener):
    practice, _secret = told
    in_use, pool = [], db.engine.pool
    listener.meanwhile = lambda: in_use.append(pool.checkedout())
    make_appointment(practice, NINE, now=clock.now())
    work()
    assert in_use == [0]


def test_the_same_change_is_told_once_however_often_it_is_announced(told, listener):
    practice, _secret = told
    one = make_appointment(practice, NINE, now=clock.now())
    work()
    announce_change({"appointment": one.id, "change": 1}, clock.now())
    work()
    assert len(listener.heard) == 1


def test_what_is_not_taken_is_tried_for_three_days_with_one_id_then_kept(told, listener):
    practice, _secret = told
    listener.status = 500
    start = clock.now()
    make_appointment(practice, NINE, now=start)
    for _ in range(20):
        work()
        clock.move(timedelta(hours=24))
    ids = {headers["webhook-id"] for headers, _ in listener.heard}
    session().rollback()
    dead = session().scalars(select(OutboxMessage).where(OutboxMessage.dead_at.is_not(None))).all()
    assert (len(ids), len(listener.heard)) == (1, 13)
    assert [one.kind for one in dead] == ["webhook.send"]
    assert only(WebhookMessage).last_status == 500
    listener.status = 200
    redeliver_message(only(WebhookMessage).id, **by(practice))
    work()
    assert only(WebhookMessage).delivered_at is not None
    assert {headers["webhook-id"] for headers, _ in listener.heard} == ids


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [("45", 45), ("3", 10), ("999999", 86400), ("soon", 10), ("-5", 10), ("٤٥", 10)],
)
def test_a_subscriber_is_left_alone_for_as_long_as_it_asks(told, listener, asked, seconds):
    practice, _secret = told
    listener.status, listener.more = 429, {"Retry-After": asked}
    make_appointment(practice, NINE, now=clock.now())
    work()
    session().rollback()
    waits = session().scalars(select(OutboxMessage).where(OutboxMessage.kind == "webhook.send"))
    assert [one.due_at for one in waits] == [clock.now() + timedelta(seconds=seconds)]


def test_410_ends_it(told, listener):
    practice, _secret = told
    listener.status = 410
    one = make_appointment(practice, NINE, now=clock.now())
    work()
    assert only(WebhookSubscriber).ended_at is not None
    cancel_appointment(one.id, actor=practice.desk, now=clock.now())
    work()
    assert len(listener.heard) == 1


def test_an_ended_subscriber_hears_nothing(told, listener):
    practice, _secret = told
    end_subscriber(only(WebhookSubscriber).id, **by(practice))
    make_appointment(practice, NINE, now=clock.now())
    work()
    assert listener.heard == []


def test_a_private_address_is_refused(told):
    practice, _secret = told
    for url in ("http://127.0.0.1:1/x", "https://10.0.0.1/x", "http://example.org/x"):
        with pytest.raises(InvalidInput) as refused:
            add_subscriber(name="x", url=url, **by(practice))
        assert refused.value.errors == {"url": [OutboundRefused.says]}
