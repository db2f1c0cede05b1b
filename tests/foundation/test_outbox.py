"""Promises: once written, delivered after the transaction, at least once, and never in silence."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from clinic.extensions import db
from clinic.foundation import outbox
from clinic.foundation.crypto.data_keys import KeyMissing
from clinic.foundation.database.transactions import session, transaction
from clinic.foundation.errors import InvalidInput, NotFound, Unavailable
from clinic.foundation.mail.transports import MailFailed, MailRefused
from clinic.foundation.outbox import (
    LEASE,
    WAITS_SECONDS,
    Backlog,
    GiveUp,
    OutboxMessage,
    backlog,
    deliver_due,
    promise,
    redeliver,
    undelivered,
)
from clinic.practice.models import Clinic
from tests.support.factories import NOW, make_clinic

SECOND = timedelta(seconds=1)


@pytest.fixture
def handle(context):
    """`handle(kind, first=handler, ...)`: say who answers this kind of message."""
    context.extensions["outbox"] = {}

    def register(kind, **handlers):
        context.extensions["outbox"][kind] = handlers

    return register


def write(kind="letter", payload=None, **when):
    with transaction() as current:
        promise(current, kind, payload or {}, now=NOW, **when)


def messages():
    session().rollback()
    return session().scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()


def only_message():
    [message] = messages()
    return message


def failing(error):
    def handler(_payload, _now):
        raise error

    return handler


def test_message_is_leased_for_five_minutes_while_it_is_delivered(handle):
    leased = []
    handle("letter", mail=lambda _payload, _now: leased.append(only_message().leased_until))
    write()

    assert deliver_due(now=NOW) == 1

    assert leased == [NOW + timedelta(minutes=5)]


def test_promise_is_one_message_for_each_handler_of_its_kind(handle):
    heard = []
    handle(
        "letter",
        mail=lambda payload, now: heard.append(("mail", payload, now)),
        calendar=lambda payload, now: heard.append(("calendar", payload, now)),
    )
    handle("other", nobody=failing(AssertionError()))
    write(payload={"appointment": "a1"})

    assert deliver_due(now=NOW, limit=10) == 2

    assert heard == [("mail", {"appointment": "a1"}, NOW), ("calendar", {"appointment": "a1"}, NOW)]
    assert [(m.handler, m.attempts, m.done_at) for m in messages()] == [
        ("mail", 1, NOW),
        ("calendar", 1, NOW),
    ]
    assert deliver_due(now=NOW) == 0


def test_promise_of_a_transaction_that_fails_is_never_kept(handle):
    handle("letter", mail=failing(AssertionError()))

    with pytest.raises(RuntimeError), transaction() as current:
        promise(current, "letter", {}, now=NOW)
        raise RuntimeError

    assert (deliver_due(now=NOW), messages()) == (0, [])


def test_message_waits_for_the_time_it_is_due(handle):
    heard = []
    handle("letter", mail=lambda _payload, now: heard.append(now))
    write(due_at=NOW + timedelta(hours=48))

    assert deliver_due(now=NOW + timedelta(hours=48) - SECOND) == 0
    assert deliver_due(now=NOW + timedelta(hours=48)) == 1
    assert heard == [NOW + timedelta(hours=48)]


def test_what_is_due_longest_is_delivered_first(handle):
    heard = []
    handle("letter", mail=lambda payload, _now: heard.append(payload["n"]))
    write(payload={"n": "late"}, due_at=NOW + 2 * SECOND)
    write(payload={"n": "early"}, due_at=NOW + SECOND)

    assert deliver_due(now=NOW + LEASE, limit=10) == 2
    assert heard == ["early", "late"]


def test_waits_after_failures_are_exact_and_the_last_failure_is_a_dead_letter(handle):
    handle("letter", mail=failing(MailFailed()))
    write()
    now, waited = NOW, []

    for _try in range(len(WAITS_SECONDS)):
        assert deliver_due(now=now) == 1
        message = only_message()
        assert (message.last_error, message.dead_at) == ("MailFailed", None)
        assert deliver_due(now=message.due_at - SECOND) == 0
        waited.append(int((message.due_at - now).total_seconds()))
        now = message.due_at
    assert deliver_due(now=now) == 1

    assert tuple(waited) == WAITS_SECONDS
    assert timedelta(hours=70) < now - NOW < timedelta(hours=96)
    message = only_message()
    assert (message.attempts, message.dead_at, message.done_at) == (13, now, None)
    assert deliver_due(now=now + timedelta(days=365)) == 0
    assert backlog(now=now) == Backlog(waiting=0, retrying=0, dead=1, oldest_due_at=None)


@pytest.mark.parametrize(
    "error",
    [GiveUp(), MailRefused(), InvalidInput({"to": ["No."]}), KeyMissing()],
    ids=lambda error: type(error).__name__,
)
def test_failure_that_trying_again_cannot_help_is_a_dead_letter_at_once(handle, error):
    handle("letter", mail=failing(error))
    write()

    assert deliver_due(now=NOW) == 1

    message = only_message()
    assert (message.dead_at, message.last_error) == (NOW, type(error).__name__)


def test_message_that_nothing_handles_any_more_is_a_dead_letter(handle, context):
    handle("letter", mail=failing(AssertionError()))
    write()
    context.extensions["outbox"] = {}

    deliver_due(now=NOW)

    assert (only_message().dead_at, only_message().last_error) == (NOW, "GiveUp")


def test_text_of_an_error_is_not_kept(handle, caplog):
    handle("letter", mail=failing(ValueError("alex@example.org refused")))
    write()

    deliver_due(now=NOW)

    assert only_message().last_error == "ValueError"
    assert "alex" not in caplog.text
    assert "ValueError" in caplog.text


def test_failure_of_one_handler_stops_no_other(handle):
    heard = []
    handle("letter", broken=failing(Unavailable()), whole=lambda *_: heard.append("whole"))
    write()

    assert deliver_due(now=NOW, limit=10) == 2
    assert heard == ["whole"]


def test_what_a_failing_handler_left_in_the_session_is_forgotten(handle):
    clinic = make_clinic()
    heard = []

    def leaves_things_behind(_payload, _now):
        session().get_one(Clinic, clinic.id).name = "Never stored"
        raise ValueError

    handle("letter", broken=leaves_things_behind, whole=lambda *_: heard.append("whole"))
    write()

    assert deliver_due(now=NOW, limit=10) == 2
    session().expire_all()
    assert heard == ["whole"]
    assert session().get_one(Clinic, clinic.id).name == "Test Clinic"


def test_handler_that_breaks_the_database_transaction_stops_no_other(handle):
    heard = []
    handle(
        "letter",
        broken=lambda *_: session().connection().exec_driver_sql("SELECT nothing FROM nowhere"),
        whole=lambda *_: heard.append("whole"),
    )
    write()

    assert deliver_due(now=NOW, limit=10) == 2
    assert heard == ["whole"]
    assert [m.done_at for m in messages()] == [None, NOW]


def test_message_of_a_killed_worker_is_taken_up_when_its_lease_has_run_out(handle):
    heard = []

    def killed(_payload, _now):
        raise KeyboardInterrupt

    handle("letter", mail=killed)
    write()
    with pytest.raises(KeyboardInterrupt):
        deliver_due(now=NOW)
    handle("letter", mail=lambda *_: heard.append("delivered"))

    assert only_message().leased_until == NOW + LEASE
    assert deliver_due(now=NOW + LEASE) == 0
    assert deliver_due(now=NOW + LEASE + SECOND) == 1
    assert heard == ["delivered"]
    # The try that nobody came back from counts.
    assert (only_message().attempts, only_message().leased_until) == (2, None)


def test_failure_of_a_worker_that_lost_its_lease_does_not_undo_the_delivery_of_another(handle):
    def overtaken(_payload, _now):
        handle("letter", mail=lambda *_: None)
        assert deliver_due(now=NOW + LEASE + SECOND) == 1
        raise GiveUp

    handle("letter", mail=overtaken)
    write()

    deliver_due(now=NOW)

    message = only_message()
    assert (message.done_at, message.dead_at) == (NOW + LEASE + SECOND, None)


def test_failure_of_a_worker_that_lost_its_lease_leaves_the_lease_of_another_alone(handle):
    def overtaken(_payload, _now):
        assert outbox._claim(now=NOW + LEASE + SECOND) is not None
        raise MailFailed

    handle("letter", mail=overtaken)
    write()

    deliver_due(now=NOW)

    message = only_message()
    assert message.leased_until == NOW + LEASE + SECOND + LEASE
    assert (message.due_at, message.last_error) == (NOW, None)


def test_dead_letter_can_be_delivered_again(handle):
    heard = []
    handle("letter", mail=failing(GiveUp()))
    write()
    deliver_due(now=NOW)
    handle("letter", mail=lambda *_: heard.append("delivered"))
    later = NOW + timedelta(days=3)

    redeliver(only_message().id, now=later)

    assert deliver_due(now=later) == 1
    assert heard == ["delivered"]
    assert backlog(now=later) == Backlog(waiting=0, retrying=0, dead=0, oldest_due_at=None)


def test_redelivered_message_has_all_its_tries_again(handle):
    handle("letter", mail=failing(MailFailed()))
    write()
    deliver_due(now=NOW)
    redeliver(only_message().id, now=NOW)

    deliver_due(now=NOW)

    assert (only_message().attempts, only_message().due_at) == (1, NOW + 10 * SECOND)


def test_delivered_or_unknown_message_is_not_delivered_again(handle):
    handle("letter", mail=lambda *_: None)
    write()
    deliver_due(now=NOW)

    with pytest.raises(NotFound):
        redeliver(only_message().id, now=NOW)
    with pytest.raises(NotFound):
        redeliver(999, now=NOW)


def test_backlog_counts_what_waits_what_failed_before_and_what_is_dead(handle):
    handle("letter", mail=failing(MailFailed()))
    handle("refused", mail=failing(GiveUp()))
    write("letter")
    write("refused")
    deliver_due(now=NOW, limit=10)
    write("letter", due_at=NOW + SECOND)

    assert backlog(now=NOW) == Backlog(waiting=2, retrying=1, dead=1, oldest_due_at=NOW + SECOND)
    assert [m.kind for m in undelivered()] == ["refused", "letter"]


def test_six_workers_at_once_deliver_each_of_thirty_messages_once(app):
    delivered, running = Counter(), Counter()
    seen_twice_at_once = []
    lock = threading.Lock()
    two_at_once = threading.Barrier(2)
    deadline = time.monotonic() + 60

    def slow(payload, _now):
        number = payload["n"]
        with lock:
            running[number] += 1
            if running[number] > 1:
                seen_twice_at_once.append(number)
            is_first_or_second = len(delivered) == 0 and sum(running.values()) <= 2
        if is_first_or_second:
            two_at_once.wait(60)  # not one of them alone does the work
        with lock:
            running[number] -= 1
            delivered[number] += 1

    app.extensions["outbox"] = {"letter": {"mail": slow}}
    with app.app_context():
        with transaction() as current:
            for number in range(30):
                promise(current, "letter", {"n": number}, now=NOW)
        db.session.remove()
    gate = threading.Barrier(6)

    def worker(_number):
        with app.app_context():
            gate.wait()
            tried = 0
            while sum(delivered.values()) < 30 and time.monotonic() < deadline:
                tried += outbox.deliver_due(now=NOW)
            db.session.remove()
            return tried

    with ThreadPoolExecutor(6) as pool:
        tried = list(pool.map(worker, range(6)))

    assert sum(tried) == 30
    assert delivered == Counter(range(30))
    assert seen_twice_at_once == []
    assert sum(count > 0 for count in tried) > 1
