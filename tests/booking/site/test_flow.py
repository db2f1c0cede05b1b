"""What a visitor chose is forgotten when it is booked, or an hour after it was left."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from clinic.booking.site.flow import LASTS, has_lapsed
from clinic.foundation.clock import clock
from tests.support.booking.booking_client import book, choose, post
from tests.support.booking.booking_queries import TEN
from tests.support.factories import NOW

SECOND = timedelta(seconds=1)


def kept(client):
    with client.session_transaction() as cookie:
        # `visitor` is a random value that outlives the flow: what this browser holds is found by it.
        return set(cookie) - {"csrf_token", "flow_seen_at", "visitor"}


def checked(client):
    page = client.get("/book").text
    boxes = [one for one in re.findall(r"<input[^>]*>", page) if "checked" in one]
    return sorted(re.search(r'value="([^"]+)"', one)[1] for one in boxes)


@pytest.mark.parametrize(
    ("seen_at", "lapsed"),
    [
        (None, True),
        ((NOW - LASTS).isoformat(), False),
        ((NOW - LASTS - SECOND).isoformat(), True),
        (NOW.isoformat(), False),
    ],
)
def test_flow_lapses_an_hour_after_its_last_page(seen_at, lapsed):
    assert has_lapsed(seen_at, now=NOW) is lapsed


def test_answers_are_kept_for_an_hour_after_each_page_and_then_forgotten(client, practice):
    post(client, "/book", needs=["betrayal_or_affair"], couple="two")
    answers = ["betrayal_or_affair", "two"]

    clock.move(LASTS)
    still = checked(client)
    clock.move(LASTS)
    after_another_page = checked(client)
    clock.move(LASTS + SECOND)

    assert (still, after_another_page) == (answers, answers)
    assert checked(client) == []
    assert kept(client) == set()


def test_booking_ends_the_flow_and_keeps_what_finds_a_second_send_for_an_hour(client, practice):
    post(client, "/book", needs=["betrayal_or_affair"])
    choose(client, TEN)
    assert kept(client) == {"inquiry", "hold", "key", "chosen"}

    token = book(client, TEN)
    assert kept(client) == {"chosen", "booked", "typed_email"}
    assert client.get("/book/details").location == f"/a/{token}/booked"
    clock.move(LASTS + SECOND)
    done = client.get(f"/a/{token}/booked").text

    assert "alex@example.org" not in done
    assert client.get("/book/details").location == "/book/times"
    assert kept(client) - {"_flashes"} == set()
