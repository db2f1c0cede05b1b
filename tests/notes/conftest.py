"""A couple, its record, and the desk of the therapist who leads it."""

from __future__ import annotations

import pytest

from tests.support.factories import make_care_couple
from tests.support.notes.led_record import LedRecord
from tests.support.notes.record_client import open_desk
from tests.support.notes.separate_session import Apart, open_separate_session
from tests.support.notes.whole_record import WholeRecord


@pytest.fixture
def desk(app):
    return open_desk(app)


@pytest.fixture
def couple(context):
    return make_care_couple()


@pytest.fixture
def record(context):
    return LedRecord()


@pytest.fixture
def whole_record(context):
    return WholeRecord()


@pytest.fixture
def house(app) -> Apart:
    return open_separate_session(app)
