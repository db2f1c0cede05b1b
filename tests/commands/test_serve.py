"""`flask worker` delivers what is due; a key that does not fit is one line."""

from __future__ import annotations

from sqlalchemy import func, select

from clinic.foundation.clock import clock
from clinic.foundation.crypto.key_wrapping import KeyRing
from clinic.foundation.database.transactions import session
from clinic.foundation.outbox import OutboxMessage
from tests.support.factories import NOW


def messages(app, *conditions):
    with app.app_context():
        return session().scalar(select(func.count()).select_from(OutboxMessage).where(*conditions))


def test_worker_once_delivers_what_is_due_and_ends(app, run, booked, tmp_path):
    due = messages(app, OutboxMessage.done_at.is_(None))
    clock.freeze(NOW)

    assert run("worker", "--once") == (0, "", "")

    assert (due > 0, messages(app, OutboxMessage.done_at.is_(None))) == (True, 0)
    assert len(list(tmp_path.glob("mail/*.eml"))) == 2


def test_worker_with_keys_that_do_not_fit_is_one_line(app, run, booked):
    app.extensions["key_ring"] = KeyRing.parse("b3RoZXIga2V5LCAzMiBieXRlcyBsb25nLCBhdCBsZWE=")

    code, out, err = run("worker", "--once")

    assert (code, out, err.startswith("Error: "), len(err.splitlines())) == (1, "", True, 1)
