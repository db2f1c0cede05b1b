"""Whoever waits holds no transaction: it is ended when it only read, else waiting is refused."""

from __future__ import annotations

import threading
from functools import partial

import pytest
from sqlalchemy import select

from clinic.extensions import db
from clinic.foundation.database.transactions import session, transaction
from clinic.foundation.database.waiting import TransactionOpen, end_read_before_waiting
from clinic.foundation.outbound.allowed_addresses import Guard
from clinic.foundation.outbound_http import fetch, send
from clinic.operations.worker import Worker
from clinic.practice.models import Clinic
from tests.support.calendars.calendar_server import Answer, calendar_server
from tests.support.factories import make_clinic


def connections_in_use():
    return db.engine.pool.checkedout()


def test_read_is_ended_and_its_rows_can_still_be_used(context):
    clinic_id = make_clinic().id
    clinic = session().get(Clinic, clinic_id)
    in_use = connections_in_use()

    end_read_before_waiting()

    assert (in_use, connections_in_use()) == (1, 0)
    assert clinic.name == "Test Clinic"


def test_waiting_inside_a_transaction_is_refused_and_nothing_is_stored(context):
    with pytest.raises(TransactionOpen), transaction():
        make_clinic()
        end_read_before_waiting()

    assert session().scalars(select(Clinic)).all() == []


def test_waiting_with_unsaved_changes_is_refused(context):
    clinic_id = make_clinic().id
    session().get(Clinic, clinic_id).name = "Changed"

    with pytest.raises(TransactionOpen):
        end_read_before_waiting()


def test_waiting_while_an_outer_context_keeps_its_read_is_refused(app):
    with app.app_context():
        session().execute(select(Clinic.id))
        with app.app_context(), pytest.raises(TransactionOpen):
            end_read_before_waiting()


def test_reads_of_other_threads_are_their_own(app):
    reads, may_end = threading.Event(), threading.Event()

    def read():
        with app.app_context():
            session().execute(select(Clinic.id))
            reads.set()
            may_end.wait()

    reader = threading.Thread(target=read)
    reader.start()
    reads.wait()
    try:
        with app.app_context():
            end_read_before_waiting()
    finally:
        may_end.set()
        reader.join()


def test_nothing_has_to_end_without_an_app():
    end_read_before_waiting()


@pytest.mark.parametrize("call", [fetch, partial(send, "GET")])
def test_call_to_another_server_holds_no_read_and_is_refused_in_a_transaction(context, call):
    in_use, pool = [], db.engine.pool
    with calendar_server() as server:
        server.answer = Answer(before=lambda: in_use.append(pool.checkedout()))
        guard = Guard.for_urls([server.url])
        session().execute(select(Clinic.id))

        call(server.url, guard=guard)

        with pytest.raises(TransactionOpen), transaction():
            call(server.url, guard=guard)
    assert in_use == [0]


def test_worker_that_is_started_with_a_read_open_does_not_wait_with_it(app):
    with app.app_context():
        session().execute(select(Clinic.id))

        with pytest.raises(TransactionOpen):
            Worker(app).run()
