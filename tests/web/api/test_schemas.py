from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from marshmallow import ValidationError

from clinic.web.api.schemas import BookingHeaders, BookingIn, CancelIn, SlotsQuery
from tests.support.web.api_client import a_body, without


def asked(**changes):
    return {"session_type": "call", "from": "2026-11-24", "to": "2026-11-24"} | changes


def test_a_question_about_slots_is_read():
    found = SlotsQuery().load(asked(therapist="ines-duarte", time_zone="UTC", format="online"))

    assert found == {
        "session_type": "call",
        "from_": date(2026, 11, 24),
        "to": date(2026, 11, 24),
        "therapist": "ines-duarte",
        "time_zone": "UTC",
        "format": "online",
    }


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"to": "2026-11-23"}, {"to": ["The last day lies before the first."]}),
        ({"to": "2027-02-24"}, {"to": ["Please ask for up to 92 days at once."]}),
        ({"from": "0001-01-01"}, {"from": ["This day is out of reach."]}),
        ({"session_type": "No"}, {"session_type": ["We do not offer this."]}),
        ({"therapist": "No"}, {"therapist": ["This therapist does not offer this."]}),
        ({"format": "phone"}, {"format": ["Please choose online or in person."]}),
    ],
)
def test_a_wrong_question_about_slots_is_refused_at_its_field(changes, errors):
    with pytest.raises(ValidationError) as refused:
        SlotsQuery().load(asked(**changes))

    assert refused.value.messages == errors


def test_ninety_two_days_can_be_asked_for():
    assert SlotsQuery().validate(asked(to="2027-02-23")) == {}


def test_an_unknown_zone_is_refused():
    assert list(SlotsQuery().validate(asked(time_zone="Mars/Base"))) == ["time_zone"]


def test_a_booking_is_read_with_what_may_be_left_out():
    body = without(a_body(), "therapist", "other_partner", "concerns", "message")

    assert BookingIn().load(body) == {
        "therapist": None,
        "session_type": "initial-consultation",
        "start": datetime(2026, 11, 24, 10, tzinfo=UTC),
        "format": "online",
        "partner": a_body()["partner"],
        "other_partner": None,
        "concerns": [],
        "message": "",
        "privacy_accepted": True,
    }


def test_what_a_booking_needs_is_named():
    assert sorted(BookingIn().validate({})) == [
        "format",
        "partner",
        "privacy_accepted",
        "session_type",
        "start",
    ]


def test_a_key_is_read_from_its_header_and_a_reason_may_be_left_out():
    assert BookingHeaders().load({"Idempotency-Key": "k"}) == {"key": "k"}
    assert CancelIn().load({}) == {"reason": ""}
