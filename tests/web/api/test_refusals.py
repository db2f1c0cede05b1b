"""The JSON API: everything that may be sent by mistake, and that nothing of it is stored."""

import json

import pytest

from tests.support.factories import make_practice, make_session_type
from tests.support.web.api_client import (
    BOOKINGS,
    a_body,
    nothing_stored,
    partner,
    problem,
    refused_fields,
    without,
)


@pytest.fixture
def practice(app):
    with app.app_context():
        yield make_practice()


NOT_OFFERED = [
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
]


def test_time_that_is_not_offered_is_refused_with_its_rule(client, practice):
    found = [
        problem(client.post(BOOKINGS, json=a_body(start=start)), 422) for start, _ in NOT_OFFERED
    ]

    assert {one["type"] for one in found} == {"http://localhost/problems/time-refused"}
    assert [(*one["errors"], one["rule"]) for one in found] == [
        ("start", rule) for _, rule in NOT_OFFERED
    ]
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
    ("concerns.0", a_body(concerns=["\ud800"])),
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


def test_wrong_field_is_refused_by_its_path_and_nothing_is_stored(client, practice):
    make_session_type(practice.clinic, slug="for-couples-we-know", audience="existing")

    # One database for the whole table: each body leaves it as it was.
    answers = [
        client.post(BOOKINGS, data=json.dumps(body), content_type="application/json")
        for _, body in WRONG
    ]

    assert [refused_fields(answer) for answer in answers] == [[field] for field, _ in WRONG]
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
        b"[" * 600 + b"]" * 600,
        b'{"name": "\xff\xfe"}',
        b"\x00",
        "\ufeff{}".encode(),
    ],
    ids=[
        "cut",
        "form",
        "nan",
        "infinity",
        "digits",
        "brackets",
        "braces",
        "deep",
        "latin",
        "nul",
        "bom",
    ],
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
