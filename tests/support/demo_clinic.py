"""What the tests of the demo clinic share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from clinic.booking.slots.instant_ranges import Interval
from clinic.foundation.database.transactions import session
from tests.conftest import POSTGRESQL

COURSE = [
    "2026-03-03T10:00Z", "2026-03-10T10:00Z", "2026-03-17T10:00Z", "2026-03-31T09:00Z",
    "2026-04-14T09:00Z", "2026-04-21T09:00Z", "2026-04-28T09:00Z", "2026-05-05T09:00Z",
]  # fmt: skip
"""Ten o'clock in Lisbon, where the clocks went forward on 29 March."""


FIRST_COUPLES = ["C-0001", "C-0002", "C-0003", "C-0004"]
"""The ones with a story; those after them come every week."""


MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
WEEK = Interval(MONDAY, MONDAY + timedelta(days=7))
on_sqlite = pytest.mark.skipif(POSTGRESQL is not None, reason="needs a second empty database")


def rows(app, query):
    with app.app_context():
        return [tuple(row) for row in session().execute(query)]
