"""The JSON API: whole bodies of its answers, and everything that may be sent by mistake."""

import json
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from clinic.booking.models import Appointment, AppointmentChange
from clinic.couples.models import Couple, Person
from clinic.foundation.clock import clock
from clinic.foundation.database import session
from tests.conftest import settings_for
from tests.factories import (
    make_appointment,
    make_clinic,
    make_practice,
    make_session_type,
    make_therapist,
)

PROBLEM = "application/problem+json"
TEN = "2026-11-24T10:00:00Z"
SLOTS = "/api/v1/slots"
BOOKINGS = "/api/v1/bookings"


@pytest.fixture
def practice(app):
    with app.app_context():
        yield make_practice()


def a_body(**changes):
    return {
        "therapist": "ines-duarte",
        "session_type": "initial-consultation",
        "start": TEN,
        "format": "online",
        "partner": {
            "name": "Alex Example",
            "email": "alex@example.org",
            "time_zone": "Europe/Lisbon",
            "language": "en",
        },
        "other_partner": None,
        "concerns": [],
        "message": "",
        "privacy_accepted": True,
    } | changes


def partner(**changes):
    return a_body()["partner"] | changes


def without(body, *names):
    return {name: value for name, value in body.items() if name not in names}


def book(client, **changes):
    response = client.post(BOOKINGS, json=a_body(**changes))
    assert response.status_code == 201, response.json
    return response.json


def problem(response, status):
    """The document without its request id; what every problem has is checked here."""
    assert (response.status_code, response.content_type) == (status, PROBLEM)
    assert response.headers["Cache-Control"] == "no-store"
    assert response.json["status"] == status
    assert len(response.json["request_id"]) == 16
    return without(response.json, "request_id", "status", "title", "detail")


def refused_fields(response):
    found = problem(response, 422)
    assert found["type"] == "http://localhost/problems/invalid-input"
    return sorted(found["errors"])


def count(table):
    session().rollback()
    return session().scalar(select(func.count()).select_from(table))


def nothing_stored():
    return [count(table) for table in (Appointment, AppointmentChange, Couple, Person)] == [0] * 4


# --- reading ---------------------------------------------------------------------------------


def test_therapists_are_listed_with_what_anybody_can_book_of_theirs(client, app):
    with app.app_context():
        clinic = make_clinic()
        first = make_session_type(clinic)
        known = make_session_type(clinic, slug="session", audience="existing")
        make_therapist(clinic, session_types=[first, known], title={"en": "Psychologist"})
        make_therapist(clinic, slug="gone", active=False)

    response = client.get("/api/v1/therapists")

    assert response.json == {
        "therapists": [
            {
                "slug": "ines-duarte",
                "name": "Inês Duarte",
                "title": {"en": "Psychologist"},
                "biography": {},
                "time_zone": "Europe/Lisbon",
                "languages": ["en", "pt"],
                "formats": ["online", "in_person"],
                "modalities": ["efct"],
                "concerns": [],
                "accepts_new_couples": True,
                "session_types": ["initial-consultation"],
            }
        ]
    }


def test_session_types_are_the_public_ones(client, app):
    with app.app_context():
        clinic = make_clinic()
        make_session_type(clinic)
        make_session_type(clinic, slug="session", audience="existing")
        make_session_type(clinic, slug="old", active=False)

    response = client.get("/api/v1/session-types")

    assert response.json == {
        "session_types": [
            {
                "slug": "initial-consultation",
                "name": {"en": "Initial consultation", "pt": "Consulta inicial"},
                "description": {},
                "minutes": 30,
                "formats": ["online", "in_person"],
                "needs_confirmation": False,
                "notice_minutes": 60,
                "horizon_days": 60,
                "change_notice_minutes": 1440,
            }
        ]
    }


def slots(client, **query):
    asked = {"session_type": "initial-consultation", "from": "2026-11-24", "to": "2026-11-24"}
    asked |= {name.rstrip("_"): value for name, value in query.items()}
    return client.get(SLOTS, query_string={k: v for k, v in asked.items() if v is not None})


def starts(response):
    assert response.status_code == 200, response.json
    return [slot["start"] for slot in response.json["slots"]]


def test_slots_are_in_utc_and_in_order_with_their_therapist(client, practice):
    with clock_at("2026-11-24T15:00:00+00:00"):
        response = slots(client)

    assert response.json == {
        "time_zone": "Europe/Lisbon",
        "slots": [
            {
                "start": "2026-11-24T16:00:00Z",
                "end": "2026-11-24T16:30:00Z",
                "therapist": "ines-duarte",
            },
            {
                "start": "2026-11-24T16:30:00Z",
                "end": "2026-11-24T17:00:00Z",
                "therapist": "ines-duarte",
            },
        ],
    }
    assert response.headers["Cache-Control"] == "no-store"


def test_slots_of_two_therapists_come_by_start_and_can_be_asked_for_one(client, practice):
    make_therapist(
        practice.clinic,
        slug="bea-costa",
        name="Bea Costa",
        sort=1,
        session_types=[practice.session_type],
        hours=[(1, 16 * 60, 17 * 60)],
    )

    both = [(slot["start"][11:16], slot["therapist"]) for slot in slots(client).json["slots"]]
    one = slots(client, therapist="bea-costa")

    assert both[-4:] == [
        ("16:00", "ines-duarte"),
        ("16:00", "bea-costa"),
        ("16:30", "ines-duarte"),
        ("16:30", "bea-costa"),
    ]
    assert starts(one) == ["2026-11-24T16:00:00Z", "2026-11-24T16:30:00Z"]


def test_slots_of_a_format_are_those_of_therapists_who_work_in_it(client, practice):
    make_therapist(
        practice.clinic, slug="bea", session_types=[practice.session_type], formats=["online"]
    )

    found = {slot["therapist"] for slot in slots(client, format="in_person").json["slots"]}

    assert found == {"ines-duarte"}


def test_days_are_days_of_the_zone_asked_for(client, practice):
    """09:00 to 16:30 in Lisbon is 22:00 to 05:30 in Auckland: two days there."""
    response = slots(client, time_zone="Pacific/Auckland")

    assert response.json["time_zone"] == "Pacific/Auckland"
    assert starts(response)[0] == "2026-11-23T11:00:00Z"
    assert starts(response)[-1] == "2026-11-24T10:30:00Z"


def test_day_on_which_clocks_change_is_whole(client, app):
    """Lisbon, 25 October 2026: a day of 25 hours."""
    with app.app_context():
        clinic = make_clinic()
        kind = make_session_type(clinic, length_minutes=60, grid_minutes=60)
        make_therapist(clinic, session_types=[kind], hours=[(6, 0, 1440)])

    with clock_at("2026-10-20T09:00:00+00:00"):
        found = starts(slots(client, from_="2026-10-25", to="2026-10-25"))

    assert (found[0], found[-1], len(found)) == (
        "2026-10-24T23:00:00Z",
        "2026-10-25T23:00:00Z",
        25,
    )


def test_past_days_and_a_day_that_never_was_have_no_slots(client, practice):
    assert slots(client, from_="2026-11-01", to="2026-11-22").json["slots"] == []
    apia = slots(client, from_="2011-12-30", to="2011-12-30", time_zone="Pacific/Apia")
    assert apia.json == {"time_zone": "Pacific/Apia", "slots": []}


def test_ninety_two_days_can_be_asked_for_and_no_more(client, practice):
    assert slots(client, from_="2026-11-24", to="2027-02-23").status_code == 200
    assert refused_fields(slots(client, from_="2026-11-24", to="2027-02-24")) == ["to"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"session_type": None}, "session_type"),
        ({"session_type": "unknown"}, "session_type"),
        ({"session_type": "for-couples-we-know"}, "session_type"),
        ({"session_type": "Initial Consultation"}, "session_type"),
        ({"session_type": "initial-consultation\n"}, "session_type"),
        ({"session_type": "a\x00b"}, "session_type"),
        ({"session_type": "a" * 61}, "session_type"),
        ({"therapist": "nobody"}, "therapist"),
        ({"therapist": ""}, "therapist"),
        ({"therapist": "not-offering"}, "therapist"),
        ({"from_": None}, "from"),
        ({"from_": "2026-02-30"}, "from"),
        ({"from_": "24/11/2026"}, "from"),
        ({"from_": "20261124"}, "from"),
        ({"from_": "٢٠٢٦-11-24"}, "from"),
        ({"from_": "0001-01-01"}, "from"),
        ({"from_": "2026-11-24T00:00:00Z"}, "from"),
        ({"to": None}, "to"),
        ({"to": "9999-12-31"}, "to"),
        ({"to": "2026-11-23"}, "to"),
        ({"to": "2026-11-24\n"}, "to"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": ""}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"time_zone": "localtime"}, "time_zone"),
        ({"time_zone": "a\x00"}, "time_zone"),
        ({"format": "telepathy"}, "format"),
    ],
)
def test_wrong_question_about_slots_is_refused_at_its_parameter(client, practice, query, field):
    make_session_type(practice.clinic, slug="for-couples-we-know", audience="existing")
    make_therapist(practice.clinic, slug="not-offering")

    assert refused_fields(slots(client, **query)) == [field]


def test_format_that_is_not_offered_is_refused(client, app):
    with app.app_context():
        make_practice(formats=["online"])

    assert refused_fields(slots(client, format="in_person")) == ["format"]


def test_unknown_parameters_change_nothing(client, practice):
    assert slots(client, couple="C-0001", debug="1").json == slots(client).json


# --- booking ---------------------------------------------------------------------------------


def test_booking_is_answered_with_everything_its_holder_needs(client, practice):
    response = client.post(BOOKINGS, json=a_body())

    appointment = session().scalars(select(Appointment)).one()
    token = response.json["manage_token"]
    assert response.status_code == 201
    assert response.json == {
        "reference": appointment.reference,
        "status": "confirmed",
        "start": TEN,
        "end": "2026-11-24T10:30:00Z",
        "therapist": "ines-duarte",
        "session_type": "initial-consultation",
        "uid": appointment.uid,
        "manage_url": f"http://localhost/a/{token}",
        "manage_token": token,
        "calendar_url": response.json["calendar_url"],
    }
    assert response.headers["Cache-Control"] == "no-store"
    assert appointment.source == "site"


def test_calendar_of_a_booking_holds_its_entry(client, practice):
    booked = book(client)

    feed = client.get(booked["calendar_url"].removeprefix("http://localhost"))

    assert booked["calendar_url"].startswith("http://localhost/calendar/")
    assert feed.content_type == "text/calendar; charset=utf-8"
    assert f"UID:{booked['uid']}" in feed.text


def test_known_address_does_not_open_the_feed_of_who_is_known(client, practice):
    """Whoever knows an address can book in its name; that must not show what else is booked."""
    first = book(client)
    clock.move(timedelta(minutes=1))

    second = book(client, start="2026-11-25T10:00:00Z")

    token = second["manage_token"]
    assert second["calendar_url"] == f"http://localhost/a/{token}/appointment.ics"
    entry = client.get(f"/a/{token}/appointment.ics").text
    assert f"UID:{second['uid']}" in entry
    assert f"UID:{first['uid']}" not in entry


def test_partner_who_books_gets_their_own_link(client, practice):
    """B of a known couple books: the token is B's, not A's."""
    other = {"name": "Sam Sample", "email": "sam@example.org"}
    book(client, other_partner=other)
    clock.move(timedelta(minutes=1))

    second = book(client, start="2026-11-25T10:00:00Z", partner=partner(**other))

    from clinic.booking.links import open_link

    _, member = open_link(second["manage_token"], now=clock.now())
    assert (member.slot, member.person.email) == ("B", "sam@example.org")


def test_whoever_is_free_is_taken_when_no_therapist_is_named(client, practice):
    assert book(client, therapist=None)["therapist"] == "ines-duarte"


def test_start_may_carry_any_offset(client, practice):
    assert book(client, start="2026-11-24T15:45:00+05:45")["start"] == TEN


def test_request_that_is_confirmed_by_the_clinic_is_answered_as_requested(client, app):
    with app.app_context():
        make_practice(needs_confirmation=True)

    assert book(client)["status"] == "requested"


def test_other_partner_lives_where_and_speaks_as_the_first(client, practice):
    book(
        client,
        partner=partner(time_zone="Asia/Kathmandu", language="pt"),
        other_partner={"name": "Sam", "email": "sam@example.org", "language": "xx"},
    )

    couple = session().scalars(select(Couple)).one()
    assert [(m.person.name, m.person.time_zone, m.person.language) for m in couple.members] == [
        ("Alex Example", "Asia/Kathmandu", "pt"),
        ("Sam", "Asia/Kathmandu", "pt"),
    ]


def test_zone_and_language_left_out_are_the_clinics(client, practice):
    book(client, partner=without(partner(), "time_zone", "language"))

    person = session().scalars(select(Person)).one()
    assert (person.time_zone, person.language) == ("Europe/Lisbon", "en")


def test_members_that_are_not_documented_are_not_read(client, practice):
    """Mass assignment: nothing but what is named gets through."""
    taken = book(client)
    before = session().scalars(select(Appointment)).one()
    slipped_in = {
        "id": before.id,
        "uid": before.uid,
        "reference": "AAAAAA",
        "status": "completed",
        "couple_id": before.couple_id,
        "clinic_id": "x",
        "source": "staff",
        "conflict": True,
        "ends_at": "2030-01-01T00:00:00Z",
        "end": "2030-01-01T00:00:00Z",
        "sequence": 99,
        "hold_token": "x.y",
        "idempotency_key": "x",
        "created_at": "2000-01-01T00:00:00Z",
        "__class__": "x",
    }

    made = book(
        client,
        start="2026-11-25T10:00:00Z",
        partner=partner(email="new@example.org", id="x", couple_id=before.couple_id, slot="B"),
        **slipped_in,
    )

    session().rollback()
    new = session().scalars(select(Appointment).where(Appointment.uid == made["uid"])).one()
    assert new.id != before.id
    assert new.couple_id != before.couple_id
    assert (new.status, new.source, new.sequence, new.conflict) == ("confirmed", "site", 0, False)
    assert (made["end"], new.clinic_id) == ("2026-11-25T10:30:00Z", practice.clinic.id)
    assert client.get(f"{BOOKINGS}/{taken['manage_token']}").json["sequence"] == 0


def test_session_cookie_does_not_make_the_caller_staff(client, practice):
    """The API is open without a CSRF token because it never looks at who is signed in."""
    with client.session_transaction() as cookie:
        cookie["_user_id"] = "somebody"

    book(client)

    change = session().scalars(select(AppointmentChange)).one()
    assert change.actor == "visitor"


def test_taken_slot_is_refused_with_the_three_nearest(client, practice):
    book(client)

    response = client.post(BOOKINGS, json=a_body(partner=partner(email="other@example.org")))

    assert problem(response, 409) == {
        "type": "http://localhost/problems/slot-unavailable",
        "rule": "appointment",
        "alternatives": [
            {
                "start": f"2026-11-24T{start}:00Z",
                "end": f"2026-11-24T{end}:00Z",
                "therapist": "ines-duarte",
            }
            for start, end in [("09:30", "10:00"), ("10:30", "11:00"), ("09:00", "09:30")]
        ],
    }
    assert (count(Appointment), count(Couple)) == (1, 1)


@pytest.mark.parametrize(
    ("start", "rule"),
    [
        ("2026-11-22T10:00:00Z", "past"),
        ("1970-01-01T00:00:00Z", "past"),
        ("1980-12-31T23:59:59Z", "past"),
        ("0001-01-01T00:00:00Z", "past"),
        ("2026-11-23T09:30:00Z", "notice"),
        ("2027-03-01T10:00:00Z", "horizon"),
        ("2100-06-01T10:00:00Z", "horizon"),
        ("9999-12-31T23:59:59Z", "horizon"),
        ("2026-11-24T10:07:00Z", "off_grid"),
        ("2026-11-24T10:00:01Z", "off_grid"),
        ("2026-11-24T10:00:00.5Z", "off_grid"),
        ("2026-11-24T20:00:00Z", "closed"),
        ("2026-11-28T10:00:00Z", "closed"),
    ],
)
def test_time_that_is_not_offered_is_refused_with_its_rule(client, practice, start, rule):
    found = problem(client.post(BOOKINGS, json=a_body(start=start)), 422)

    assert found["type"] == "http://localhost/problems/time-refused"
    assert (list(found["errors"]), found["rule"]) == (["start"], rule)
    assert nothing_stored()


WRONG = [
    ("therapist", a_body(therapist="nobody")),
    ("therapist", a_body(therapist=3)),
    ("therapist", a_body(therapist="a\x00")),
    ("therapist", a_body(therapist="\ud800")),
    ("session_type", without(a_body(), "session_type")),
    ("session_type", a_body(session_type="for-couples-we-know")),
    ("session_type", a_body(session_type="unknown")),
    ("session_type", a_body(session_type=None)),
    ("session_type", a_body(session_type=["initial-consultation"])),
    ("session_type", a_body(session_type="\ud800")),
    ("start", without(a_body(), "start")),
    ("start", a_body(start=None)),
    ("start", a_body(start="2026-11-24T10:00:00")),
    ("start", a_body(start="2026-02-30T10:00:00Z")),
    ("start", a_body(start="2026-11-24T25:00:00Z")),
    ("start", a_body(start="2026-11-24T10:00:60Z")),
    ("start", a_body(start="2026-11-24")),
    ("start", a_body(start="2026-11-24T10:00Z")),
    ("start", a_body(start="2026-W48-2T10:00:00Z")),
    ("start", a_body(start="2026-11-24T10:00:00+99:00")),
    ("start", a_body(start="0001-01-01T00:00:00+14:00")),
    ("start", a_body(start="9999-12-31T23:59:59-14:00")),
    ("start", a_body(start="٢٠٢٦-11-24T10:00:00Z")),
    ("start", a_body(start="2026-11-24T10:00:00Z\n")),
    ("start", a_body(start=1795514400)),
    ("start", a_body(start="tomorrow")),
    ("format", a_body(format="telepathy")),
    ("format", without(a_body(), "format")),
    ("format", a_body(format={})),
    ("partner", without(a_body(), "partner")),
    ("partner", a_body(partner=None)),
    ("partner", a_body(partner=[])),
    ("partner", a_body(partner="alex@example.org")),
    ("partner.name", a_body(partner=without(partner(), "name"))),
    ("partner.name", a_body(partner=partner(name=""))),
    ("partner.name", a_body(partner=partner(name="  "))),
    ("partner.name", a_body(partner=partner(name="x" * 10_000))),
    ("partner.name", a_body(partner=partner(name="a\nb"))),
    ("partner.name", a_body(partner=partner(name="a\x00b"))),
    ("partner.name", a_body(partner=partner(name="a\ud800b"))),
    ("partner.name", a_body(partner=partner(name=None))),
    ("partner.name", a_body(partner=partner(name={"$ne": ""}))),
    ("partner.email", a_body(partner=without(partner(), "email"))),
    ("partner.email", a_body(partner=partner(email="alex"))),
    ("partner.email", a_body(partner=partner(email="alex@example.org\r\nBcc: all@example.org"))),
    ("partner.email", a_body(partner=partner(email="alex@example.org\n"))),
    ("partner.email", a_body(partner=partner(email="a@b@example.org"))),
    ("partner.email", a_body(partner=partner(email="a" * 250 + "@example.org"))),
    ("partner.email", a_body(partner=partner(email="\ud800@example.org"))),
    ("partner.email", a_body(partner=partner(email=True))),
    ("partner.time_zone", a_body(partner=partner(time_zone="Mars/Olympus"))),
    ("partner.time_zone", a_body(partner=partner(time_zone="../etc/passwd"))),
    ("partner.time_zone", a_body(partner=partner(time_zone="posixrules"))),
    ("partner.time_zone", a_body(partner=partner(time_zone=None))),
    ("partner.time_zone", a_body(partner=partner(time_zone="\ud800"))),
    ("partner.language", a_body(partner=partner(language="tlh"))),
    ("partner.language", a_body(partner=partner(language=1))),
    ("other_partner", a_body(other_partner="Sam")),
    ("other_partner.email", a_body(other_partner={"name": "Sam"})),
    ("other_partner.email", a_body(other_partner={"name": "Sam", "email": "ALEX@example.org"})),
    ("other_partner.name", a_body(other_partner={"name": "", "email": "sam@example.org"})),
    ("concerns", a_body(concerns="feel_safe")),
    ("concerns", a_body(concerns=["no such need"])),
    ("concerns", a_body(concerns=["\ud800"])),
    ("concerns.0", a_body(concerns=[1])),
    ("concerns.1", a_body(concerns=["feel_safe", [["deep"]]])),
    ("message", a_body(message="x" * 2001)),
    ("message", a_body(message="a\x00b")),
    ("message", a_body(message="\ud800")),
    ("message", a_body(message=None)),
    ("privacy_accepted", without(a_body(), "privacy_accepted")),
    ("privacy_accepted", a_body(privacy_accepted=False)),
    ("privacy_accepted", a_body(privacy_accepted="true")),
    ("privacy_accepted", a_body(privacy_accepted=1)),
    ("body", []),
    ("body", "a string"),
    ("body", None),
    ("body", 7),
]


@pytest.mark.parametrize(("field", "body"), WRONG, ids=[f"{n}-{w[0]}" for n, w in enumerate(WRONG)])
def test_wrong_field_is_refused_by_its_path_and_nothing_is_stored(client, practice, field, body):
    make_session_type(practice.clinic, slug="for-couples-we-know", audience="existing")

    response = client.post(BOOKINGS, data=json.dumps(body), content_type="application/json")

    assert refused_fields(response) == [field]
    assert nothing_stored()


def test_all_wrong_fields_are_named_at_once(client, practice):
    body = a_body(partner=partner(name="", email="x"), concerns=["x"], privacy_accepted=False)

    assert refused_fields(client.post(BOOKINGS, json=body)) == [
        "concerns",
        "partner.email",
        "partner.name",
        "privacy_accepted",
    ]


def test_sentences_come_in_the_readers_language_and_are_sentences(client, practice):
    response = client.post(BOOKINGS, json=a_body(start="2026-11-24T10:00:00"))

    assert response.json["errors"] == {
        "start": ["This needs its offset from UTC, such as Z or +01:00."]
    }


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"name=alex",
        b'{"start": NaN}',
        b'{"start": -Infinity}',
        b'{"start": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"name": "\xff\xfe"}',
        b"\x00",
        "\ufeff{}".encode(),
    ],
    ids=["cut", "form", "nan", "infinity", "digits", "brackets", "braces", "latin", "nul", "bom"],
)
def test_body_that_is_not_json_is_refused(client, practice, body):
    response = client.post(BOOKINGS, data=body, content_type="application/json")

    assert problem(response, 400) == {"type": "http://localhost/problems/unreadable-json"}


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "text/html", ""]
)
def test_only_json_is_read(client, practice, content_type):
    """A form on another site can send these types; it cannot send JSON."""
    response = client.post(BOOKINGS, data=json.dumps(a_body()), content_type=content_type)

    assert problem(response, 415) == {"type": "http://localhost/problems/not-json"}
    assert nothing_stored()


def test_empty_body_is_told_what_is_missing(client, practice):
    assert refused_fields(client.post(BOOKINGS)) == [
        "format",
        "partner",
        "privacy_accepted",
        "session_type",
        "start",
    ]


def test_body_that_is_too_large_is_refused(client, practice):
    body = json.dumps(a_body(message="x" * 2_000_000))

    response = client.post(BOOKINGS, data=body, content_type="application/json")

    assert problem(response, 413) == {"type": "http://localhost/problems/too-large"}


# --- the same booking twice ------------------------------------------------------------------


def send(client, key, **changes):
    return client.post(BOOKINGS, json=a_body(**changes), headers={"Idempotency-Key": key})


def test_double_submit_with_a_key_books_once_and_gets_the_same_answer(client, practice):
    first, again = send(client, "k-1"), send(client, "k-1")

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.data == first.data
    assert (count(Appointment), count(AppointmentChange)) == (1, 1)


def test_answer_stays_the_first_one_after_the_appointment_has_moved(client, practice):
    first = send(client, "k-1")
    client.post(
        f"{BOOKINGS}/{first.json['manage_token']}/reschedule",
        json={"start": "2026-11-25T11:00:00Z"},
    )
    client.post(f"{BOOKINGS}/{first.json['manage_token']}/cancel")

    assert send(client, "k-1").data == first.data


def test_key_used_for_something_else_is_refused(client, practice):
    send(client, "k-1")

    response = send(client, "k-1", start="2026-11-24T11:00:00Z")

    assert problem(response, 422) == {
        "type": "http://localhost/problems/idempotency-key-reused",
        "errors": {"Idempotency-Key": ["This key was used for another booking."]},
    }
    assert count(Appointment) == 1


@pytest.mark.parametrize("key", ["", " ", "k" * 201, "ключ".encode().decode("latin-1"), "a b"])
def test_key_that_is_none_is_refused(client, practice, key):
    assert refused_fields(send(client, key)) == ["Idempotency-Key"]
    assert nothing_stored()


# --- what the holder of the token may do -----------------------------------------------------


def test_booking_is_shown_to_whoever_holds_its_token_without_names(client, practice):
    booked = book(client, message="About Sam", other_partner=None)

    response = client.get(f"{BOOKINGS}/{booked['manage_token']}")

    assert response.json == booked | {"sequence": 0, "format": "online"}
    assert response.headers["Cache-Control"] == "no-store"
    for private in ("Alex", "alex@example.org", "Sam", "C-0001"):
        assert private not in response.text


@pytest.mark.parametrize("token", ["x", "x" * 5000, "%00", "%ff%fe", "a.b", "' OR 1=1", "…"])
def test_unknown_token_is_not_found(client, practice, token):
    for response in (
        client.get(f"{BOOKINGS}/{token}"),
        client.post(f"{BOOKINGS}/{token}/reschedule", json={"start": TEN}),
        client.post(f"{BOOKINGS}/{token}/cancel", json={}),
    ):
        assert problem(response, 404) == {"type": "http://localhost/problems/not-found"}


def test_appointment_moves_and_keeps_its_uid(client, practice):
    booked = book(client)

    response = client.post(
        f"{BOOKINGS}/{booked['manage_token']}/reschedule",
        json={"start": "2026-11-25T12:00:00+01:00"},
    )

    assert response.status_code == 200
    assert response.json == booked | {
        "start": "2026-11-25T11:00:00Z",
        "end": "2026-11-25T11:30:00Z",
        "sequence": 1,
        "format": "online",
    }


def test_moving_onto_a_taken_slot_is_refused_with_alternatives(client, practice):
    booked = book(client)
    book(client, start="2026-11-25T10:00:00Z", partner=partner(email="other@example.org"))

    response = client.post(
        f"{BOOKINGS}/{booked['manage_token']}/reschedule", json={"start": "2026-11-25T10:00:00Z"}
    )

    found = problem(response, 409)
    assert found["type"] == "http://localhost/problems/slot-unavailable"
    assert [slot["start"] for slot in found["alternatives"]] == [
        "2026-11-25T09:30:00Z",
        "2026-11-25T10:30:00Z",
        "2026-11-25T09:00:00Z",
    ]


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("2026-11-24T10:00:00", None),
        (None, None),
        ("2026-02-30T10:00:00Z", None),
        ("2026-11-22T10:00:00Z", "past"),
        ("9999-12-31T23:59:59Z", "horizon"),
        ("2026-11-25T20:00:00Z", "closed"),
    ],
)
def test_moving_to_a_time_that_is_none_is_refused_at_start(client, practice, start, expected):
    booked = book(client)

    response = client.post(f"{BOOKINGS}/{booked['manage_token']}/reschedule", json={"start": start})

    found = problem(response, 422)
    assert (list(found["errors"]), found.get("rule")) == (["start"], expected)
    assert client.get(f"{BOOKINGS}/{booked['manage_token']}").json["sequence"] == 0


def test_cancelling_frees_the_slot_and_doing_it_again_changes_nothing(client, practice):
    booked = book(client)
    path = f"{BOOKINGS}/{booked['manage_token']}/cancel"

    first = client.post(path, json={"reason": "We are away."})
    again = client.post(path)

    assert first.status_code == 200
    assert first.json == booked | {"status": "cancelled", "sequence": 1, "format": "online"}
    assert again.json == first.json
    assert TEN in starts(slots(client))
    assert count(AppointmentChange) == 2


@pytest.mark.parametrize("reason", ["x" * 2001, "a\x00", "\ud800", 1, None])
def test_reason_that_cannot_be_kept_is_refused(client, practice, reason):
    booked = book(client)

    response = client.post(
        f"{BOOKINGS}/{booked['manage_token']}/cancel",
        data=json.dumps({"reason": reason}),
        content_type="application/json",
    )

    assert refused_fields(response) == ["reason"]
    assert client.get(f"{BOOKINGS}/{booked['manage_token']}").json["status"] == "confirmed"


def test_too_late_and_cancelled_appointments_are_conflicts(client, practice):
    late = book(client)["manage_token"]
    gone = book(client, start="2026-12-01T10:00:00Z")["manage_token"]
    client.post(f"{BOOKINGS}/{gone}/cancel")
    clock.move(timedelta(hours=2))

    for token, code in ((late, "too-late-to-change"), (gone, "not-changeable")):
        response = client.post(
            f"{BOOKINGS}/{token}/reschedule", json={"start": "2026-12-02T10:00:00Z"}
        )
        assert problem(response, 409) == {"type": f"http://localhost/problems/{code}"}


def test_token_opens_its_own_appointment_only(client, practice):
    mine = book(client)
    theirs = make_appointment(practice, datetime.fromisoformat("2026-11-25T10:00:00+00:00"))

    client.post(f"{BOOKINGS}/{mine['manage_token']}/cancel", json={"id": theirs.id, "uid": "x"})

    session().rollback()
    assert session().get_one(Appointment, theirs.id).status == "confirmed"


# --- HTTP ------------------------------------------------------------------------------------


def test_methods_that_are_not_there_are_refused_with_those_that_are(client, practice):
    response = client.delete(BOOKINGS)

    assert problem(response, 405) == {"type": "http://localhost/problems/method-not-allowed"}
    assert set(response.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}


def test_head_and_options_are_answered(client, practice):
    assert client.head("/api/v1/therapists").status_code == 200
    options = client.options(SLOTS)
    assert (options.status_code, options.headers["Allow"]) == (200, "HEAD, OPTIONS, GET") or set(
        options.headers["Allow"].split(", ")
    ) == {"GET", "HEAD", "OPTIONS"}
    assert "Access-Control-Allow-Origin" not in options.headers


def test_address_that_is_not_there_is_a_problem_document(client, practice):
    assert problem(client.get("/api/v1/secrets"), 404)["type"].endswith("/not-found")


def test_house_without_a_clinic_has_nothing_to_book(client):
    for path in ("/api/v1/therapists", "/api/v1/session-types"):
        assert problem(client.get(path), 404)["type"].endswith("/not-found")
    assert problem(slots(client), 404)["type"].endswith("/not-found")
    assert problem(client.post(BOOKINGS, json=a_body()), 404)["type"].endswith("/not-found")


class TestLimits:
    @pytest.fixture
    def settings(self, database_url, tmp_path):
        return settings_for(tmp_path, database_url, rate_limits=True)

    def test_writing_is_limited_by_address_and_says_when_to_come_back(self, client, practice):
        answers = [client.post(BOOKINGS, json={}) for _ in range(20)]
        refused = client.post(f"{BOOKINGS}/x/cancel")

        assert {answer.status_code for answer in answers} == {422}
        assert problem(refused, 429)["type"] == "http://localhost/problems/too-many-requests"
        assert 0 < int(refused.headers["Retry-After"]) <= 60
        elsewhere = client.post(BOOKINGS, json={}, environ_overrides={"REMOTE_ADDR": "192.0.2.7"})
        assert elsewhere.status_code == 422

    def test_reading_is_limited_by_address(self, client, practice):
        for _ in range(120):
            assert client.get("/api/v1/session-types").status_code == 200

        assert problem(client.get(f"{BOOKINGS}/x"), 429)["type"].endswith("/too-many-requests")

    def test_forwarded_address_that_nobody_vouches_for_is_not_believed(self, client, practice):
        for number in range(20):
            client.post(BOOKINGS, json={}, headers={"X-Forwarded-For": f"192.0.2.{number}"})

        assert client.post(BOOKINGS, json={}).status_code == 429


def clock_at(instant):
    class Moved:
        def __enter__(self):
            self.before = clock.now()
            clock.freeze(datetime.fromisoformat(instant))

        def __exit__(self, *_error):
            clock.freeze(self.before)

    return Moved()
