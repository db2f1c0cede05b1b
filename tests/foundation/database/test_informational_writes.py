"""A write that only informs is left out where nothing can be written, and nothing else is."""

import logging

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from app import create_app
from clinic.accounts.models import FailedSignIn
from clinic.extensions import db
from clinic.foundation.database.informational_writes import informational_write
from clinic.foundation.database.transactions import session
from tests.conftest import settings_for
from tests.support.databases import read_only
from tests.support.factories import NOW


def a_count():
    return FailedSignIn(scope="pair", key_hash=b"1", failures=0, last_failed_at=NOW)


def counts():
    return session().scalar(select(func.count()).select_from(FailedSignIn))


@pytest.fixture
def unwritable(database_url, tmp_path):
    app = create_app(settings_for(tmp_path, read_only(database_url)))
    with app.app_context():
        yield
        db.session.remove()
        db.engine.dispose()


def test_write_is_made_where_it_can_be(context):
    with informational_write() as current:
        current.add(a_count())

    assert counts() == 1


def test_write_is_left_out_where_the_database_cannot_and_reading_goes_on(unwritable, caplog):
    with caplog.at_level(logging.WARNING), informational_write() as current:
        current.add(a_count())

    assert counts() == 0
    [line] = [record.getMessage() for record in caplog.records]
    assert line.startswith("left out, the database cannot write: ")


def test_mistake_of_ours_is_raised(context):
    with pytest.raises(SQLAlchemyError), informational_write() as current:
        current.execute(text("UPDATE clinic SET nothing = 1"))
