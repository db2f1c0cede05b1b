from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from clinic.extensions import db
from clinic.foundation.permissions.actors import Role
from clinic.web.shell.navigation import desk_context
from tests.support.accounts.sign_in import signed_in
from tests.support.factories import (
    make_account,
    make_appointment,
    make_care_couple,
    make_note,
    make_practice,
)

AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
ITEM = re.compile(
    r'<a href="([^"]+)"(?: aria-current="(page)")?>\s*<svg.*?</svg>\s*([^<]+?)\s*'
    r'(?:<span class="badge accent">(\d+)</span>)?</a>',
    re.DOTALL,
)
THERAPIST = [
    ("/desk/day", "Day", True, 0),
    ("/desk/week", "Week", False, 0),
    ("/desk/couples", "Couples", False, 0),
    ("/desk/notes/unsigned", "Unsigned notes", False, 1),
    ("/desk/requests", "Requests", False, 1),
    ("/desk/practice", "Practice", False, 0),
    ("/desk/practice/vocabularies", "Vocabularies", False, 0),
    ("/desk/feeds", "Calendar addresses", False, 0),
    ("/desk/calendars", "Other calendars", False, 0),
    ("/desk/account", "Your account", False, 0),
]
ADMIN_AT_THE_FRONT_DESK = [
    ("/desk/day", "Day", True, 0),
    ("/desk/week", "Week", False, 0),
    ("/desk/requests", "Requests", False, 1),
    ("/desk/practice", "Practice", False, 0),
    ("/desk/practice/vocabularies", "Vocabularies", False, 0),
    ("/desk/feeds", "Calendar addresses", False, 0),
    ("/desk/calendars", "Other calendars", False, 0),
    ("/desk/integrations", "Integrations", False, 0),
    ("/desk/deliveries", "Deliveries", False, 0),
    ("/desk/accounts", "Accounts", False, 0),
    ("/desk/account", "Your account", False, 0),
]


@pytest.fixture
def couple(app):
    """A couple of Inês's with a note that she has not signed and a request that waits."""
    with app.app_context():
        practice = make_practice(needs_confirmation=True)
        couple = make_care_couple(practice)
        make_account(practice.clinic, therapist_id=practice.therapist.id)
        make_account(
            practice.clinic, email="helena@example.org", name="Helena Prado",
            roles=[Role.ADMIN, Role.FRONT_DESK],
        )  # fmt: skip
        make_note(couple, at=AT, now=AT + timedelta(hours=1))
        make_appointment(practice, datetime(2026, 11, 26, 10, tzinfo=UTC))
        db.session.remove()
    return couple


def navigation(client, path):
    """The entries of this page: address, label, whether it is current, and its count."""
    page = client.get(path, follow_redirects=True)
    assert page.status_code == 200
    [nav] = re.findall(r'<nav aria-label="Desk">(.*?)</nav>', page.text, re.DOTALL)
    return [
        (url, label, bool(here), int(count or 0)) for url, here, label, count in ITEM.findall(nav)
    ]


def current(client, path):
    return [label for _url, label, here, _count in navigation(client, path) if here]


def test_each_role_is_led_to_what_it_may_open_with_the_count_of_what_waits_there(app, couple):
    helena = signed_in(app, email="helena@example.org")

    assert navigation(signed_in(app), "/desk") == THERAPIST
    assert navigation(helena, "/desk") == ADMIN_AT_THE_FRONT_DESK


def test_page_below_an_entry_of_the_navigation_marks_that_entry(app, couple):
    ines, record = signed_in(app), f"/desk/couples/{couple.code}"
    shown = {
        record: "Couples",
        f"{record}/ledger": "Couples",
        f"{record}/restricted": "Couples",
        "/desk/notes/unsigned": "Unsigned notes",
        "/desk/requests": "Requests",
    }

    assert {path: current(ines, path) for path in shown} == {
        path: [label] for path, label in shown.items()
    }
    helena = signed_in(app, email="helena@example.org")
    assert current(helena, "/desk/practice/instruments") == ["Practice"]


def test_visitors_get_no_navigation(app, couple):
    with app.test_request_context("/"):
        assert desk_context() == {}
