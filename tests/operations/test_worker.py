"""The worker in its lanes: whoever hangs keeps nobody else waiting, and the end is in order."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager

import pytest
from sqlalchemy import select

from clinic.calendars.imported import refresh
from clinic.calendars.imported.service import REFRESH
from clinic.extensions import db
from clinic.foundation import outbox
from clinic.foundation.database.transactions import session, transaction
from clinic.foundation.outbox import LEASE, OutboxMessage
from clinic.operations.worker import Worker
from tests.support.calendars.calendar_server import Answer, calendar_server
from tests.support.calendars.imported_calendar import BLOCKED, GOOD, Clinic
from tests.support.factories import NOW
from tests.support.web.api_client import book


@pytest.fixture
def hanging(monkeypatch):
    """A calendar server that answers nothing until `hanging.let_go()`, and is waited for."""
    monkeypatch.setattr(refresh, "FETCH_SECONDS", 600.0)
    gone = threading.Event()
    with calendar_server() as server:
        server.answer = Answer(GOOD.body, before=gone.wait)
        server.let_go = gone.set
        yield server
        gone.set()


@pytest.fixture
def clinic(app, hanging):
    with app.app_context():
        made = Clinic(app, hanging)
        db.session.remove()
    return made


@contextmanager
def working(app):
    worker = Worker(app)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield worker
    finally:
        worker.end()
        thread.join()


def wait_for(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "not within a minute"
        time.sleep(0.02)


def promise(app, kind):
    with app.app_context():
        with transaction() as current:
            outbox.promise(current, kind, {}, now=NOW)
        db.session.remove()


def test_hanging_calendar_keeps_no_mail_waiting(app, client, clinic, hanging, tmp_path):
    with working(app):
        wait_for(lambda: hanging.asked)

        book(client)
        wait_for(lambda: len(list(tmp_path.glob("mail/*.eml"))) == 1)

        assert len(hanging.asked) == 1  # it hangs until it is let go, and the mail is out before
        hanging.let_go()
        with app.app_context():
            wait_for(lambda: clinic.busy == BLOCKED)


def test_lane_that_hangs_keeps_no_other_waiting(app):
    hangs, begun, done = threading.Event(), threading.Event(), []

    def hang(_payload, _now):
        begun.set()
        hangs.wait()

    kinds = {"stuck": "slow", "letter": "post", "sum": None}
    app.extensions["outbox_lanes"] = {"slow": frozenset({"stuck"}), "post": frozenset({"letter"})}
    app.extensions["outbox"] = {
        kind: {"one": hang if kind == "stuck" else lambda _p, _n, kind=kind: done.append(kind)}
        for kind in kinds
    }
    promise(app, "stuck")
    with working(app):
        assert begun.wait(60)
        promise(app, "letter")
        promise(app, "sum")

        try:
            wait_for(lambda: sorted(done) == ["letter", "sum"])
        finally:
            hangs.set()


def test_end_waits_a_little_and_what_hangs_is_taken_up_after_its_lease(
    app, clinic, hanging, monkeypatch
):
    monkeypatch.setattr("clinic.operations.worker.ENDED_WITHIN_S", 0.3)
    with working(app):
        wait_for(lambda: hanging.asked)

    # The worker has come to its end, and what it did not wait for hangs on.
    with app.app_context():
        message = (
            session().scalars(select(OutboxMessage).where(OutboxMessage.kind == REFRESH)).one()
        )
        assert (message.done_at, message.leased_until) == (None, NOW + LEASE)
        hanging.let_go()
        for lane in threading.enumerate():
            if lane.name.startswith("lane "):
                lane.join()
        assert clinic.busy == BLOCKED  # here the worker lived on, and finished what it had begun


def test_each_lane_takes_its_own_kinds_and_the_rest_takes_what_is_left(context):
    taken = []
    context.extensions["outbox_lanes"] = {"post": frozenset({"letter"}), "web": frozenset({"call"})}
    context.extensions["outbox"] = {
        kind: {"one": lambda _p, _n, kind=kind: taken.append(kind)}
        for kind in ("letter", "call", "sum", "wish")
    }
    with transaction() as current:
        for kind in ("letter", "call", "sum", "wish"):
            outbox.promise(current, kind, {}, now=NOW)

    found = {}
    for lane in ("post", "web", outbox.REST):
        tried = outbox.deliver_due(now=NOW, limit=9, lane=lane)
        found[lane], taken = (tried, taken), []

    assert found == {
        "post": (1, ["letter"]),
        "web": (1, ["call"]),
        "rest": (2, ["sum", "wish"]),
    }


def test_every_kind_with_a_lane_has_a_handler(context):
    named = [kind for kinds in outbox.lanes().values() for kind in kinds]

    assert sorted(named) == sorted(set(named) & outbox.handlers().keys())


def test_lane_that_breaks_ends_the_worker(app, monkeypatch):
    def broken(**_options):
        raise ZeroDivisionError

    monkeypatch.setattr(outbox, "deliver_due", broken)

    with pytest.raises(ZeroDivisionError):
        Worker(app).run()
