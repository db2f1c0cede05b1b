"""Calls of the JSON API that its tests share, and how its answers are read."""

from datetime import datetime

from sqlalchemy import func, select

from clinic.booking.appointments.models import Appointment, AppointmentChange
from clinic.couples.models import Couple, Partner
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import session

PROBLEM = "application/problem+json"
TEN = "2026-11-24T10:00:00Z"
SLOTS = "/api/v1/slots"
BOOKINGS = "/api/v1/bookings"


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
    return [count(table) for table in (Appointment, AppointmentChange, Couple, Partner)] == [0] * 4


def slots(client, **query):
    asked = {"session_type": "initial-consultation", "from": "2026-11-24", "to": "2026-11-24"}
    asked |= {name.rstrip("_"): value for name, value in query.items()}
    return client.get(SLOTS, query_string={k: v for k, v in asked.items() if v is not None})


def starts(response):
    assert response.status_code == 200, response.json
    return [slot["start"] for slot in response.json["slots"]]


def clock_at(instant):
    class Moved:
        def __enter__(self):
            self.before = clock.now()
            clock.freeze(datetime.fromisoformat(instant))

        def __exit__(self, *_error):
            clock.freeze(self.before)

    return Moved()
