import time
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from clinic.extensions import db
from clinic.foundation.database.transactions import session, transaction
from clinic.operations.worker import with_own_session
from clinic.practice.models import Clinic
from tests.conftest import POSTGRESQL
from tests.support.factories import make_clinic


def test_transaction_that_raises_stores_nothing(context):
    clinic = make_clinic()

    with pytest.raises(RuntimeError), transaction() as current:
        current.get(Clinic, clinic.id).name = "Changed"
        raise RuntimeError

    assert session().get(Clinic, clinic.id).name == "Test Clinic"


def test_transaction_inside_a_transaction_joins_it(context):
    with pytest.raises(RuntimeError), transaction():
        make_clinic()
        raise RuntimeError

    assert session().scalar(select(func.count()).select_from(Clinic)) == 0


def test_instants_come_back_aware_and_in_utc(context):
    clinic = make_clinic()
    session().expire_all()

    assert session().get(Clinic, clinic.id).created_at == datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert session().get(Clinic, clinic.id).created_at.tzinfo is UTC


on_postgresql = pytest.mark.skipif(POSTGRESQL is None, reason="about sessions of PostgreSQL")


def forget_a_transaction():
    """Leave one open until PostgreSQL has ended the session for it."""
    process = session().scalar(select(func.pg_backend_pid()))
    session().execute(text("SET idle_in_transaction_session_timeout = 1"))
    with db.engine.connect() as other:
        alive = text("SELECT count(*) FROM pg_stat_activity WHERE pid = :process")
        deadline = time.monotonic() + 60
        while other.scalar(alive, {"process": process}):
            assert time.monotonic() < deadline, "the session lives on"
            time.sleep(0.01)


@on_postgresql
def test_postgresql_ends_a_session_that_forgets_its_transaction(context):
    limits = "SHOW idle_in_transaction_session_timeout"

    first = session().scalar(text(limits))
    session().rollback()

    assert (first, session().scalar(text(limits))) == ("1min", "1min")


@on_postgresql
def test_session_that_was_ended_fails_once_and_then_writes_again(context):
    clinic_id = make_clinic().id
    forget_a_transaction()

    with pytest.raises(DBAPIError):
        session().get(Clinic, clinic_id)
    db.session.remove()
    with transaction() as current:
        current.get_one(Clinic, clinic_id).name = "Changed"

    assert session().get(Clinic, clinic_id).name == "Changed"


@on_postgresql
def test_transaction_after_a_forgotten_one_is_a_new_one(context):
    clinic_id = make_clinic().id
    forget_a_transaction()

    with transaction() as current:
        current.get_one(Clinic, clinic_id).name = "Changed"

    assert session().get(Clinic, clinic_id).name == "Changed"


@on_postgresql
def test_work_whose_session_was_ended_is_done_by_the_next_piece(context):
    clinic_id = make_clinic().id

    def forgetful(*, now):
        forget_a_transaction()
        return session().scalar(select(func.count()).where(Clinic.created_at <= now))

    def work(*, now):
        return session().scalar(select(func.count()).where(Clinic.created_at <= now))

    assert (with_own_session(forgetful), with_own_session(work)) == (0, 1)
    assert session().get(Clinic, clinic_id) is not None
