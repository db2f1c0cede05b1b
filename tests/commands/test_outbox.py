"""`flask outbox redeliver` sends one message again."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from clinic.foundation.database.transactions import session
from clinic.foundation.outbox import OutboxMessage


def test_dead_message_is_put_in_front_again(app, run, booked):
    with app.app_context():
        message = session().scalars(select(OutboxMessage).order_by(OutboxMessage.id)).first().id

    code, out, err = run("outbox", "redeliver", str(message))

    assert (code, out, err) == (0, "It is in front of the queue again.\n", "")


@pytest.mark.parametrize(("argument", "expected"), [("999999", 1), ("x", 2), ("-1", 2)])
def test_message_that_is_not_there_is_an_error(run, booked, argument, expected):
    code, _out, err = run("outbox", "redeliver", argument)

    assert (code, "Traceback" in err) == (expected, False)
