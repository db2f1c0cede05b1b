from __future__ import annotations

import pytest
from flask import request

from clinic.foundation.errors import InvalidInput
from clinic.foundation.texts.characters import CANNOT_BE_KEPT
from clinic.web.api.fields import Document, Part, Text
from clinic.web.api.json_bodies import JsonParser, NotJson, UnreadableJson, by_path, read_json


class Person(Document):
    """Somebody."""

    name = Text(required=True)


class Booking(Document):
    """What is sent."""

    partner = Part(Person, required=True)


def parse(app, body, content_type="application/json"):
    with app.test_request_context(method="POST", data=body, content_type=content_type):
        return JsonParser().parse(Booking(), request, location="json")


def test_a_body_is_read_through_its_schema(app):
    assert parse(app, b'{"partner": {"name": "In\xc3\xaas"}}') == {"partner": {"name": "Inês"}}


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        (b"", {"partner": ["This is needed."]}),
        (b'{"partner": {}}', {"partner.name": ["This is needed."]}),
        (b"[]", {"body": ["This must be an object."]}),
        (
            b'{"partner": {"name": "a\\u0000"}}',
            {"partner.name": [CANNOT_BE_KEPT]},
        ),
    ],
)
def test_every_problem_is_named_by_its_path(app, body, errors):
    with pytest.raises(InvalidInput) as refused:
        parse(app, body)

    assert refused.value.errors == errors


def test_a_body_that_does_not_say_it_is_json_is_refused(app):
    with pytest.raises(NotJson):
        parse(app, b"{}", content_type="text/plain")


@pytest.mark.parametrize(
    "body",
    [b"{", b"NaN", b"-Infinity", b"[" * 100_000, b"[" * 600 + b"]" * 600, b'"\xff"', b"9" * 5_000],
)
def test_what_is_not_json_is_refused(body):
    with pytest.raises(UnreadableJson):
        read_json(body)


def test_ordinary_json_is_read_as_it_is():
    assert read_json('{"a": [1, -2.5, true, null, "é"]}'.encode()) == {
        "a": [1, -2.5, True, None, "é"]
    }


def test_nested_messages_are_told_by_their_path():
    messages = {
        "partner": {"email": ["Wrong.", "Long."], "_schema": ["Odd."]},
        "concerns": {1: ["Unknown."]},
        "_schema": ["No object."],
    }

    assert list(by_path(messages)) == [
        ("partner.email", "Wrong."),
        ("partner.email", "Long."),
        ("partner", "Odd."),
        ("concerns.1", "Unknown."),
        ("", "No object."),
    ]
