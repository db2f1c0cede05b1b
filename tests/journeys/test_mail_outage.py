"""The mail server is down: bookings stand, the desk sees what waits, and mail follows, once."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller

from clinic.booking.appointments.models import Appointment
from clinic.booking.appointments.sequence_and_history import MAIL
from clinic.extensions import db
from clinic.foundation import outbox
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import session, transaction
from clinic.foundation.outbox import Backlog
from clinic.foundation.permissions.actors import Role
from clinic.practice.models import Therapist
from tests.conftest import settings_for
from tests.support.accounts.sign_in import signed_in
from tests.support.factories import NOW, make_account, make_practice
from tests.support.web.api_client import book, partner

SECOND = timedelta(seconds=1)


class Postbox:
    """Keeps what it is handed; `refuses` names recipients that it never takes."""

    def __init__(self):
        self.mails = []
        self.refuses = set()

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802
        if address in self.refuses:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"

    def by_recipient(self):
        return Counter(mail["To"] for mail in self.mails)


@pytest.fixture
def settings(database_url, tmp_path, reserved_port):
    return settings_for(tmp_path, database_url, smtp_url=f"smtp://127.0.0.1:{reserved_port}")


@pytest.fixture
def postbox(reserved_port):
    """`postbox.start()`: the mail server comes up at the address of the settings."""
    box = Postbox()
    server = Controller(box, hostname="127.0.0.1", port=reserved_port)
    started = []

    def start():
        server.start()
        started.append(server)

    box.start = start
    yield box
    for one in started:
        one.stop()


@pytest.fixture
def practice(app):
    # Only mail is looked at here, not what other rooms do with the same news.
    app.extensions["outbox"] = {MAIL: app.extensions["outbox"][MAIL]}
    with app.app_context():
        made = make_practice()
        with transaction() as current:
            current.get_one(Therapist, made.therapist.id).email = "ines@example.org"
        make_account(made.clinic, roles=[Role.FRONT_DESK])
        db.session.remove()
    return made


def deliver(app):
    """What a worker does, for as long as something is due."""
    with app.app_context():
        tried = 0
        while outbox.deliver_due(now=clock.now()):
            tried += 1
        db.session.remove()
    return tried


def standing(app):
    with app.app_context():
        found = outbox.backlog(now=clock.now())
        statuses = session().scalars(db.select(Appointment.status)).all()
        db.session.remove()
    return found, statuses


def test_booking_stands_while_the_mail_server_is_down_and_its_mails_follow_once(
    app, client, practice, postbox
):
    book(client)
    assert deliver(app) == 2

    down, statuses = standing(app)
    assert statuses == ["confirmed"]
    assert down == Backlog(waiting=2, retrying=2, dead=0, oldest_due_at=NOW + 10 * SECOND)
    assert postbox.mails == []

    postbox.start()
    assert deliver(app) == 0  # not before its time
    clock.move(10 * SECOND)
    assert deliver(app) == 2

    up, statuses = standing(app)
    assert statuses == ["confirmed"]
    assert up == Backlog(waiting=0, retrying=0, dead=0, oldest_due_at=None)
    assert postbox.by_recipient() == {"alex@example.org": 1, "ines@example.org": 1}
    assert len({mail["Message-ID"] for mail in postbox.mails}) == 2
    clock.move(timedelta(days=30))
    assert deliver(app) == 0


def test_long_outage_waits_longer_each_time_and_loses_nothing(app, client, practice, postbox):
    book(client)
    tries = 0
    for _hour in range(8 * 60):
        tries += deliver(app)
        clock.move(timedelta(minutes=1))
    # At once, then after 10 s, 30 s, 2, 10 and 30 minutes, 1, 2 and 4 hours: not each minute.
    assert tries == 2 * 9

    postbox.start()
    clock.move(timedelta(hours=8))
    deliver(app)

    assert postbox.by_recipient() == {"alex@example.org": 1, "ines@example.org": 1}


def test_desk_sees_what_waits_and_sends_it_again_when_the_server_is_back(
    app, client, practice, postbox
):
    book(client)
    deliver(app)
    desk = signed_in(app)

    page = desk.get("/desk/deliveries")
    assert page.status_code == 200
    assert page.text.count("The mail server does not answer.") == 2
    assert "alex@example.org" not in page.text

    postbox.start()
    token = page.text.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    for path in sorted({part.split('"')[0] for part in page.text.split('action="')[1:]}):
        if path.endswith("/again"):
            assert desk.post(path, data={"csrf_token": token}).status_code == 303
    assert deliver(app) == 2

    assert postbox.by_recipient() == {"alex@example.org": 1, "ines@example.org": 1}
    assert "The mail server does not answer." not in desk.get("/desk/deliveries").text


def test_address_that_the_server_never_takes_is_shown_at_once_and_holds_nobody_up(
    app, client, practice, postbox
):
    postbox.refuses.add("alex@example.org")
    postbox.start()
    book(client)

    assert deliver(app) == 2

    found, statuses = standing(app)
    assert (found.waiting, found.dead, statuses) == (0, 1, ["confirmed"])
    assert postbox.by_recipient() == {"ines@example.org": 1}
    assert "The mail server refused this message." in signed_in(app).get("/desk/deliveries").text


def test_appointment_cancelled_during_the_outage_is_told_as_it_stands_now(
    app, client, practice, postbox
):
    made = book(client, partner=partner())
    deliver(app)
    assert (
        client.post(f"/api/v1/bookings/{made['manage_token']}/cancel", json={}).status_code == 200
    )
    postbox.start()
    clock.move(timedelta(minutes=10))

    deliver(app)

    # Nobody is told an outdated time: one mail each, about the cancellation.
    assert postbox.by_recipient() == {"alex@example.org": 1, "ines@example.org": 1}
    found, _statuses = standing(app)
    assert (found.waiting, found.dead) == (0, 0)
