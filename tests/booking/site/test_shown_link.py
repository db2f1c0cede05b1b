"""What is shown to whoever books: one appointment, answered alike for known and unknown addresses.

Alex is a client: they booked with Sam, and a calendar of theirs follows their appointments. Somebody
who knows Alex's address books with it, by the API and by the pages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import select

from clinic.booking.appointments.links import links_of
from clinic.booking.appointments.models import AppointmentChange
from clinic.booking.appointments.sequence_and_history import manage_token
from clinic.booking.desk.display import actor_name
from clinic.booking.rules.contact_details import EnteredPartner
from clinic.calendars.models import CalendarFeed
from clinic.extensions import db
from clinic.foundation import outbox
from clinic.foundation.database.transactions import session, transaction
from tests.calendars.feeds.test_feed_kinds import address_in, lines
from tests.support.booking.booking_client import book as book_by_pages
from tests.support.booking.booking_client import (
    choose,
    details_form,
    form_token,
    post,
    start_value,
    words,
)
from tests.support.factories import NOW, make_appointment, make_practice
from tests.support.web.api_client import BOOKINGS, a_body

TEN = datetime(2026, 11, 26, 10, tzinfo=UTC)
DAY = timedelta(days=1)
ALEX = EnteredPartner(
    name="Alex Unmistakable",
    email="alex@clients.example",
    time_zone="Asia/Kathmandu",
    language="pt",
)
SAM = EnteredPartner(
    name="Sam Unmistakable", email="sam@clients.example", time_zone="Asia/Tokyo", language="pt"
)
UNKNOWN = "zoey@clients.example"  # as long as the known one: cookies have their length
TYPED = ALEX.email.upper()
PRIVATE = ("unmistakable", "sam@", "alex@clients.example", "kathmandu", "tokyo", "phone of alex")


@dataclass(frozen=True)
class Victim:
    mailed: str
    """The token in the mail to Alex."""
    feed: str
    feed_id: str
    uids: tuple[str, ...]


@pytest.fixture
def practice(app):
    with app.app_context():
        made = make_practice()
        db.session.expunge_all()
        return made


@pytest.fixture
def victim(app, practice):
    with app.app_context():
        first, second = (
            make_appointment(practice, start, partner=ALEX, other_partner=SAM, message="at night")
            for start in (TEN, TEN + DAY)
        )
        token = manage_token(links_of(first)[0], clinic_id=practice.clinic.id)
        uids = (first.uid, second.uid)
        db.session.remove()
    page = f"/a/{token}/calendar"
    made = post(app.test_client(), page, name="Phone of Alex", reminder="-1")
    assert made.status_code == 201
    with app.app_context():
        feed_id = session().scalars(select(CalendarFeed.id)).one()
        db.session.remove()
    return Victim(token, address_in(made), feed_id, uids)


def details(**changes):
    """What a stranger enters with an address that they know."""
    return {"name": "Nobody", "email": TYPED, "time_zone": "Europe/Lisbon"} | changes


def book_by_api(client, start, **changes):
    partner = details(language="en", **changes)
    answer = client.post(
        BOOKINGS, json=a_body(start=f"{start:%Y-%m-%dT%H:%M:%SZ}", partner=partner)
    )
    assert answer.status_code == 201, answer.text
    return answer


@pytest.fixture(params=["api", "pages"])
def shown(request, app, victim):
    """The token that a stranger gets by booking with Alex's address."""
    client, start = app.test_client(), TEN + 2 * DAY + timedelta(days=2)
    if request.param == "api":
        return book_by_api(client, start).json["manage_token"]
    return book_by_pages(client, start, **details())


def feeds(app):
    with app.app_context():
        rows = session().execute(select(CalendarFeed.name, CalendarFeed.revoked_at)).all()
        db.session.remove()
        return [tuple(row) for row in rows]


# --- The attack --------------------------------------------------------------------------------


def test_stranger_neither_lists_nor_makes_nor_ends_a_clients_calendar_addresses(
    app, client, victim, shown
):
    listed = client.get(f"/a/{shown}/calendar")
    made = post(client, f"/a/{shown}/calendar", name="mine", reminder="-1")
    ended = post(client, f"/a/{shown}/calendar/{victim.feed_id}/end")

    assert [one.status_code for one in (listed, made, ended)] == [403] * 3
    assert "This page opens with the link in the message that we sent by e-mail." in words(listed)
    assert f'href="/a/{shown}"' in listed.text  # back to the appointment that it does open
    for answer in (listed, made, ended):
        assert [word for word in PRIVATE if word in answer.text.lower()] == []
        assert "localhost/calendar/" not in answer.text
    assert feeds(app) == [("Phone of Alex", None)]
    assert client.get(victim.feed).status_code == 200


def test_stranger_reads_of_the_one_appointment_and_of_no_other(app, victim, shown):
    client = app.test_client()
    pages = {
        path: client.get(f"/a/{shown}{path}")
        for path in ("", "/booked", "/move", "/cancel", "/appointment.ics")
    }
    pages["api"] = client.get(f"{BOOKINGS}/{shown}")

    assert {path: page.status_code for path, page in pages.items()} == dict.fromkeys(pages, 200)
    for path, page in pages.items():
        assert "Kathmandu" not in "".join(re.findall(r"<option[^>]*selected[^>]*>", page.text)), (
            path
        )
        text = re.sub(r"<select.*?</select>", "", page.text, flags=re.DOTALL)  # every usual zone
        assert [word for word in PRIVATE if word in text.lower()] == [], path
        assert [uid for uid in victim.uids if uid in page.text] == [], path
        assert "localhost/calendar/" not in page.text, path
        assert f"/a/{shown}/calendar" not in page.text, path
    assert lines(pages["/appointment.ics"].data, "UID") == [pages["api"].json["uid"]]


def test_stranger_is_told_that_the_calendar_comes_by_mail(client, shown):
    assert (
        "Your calendar can follow all your times with us. The link for that is in the message; "
        "it is not shown here." in words(client.get(f"/a/{shown}/booked"))
    )
    assert (
        "Your calendar can follow all your times with us. The link for that is in the message we "
        "sent by e-mail." in words(client.get(f"/a/{shown}"))
    )


def test_moving_and_cancelling_leave_the_shown_link_what_it_was(client, victim, shown):
    def allowed():
        return [
            client.get(f"/a/{shown}").status_code,
            client.get(f"/a/{shown}/calendar").status_code,
        ]

    moved = post(client, f"/a/{shown}/move", start=start_value(TEN + 6 * DAY))
    after_moving = allowed()
    cancelled = post(client, f"/a/{shown}/cancel")

    assert [moved.status_code, cancelled.status_code] == [303, 303]
    assert (after_moving, allowed()) == ([200, 403], [200, 403])


def test_history_does_not_say_that_a_partner_did_what_the_shown_link_did(app, client, shown):
    post(client, f"/a/{shown}/cancel")

    with app.app_context():
        who = session().scalars(
            select(AppointmentChange.actor).where(AppointmentChange.kind == "cancelled")
        )
        (by,) = [one.partition(":")[0] for one in who]
        db.session.remove()
    with app.test_request_context():
        assert actor_name(by) == "by whoever booked it, through the link shown to them"


# --- Every route that takes a link -------------------------------------------------------------

ROUTES = {
    ("GET", "/a/<token>"): (200, 200),
    ("GET", "/a/<token>/booked"): (200, 200),
    ("GET", "/a/<token>/move"): (200, 200),
    ("POST", "/a/<token>/move"): (303, 303),
    ("GET", "/a/<token>/cancel"): (200, 200),
    ("GET", "/a/<token>/appointment.ics"): (200, 200),
    ("GET", "/api/v1/bookings/<token>"): (200, 200),
    ("POST", "/api/v1/bookings/<token>/reschedule"): (200, 200),
    ("GET", "/a/<token>/calendar"): (403, 200),
    ("POST", "/a/<token>/calendar"): (403, 201),
    ("POST", "/a/<token>/calendar/<feed_id>/end"): (403, 303),
    ("GET", "/calendar/<token>.ics"): (404, 404),
    ("GET", "/calendar/<token>.ifb"): (404, 404),
    ("GET", "/calendar/<token>/busy.ics"): (404, 404),
    ("GET", "/password/<token>"): (404, 404),
    ("POST", "/password/<token>"): (404, 404),
    ("POST", "/a/<token>/cancel"): (303, 303),
    ("POST", "/api/v1/bookings/<token>/cancel"): (200, 200),
}
"""What is answered to the shown and to the mailed link of one appointment; cancelling comes last."""


def test_every_route_that_takes_a_token_is_in_the_table(app):
    with app.app_context():
        found = {
            (method, rule.rule)
            for rule in app.url_map.iter_rules()
            for method in rule.methods & {"GET", "POST"}
            if "<token>" in rule.rule
        }

    assert found == set(ROUTES)


@pytest.mark.parametrize("which", [0, 1], ids=["shown", "mailed"])
def test_link_opens_exactly_what_its_channel_may(app, client, victim, which):
    token = victim.mailed if which else book_by_api(client, TEN + 4 * DAY).json["manage_token"]
    csrf = form_token(client)
    given = {}
    for method, rule in ROUTES:
        path = rule.replace("<token>", token).replace("<feed_id>", victim.feed_id)
        start = TEN + timedelta(days=5 if "/api/" in rule else 6)
        if method == "GET":
            answer = client.get(path)
        elif "/api/" in rule:
            moves = {"start": f"{start:%Y-%m-%dT%H:%M:%SZ}"} if "reschedule" in rule else {}
            answer = client.post(path, json=moves)
        else:
            fields = {"csrf_token": csrf, "name": "x", "reminder": "-1"}
            answer = client.post(path, data=fields | {"start": start_value(start)})
        given[method, rule] = answer.status_code

    assert given == {route: answers[which] for route, answers in ROUTES.items()}


# --- Known and unknown addresses are answered alike --------------------------------------------


def masked(answer, *random):
    """Status, headers and body, with the random values taken out."""
    text = answer.text
    for value in random:
        text = text.replace(value, "·")
    text = re.sub(r'(name="csrf_token"[^>]*value=|name="csrf-token" content=)"[^"]+"', r"\1", text)
    headers = [
        (name, re.sub(r"^clinic=[^;]+", lambda found: str(len(found[0])), value))
        for name, value in answer.headers.items()
        if name != "X-Request-ID"
    ]
    for value in random:
        headers = [(name, text_.replace(value, "·")) for name, text_ in headers]
    return answer.status_code, sorted(headers), text


def test_api_answers_a_known_and_an_unknown_address_alike(app, practice, victim):
    def answered(email, other=None):
        client = app.test_client()
        body = a_body(
            start=f"{TEN + 4 * DAY:%Y-%m-%dT%H:%M:%SZ}",
            partner=details(email=email, language="en"),
            other_partner=other,
        )
        made = client.post(BOOKINGS, json=body)
        random = [made.json[name] for name in ("manage_token", "reference", "uid")]
        seen = [masked(one, *random) for one in (made, client.get(f"{BOOKINGS}/{random[0]}"))]
        client.post(f"{BOOKINGS}/{random[0]}/cancel")
        return seen

    assert answered(TYPED) == answered(UNKNOWN.upper())
    sam = {"name": "S", "email": SAM.email}
    assert answered(TYPED, sam) == answered(UNKNOWN, sam | {"email": "lou@clients.example"})


@pytest.mark.parametrize("needs_confirmation", [False, True])
def test_pages_answer_a_known_and_an_unknown_address_alike(
    app, practice, victim, needs_confirmation
):
    with app.app_context(), transaction() as current:
        current.merge(practice.session_type).needs_confirmation = needs_confirmation

    def answered(email):
        client = app.test_client()
        choose(client, TEN + 4 * DAY)
        made = client.post("/book/details", data=details_form(client, **details(email=email)))
        token = made.location.split("/")[2]
        booked = client.get(f"{BOOKINGS}/{token}").json
        random = [token, booked["reference"], booked["uid"], email]
        paths = ("/booked", "", "/move", "/cancel", "/appointment.ics")
        seen = [masked(client.get(f"/a/{token}{path}"), *random) for path in paths]
        other_browser = app.test_client()
        seen += [masked(other_browser.get(f"/a/{token}{path}"), *random) for path in paths]
        post(client, f"/a/{token}/cancel")
        return [masked(made, *random), *seen]

    assert answered(TYPED) == answered(UNKNOWN.upper())


def test_done_page_shows_the_address_as_typed_in_the_browser_that_booked_and_in_no_other(
    app, victim
):
    client = app.test_client()
    token = book_by_pages(client, TEN + 4 * DAY, **details())

    same, other = (
        words(browser.get(f"/a/{token}/booked")) for browser in (client, app.test_client())
    )

    assert f"A message is on its way to {TYPED}." in same
    assert "A message is on its way to the e-mail address given." in other


# --- What the mail brings ----------------------------------------------------------------------


def test_first_time_booker_gets_the_calendar_by_mail(app, client, practice, tmp_path):
    shown = book_by_pages(client, TEN, name="Zoey", email=UNKNOWN)
    with app.app_context():
        while outbox.deliver_due(now=NOW):
            pass
        db.session.remove()
    found = [
        message_from_bytes(one.read_bytes(), policy=policy.default)
        for one in tmp_path.glob("mail/*.eml")
    ]
    (mail,) = [one for one in found if one["To"] == UNKNOWN]
    text = mail.get_body(("plain",)).get_content()
    (page,) = re.findall(r"http://localhost(/a/[\w-]{43}/calendar)", text)

    made = post(client, page, name="phone", reminder="-1")

    assert shown not in mail.as_string()
    assert (client.get(page).status_code, made.status_code) == (200, 201)
    assert lines(client.get(address_in(made)).data, "DTSTART") == ["20261126T100000"]
    assert client.get(f"/a/{shown}/calendar").status_code == 403
