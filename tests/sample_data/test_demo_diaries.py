from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from clinic.booking.desk.diary_queries import day_of, weeks_of
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import session
from clinic.practice.models import Therapist
from clinic.sample_data.demo import load_demo
from tests.support.demo_clinic import WEEK


@pytest.mark.one_database  # the weekday decides what is booked; how it is kept, other tests ask
@pytest.mark.parametrize("day", range(23, 30))
def test_every_therapist_has_a_day_and_a_week_to_show_on_any_weekday(app, settings, day):
    at = datetime(2026, 11, day, 15, 30, tzinfo=UTC)
    clock.freeze(at)
    with app.app_context():
        load_demo(settings, now=at)
        counts = {}
        for therapist in session().scalars(select(Therapist)).all():
            (week,) = weeks_of([therapist], window=WEEK, now=at)
            today = day_of(therapist, at.date(), names=False, now=at)
            days = {one.start.astimezone(UTC).date() for one in week.entries}
            counts[therapist.slug] = (len(today.sessions), len(week.entries), len(days))

    assert all(sessions >= 2 for sessions, _week, _days in counts.values()), counts
    assert all(week >= 4 and days >= 2 for _today, week, days in counts.values()), counts
