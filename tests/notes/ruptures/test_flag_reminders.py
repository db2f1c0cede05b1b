from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from clinic.foundation.database.transactions import session, transaction
from clinic.foundation.outbox import OutboxMessage
from clinic.notes.record.restricted_models import SafetyFlag
from clinic.notes.ruptures.flag_reminders import promise_reminder

pytestmark = pytest.mark.usefixtures("context")
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("review_on", "zone", "due_at"),
    [
        (date(2026, 3, 20), "Europe/Lisbon", datetime(2026, 3, 20, 8, tzinfo=UTC)),
        (date(2026, 4, 1), "Europe/Lisbon", datetime(2026, 4, 1, 7, tzinfo=UTC)),
        (date(2026, 3, 20), "America/Bogota", datetime(2026, 3, 20, 13, tzinfo=UTC)),
        (date(2026, 3, 2), "Europe/Lisbon", NOW),
    ],
)
def test_reminder_is_due_at_eight_on_the_clinics_clocks_and_never_in_the_past(
    review_on, zone, due_at
):
    flag = SafetyFlag(id="f" * 32, review_on=review_on)

    with transaction() as current:
        promise_reminder(current, flag, zone=zone, now=NOW)

    [message] = session().scalars(sa.select(OutboxMessage))
    assert (message.kind, message.payload, message.due_at) == (
        "safety_flag.due",
        {"flag": "f" * 32},
        due_at,
    )
