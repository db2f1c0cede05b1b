from datetime import UTC, datetime, timedelta

import pytest

from clinic.foundation import outbox
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import transaction
from clinic.foundation.mail.transports import MailFailed
from tests.support.booking.desk_fixtures import open_desk, send, words
from tests.support.factories import NOW

TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)


@pytest.fixture
def house(app):
    return open_desk(app)


def mail_is_down(house):
    """Every try fails as it does when the mail server does not answer."""

    def fail(_payload, _now):
        raise MailFailed

    for names in house.app.extensions["outbox"].values():
        for name in names:
            names[name] = fail


def deliver(house, *, now=NOW):
    while house.do(lambda: outbox.deliver_due(now=now)):
        pass


def test_all_is_well_when_nothing_waits(house):
    said = words(house.enter("desk").get("/desk/deliveries"))

    assert "All is well" in said


def test_waiting_mail_is_told_calmly_and_without_names(house):
    mail_is_down(house)
    house.book(TEN)
    deliver(house)

    page = house.enter("desk").get("/desk/deliveries")

    assert "messages are waiting" in words(page)
    assert "Nothing is lost" in words(page)
    assert "The mail server does not answer." in words(page)
    assert "alex" not in page.text.lower()


def test_day_and_navigation_say_that_mail_waits(house):
    mail_is_down(house)
    house.book(TEN)
    deliver(house)

    desk, therapist = (house.enter(who).get("/desk/day").text for who in ("desk", "ines"))

    assert "waiting to be delivered. Nothing is lost." in desk
    assert "waiting to be delivered" not in therapist


def test_message_given_up_needs_somebody(house):
    mail_is_down(house)
    house.book(TEN)
    for _ in range(len(outbox.WAITS_SECONDS) + 1):
        deliver(house, now=clock.now())
        clock.move(timedelta(days=2))

    said = words(house.enter("desk").get("/desk/deliveries"))

    assert "need" in said
    assert "given up" in said


def test_sending_again_puts_a_message_in_front(house):
    mail_is_down(house)
    house.book(TEN)
    deliver(house)
    (waiting, *_rest) = house.do(outbox.undelivered)

    response = send(
        house.enter("desk"), f"/desk/deliveries/{waiting.id}/again", page="/desk/deliveries"
    )

    stored = house.do(lambda: outbox.session().get(outbox.OutboxMessage, waiting.id))
    assert response.status_code == 303
    assert (stored.due_at, stored.attempts) == (NOW, 0)


def test_unknown_message_is_not_found(house):
    mail_is_down(house)
    house.book(TEN)
    deliver(house)

    response = send(house.enter("desk"), "/desk/deliveries/999999/again", page="/desk/deliveries")

    assert response.status_code == 404


def test_worker_that_does_not_run_is_told(house):
    with house.app.app_context(), transaction() as current:
        outbox.promise(current, "appointment.mail", {"appointment": "x"}, now=NOW)
    clock.freeze(NOW + timedelta(minutes=11))

    assert "the worker does not seem to run" in words(house.enter("desk").get("/desk/deliveries"))


@pytest.mark.parametrize(("who", "status"), [("ines", 403), ("desk", 200), ("admin", 200)])
def test_deliveries_are_for_the_desk(house, who, status):
    assert house.enter(who).get("/desk/deliveries").status_code == status
