from __future__ import annotations

import pytest
from werkzeug.datastructures import MultiDict

from clinic.booking.rules.contact_details import BookingRequest, EnteredPartner
from clinic.booking.rules.errors import KeyReused
from clinic.booking.site.forms import DetailsForm
from clinic.foundation.errors import InvalidInput
from tests.support.factories import NOW

FIELDS = {
    "name": "Alex Example",
    "email": "alex@example.org",
    "language": "pt",
    "time_zone": "Asia/Tokyo",
    "format": "in_person",
    "message": "Hello",
    "privacy_accepted": "y",
    "hold": "id.signature",
    "key": "key",
}


@pytest.fixture(params=["en"])
def form(app, request):
    """Makes the form of what was sent, for a reader of English or Portuguese."""
    with app.test_request_context("/", method="POST", headers={"Accept-Language": request.param}):
        yield lambda **fields: DetailsForm(MultiDict(fields), meta={"csrf": False})


def request_of(form):
    return form.to_request(
        therapist="ines-duarte", session_type="initial-consultation", start=NOW, concerns=("a",)
    )


def test_everything_sent_becomes_a_request(form):
    assert request_of(form(**FIELDS, other_name="Sam", other_email="sam@example.org")) == (
        BookingRequest(
            therapist="ines-duarte",
            session_type="initial-consultation",
            start=NOW,
            format="in_person",
            partner=EnteredPartner(
                name="Alex Example",
                email="alex@example.org",
                time_zone="Asia/Tokyo",
                language="pt",
            ),
            other_partner=EnteredPartner(
                name="Sam", email="sam@example.org", time_zone="Asia/Tokyo", language="pt"
            ),
            concerns=("a",),
            message="Hello",
            privacy_accepted=True,
            hold_token="id.signature",
            idempotency_key="key",
        )
    )


def test_nothing_sent_becomes_an_empty_request(form):
    assert request_of(form()) == BookingRequest(
        therapist="ines-duarte",
        session_type="initial-consultation",
        start=NOW,
        format="",
        partner=EnteredPartner(name="", email="", time_zone="", language=""),
        concerns=("a",),
    )


@pytest.mark.parametrize(
    ("other", "there"),
    [
        ({}, False),
        ({"other_name": "  ", "other_email": " "}, False),
        ({"other_name": "Sam"}, True),
        ({"other_email": "sam@example.org"}, True),
    ],
)
def test_other_partner_is_there_when_anything_is_said_of_them(form, other, there):
    assert (request_of(form(**FIELDS, **other)).other_partner is not None) == there


def test_each_sentence_goes_to_its_field_and_the_rest_to_the_top(form):
    made = form(**FIELDS)

    made.show(
        InvalidInput(
            {
                "partner.email": ["one", "two"],
                "other_partner.name": ["three"],
                "concerns": ["four"],
            }
        )
    )
    made.show(KeyReused())

    assert made.errors == {
        "email": ["one", "two"],
        "other_name": ["three"],
        "": ["four", "This key was used for another booking."],
    }


@pytest.mark.parametrize("form", ["pt"], indirect=True)
def test_sentences_are_in_the_readers_language(form):
    made = form(**FIELDS)

    made.show(InvalidInput({"partner.name": ["Please tell us how to call you."]}))

    (said,) = made.name.errors
    assert said not in {"", "Please tell us how to call you."}
