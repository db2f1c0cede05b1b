"""The JSON API: what the holder of a booking's token may see and do."""

import json
from datetime import datetime, timedelta

import pytest

from clinic.booking.appointments.models import Appointment, AppointmentChange
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import session
from tests.support.factories import make_appointment, make_practice
from tests.support.web.api_client import (
    BOOKINGS,
    TEN,
    book,
    count,
    partner,
    problem,
    refused_fields,
    slots,
    starts,
)


@pytest.fixture
def practice(app):
    with app.app_context():
        yield make_practice()


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
