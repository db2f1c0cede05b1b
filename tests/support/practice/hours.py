"""What the tests of the practice's queries share: hours, days away, and the queries counted."""

from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import event

from clinic.extensions import db
from clinic.foundation.permissions.actors import Actor, Role
from clinic.practice.hours.service import add_time_off, set_day_override
from clinic.practice.rules.edit_commands import AbsenceTimes, DayHours, HoursRange

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def admin_of(clinic):
    return Actor(clinic_id=clinic.id, name="account:a", account_id="a", roles={Role.ADMIN})


@contextmanager
def counted_queries():
    statements = []

    def count(_connection, _cursor, statement, *_rest):
        if statement.startswith("SELECT"):
            statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", count)
    try:
        yield statements
    finally:
        event.remove(db.engine, "before_cursor_execute", count)


def fill(clinic, slug, days):
    actor = admin_of(clinic)
    for number in range(days):
        on = date(2026, 12, 1) + number * DAY
        set_day_override(slug, hours=DayHours(on, (HoursRange(540, 600),)), actor=actor, now=NOW)
        away = AbsenceTimes(f"{on}T12:00", f"{on}T12:30")
        add_time_off(slug, absence=away, actor=actor, now=NOW)
