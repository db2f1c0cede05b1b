"""What visitors see when their network holds or books too much: kindly said, nothing typed lost."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from clinic.booking.appointments.models import Hold, VisitorCount
from clinic.booking.rules.visitor_limits import LIMITS, Counted, CountLimit
from clinic.booking.site.limit_pages import wait_text
from clinic.foundation.clock import clock
from tests.conftest import settings_for
from tests.support.booking.booking_client import (
    DETAILS,
    book,
    choose,
    details_form,
    form_token,
    heading,
    hidden_fields,
    post,
    start_value,
    words,
)
from tests.support.booking.booking_queries import HALF_HOUR, TEN, appointments, held, stored

WRITTEN = DETAILS | {"message": "We'd rather come <together>.", "other_name": "Sam"}


@pytest.fixture
def settings(database_url, tmp_path):
    return settings_for(tmp_path, database_url, rate_limits=True)


@pytest.fixture
def few(monkeypatch):
    """One booking in ten minutes, so that tests stay short."""
    limit = CountLimit(1, LIMITS[Counted.BOOKINGS_AT_ONCE].window)
    monkeypatch.setitem(LIMITS, Counted.BOOKINGS_AT_ONCE, limit)


def ten_minutes(response):
    """Whether it says so; the limiter takes the time off that the answer took."""
    return 500 < int(response.headers["Retry-After"]) <= 600


def take_everything(app, start=TEN + 8 * HALF_HOUR):
    """A network with other visitors of its own, who hold all that it may hold with the therapist."""
    others = [app.test_client() for _ in range(8)]
    for number, other in enumerate(others):
        assert choose(other, TEN + number * HALF_HOUR).status_code == 303
    return start


def test_couple_and_the_whole_waiting_room_notice_nothing(app, practice):
    people = [app.test_client() for _ in range(6)]
    for number, one in enumerate(people):
        choose(one, TEN + number * HALF_HOUR)
    for number, one in enumerate(people):
        one.post("/book/details", data=details_form(one, email=f"client{number}@example.org"))

    assert len(appointments(app)) == 6


def test_cookie_that_is_sent_twice_at_once_holds_one_time(app, client, practice):
    choose(client, TEN)
    before = client.get_cookie("clinic").value
    choose(client, TEN + HALF_HOUR)
    client.set_cookie("clinic", before)

    choose(client, TEN + 2 * HALF_HOUR)

    assert held(app) == [TEN + 2 * HALF_HOUR]


def test_cookie_says_nothing_of_who_visits(app, client, practice):
    choose(client, TEN)

    with client.session_transaction() as kept:
        value = kept["visitor"]
    assert (len(value), "127.0.0.1" in value) == (22, False)
    assert stored(app, select(Hold.visitor_hash))[0][0] != value.encode()


def test_too_many_holds_are_refused_with_a_way_on_and_all_that_was_written(app, client, practice):
    start = take_everything(app)

    refused = choose(client, start, **WRITTEN)

    assert (refused.status_code, ten_minutes(refused)) == (429, True)
    assert heading(refused) == "Please wait a little"
    assert "perhaps by other people on the same Wi-Fi" in words(refused)
    assert "It can be tried again in 10 minutes." in words(refused)
    assert "mailto:clinic@example.org" in refused.text
    sent = hidden_fields(refused.text)
    assert {name: sent[name] for name in WRITTEN} == WRITTEN
    assert sent["start"] == start_value(start)


def test_form_of_the_refusal_takes_the_time_when_there_is_room_again(app, client, practice):
    start = take_everything(app)
    refused = choose(client, start, **WRITTEN)
    clock.move(HALF_HOUR)

    again = client.post("/book/hold", data=hidden_fields(refused.text))

    assert (again.status_code, heading(again)) == (200, "Who should we expect?")
    assert "We&#39;d rather come &lt;together&gt;." in again.text
    assert held(app) == [start]


def test_address_in_a_header_is_nobody(app, client, practice):
    start = take_everything(app)
    token = form_token(client)
    for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "True-Client-IP"):
        data = {"start": start_value(start), "csrf_token": token}
        refused = client.post("/book/hold", data=data, headers={name: "192.0.2.9"})
        assert refused.status_code == 429


def test_too_many_bookings_are_refused_and_the_same_form_books_later(app, client, practice, few):
    book(app.test_client(), TEN)
    choose(client, TEN + HALF_HOUR)
    form = details_form(client, **WRITTEN)

    refused = client.post("/book/details", data=form)

    assert (refused.status_code, ten_minutes(refused)) == (429, True)
    assert "call or write to us: we gladly do it for you" in words(refused)
    sent = hidden_fields(refused.text)
    assert {name: sent[name] for name in form} | {"csrf_token": ""} == form | {"csrf_token": ""}
    assert held(app) == [TEN + HALF_HOUR]
    clock.move(HALF_HOUR)
    assert client.post("/book/details", data=sent).status_code == 303
    assert len(appointments(app)) == 2


def test_second_send_of_a_booking_that_filled_the_count_finds_it(app, client, practice, few):
    choose(client, TEN)
    form = details_form(client)

    answers = [client.post("/book/details", data=form) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [303] * 3
    assert len({answer.location for answer in answers}) == 1


def test_too_many_moves_are_refused_on_the_page_of_the_link(app, client, practice, monkeypatch):
    monkeypatch.setitem(LIMITS, Counted.MAILS_TO_ADDRESS, CountLimit(1, HALF_HOUR))
    token = book(client, TEN)
    page = f"/a/{token}/move"

    refused = post(client, page, page=page, start=start_value(TEN + HALF_HOUR))

    assert (refused.status_code, heading(refused)) == (429, "Please wait a little")
    assert appointments(app) == [(TEN, "confirmed")]


class TestLoadTests:
    @pytest.fixture
    def settings(self, database_url, tmp_path):
        return settings_for(tmp_path, database_url, rate_limits=False)

    def test_nothing_is_counted(self, app, practice):
        for number in range(12):
            book(app.test_client(), TEN + number * HALF_HOUR)

        assert len(appointments(app)) == 12
        assert stored(app, select(VisitorCount.number)) == []


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (1, "It can be tried again in a minute."),
        (61, "It can be tried again in 2 minutes."),
        (3600, "It can be tried again in an hour."),
        (3601, "It can be tried again in 2 hours."),
        (54000, "It can be tried again in 15 hours."),
    ],
)
def test_wait_is_said_in_round_words(app, seconds, said):
    with app.test_request_context("/"):
        assert wait_text(seconds) == said
