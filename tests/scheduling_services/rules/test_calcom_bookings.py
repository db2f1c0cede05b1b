from __future__ import annotations

from datetime import UTC, datetime

import pytest

from clinic.scheduling_services.rules.calcom_bookings import (
    OLDEST,
    BookingState,
    as_deliveries,
    read_booking,
)
from clinic.scheduling_services.rules.reschedule_chain_state import ChainStatus

BOOKING = {
    "uid": "uid-A",
    "status": "accepted",
    "start": "2026-12-07T09:00:00Z",
    "end": "2026-12-07T10:00:00Z",
    "createdAt": "2026-12-01T08:00:00Z",
    "updatedAt": "2026-12-02T08:00:00Z",
    "eventType": {"id": 77},
    "hosts": [{"id": 41, "email": "vera@example.org", "name": "Vera"}],
    "attendees": [
        {"name": "Ana", "email": "ana@example.org", "timeZone": "Europe/Lisbon", "language": "pt"}
    ],
    "guests": ["ben@example.org", "ana@example.org", 7],
    "metadata": {"clinic_appointment": "x"},
}
ANA = {
    "name": "Ana",
    "email": "ana@example.org",
    "timeZone": "Europe/Lisbon",
    "language": {"locale": "pt"},
}
BEN = {"name": "", "email": "ben@example.org", "timeZone": "Europe/Lisbon"}


def told(**changes):
    return [(one["triggerEvent"], one["createdAt"]) for one in as_deliveries(BOOKING | changes)]


def test_a_booking_is_read_as_what_is_compared():
    assert read_booking(BOOKING | {"rescheduledFromUid": "uid-0"}) == BookingState(
        uid="uid-A",
        status=ChainStatus.CONFIRMED,
        starts_at=datetime(2026, 12, 7, 9, tzinfo=UTC),
        ends_at=datetime(2026, 12, 7, 10, tzinfo=UTC),
        replaces="uid-0",
        replaced_by=None,
    )


@pytest.mark.parametrize("name", ["uid", "status", "start", "end"])
def test_a_booking_without_an_essential_is_left_out(name):
    broken = {key: value for key, value in BOOKING.items() if key != name}

    assert (read_booking(broken), as_deliveries(broken)) == (None, [])


def test_a_booking_that_stands_is_told_as_one_delivery():
    assert as_deliveries(BOOKING) == [
        {
            "triggerEvent": "BOOKING_CREATED",
            "createdAt": "2026-12-02T08:00:00Z",
            "payload": {
                "uid": "uid-A",
                "startTime": "2026-12-07T09:00:00Z",
                "endTime": "2026-12-07T10:00:00Z",
                "status": "ACCEPTED",
                "eventTypeId": 77,
                "organizer": {"id": 41, "email": "vera@example.org"},
                "attendees": [ANA, BEN],
                "metadata": {"clinic_appointment": "x"},
            },
        }
    ]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"status": "pending"}, [("BOOKING_REQUESTED", "2026-12-02T08:00:00Z")]),
        (
            {"status": "cancelled"},
            [
                ("BOOKING_CREATED", "2026-12-01T08:00:00Z"),
                ("BOOKING_CANCELLED", "2026-12-02T08:00:00Z"),
            ],
        ),
        (
            {"status": "rejected"},
            [
                ("BOOKING_REQUESTED", "2026-12-01T08:00:00Z"),
                ("BOOKING_REJECTED", "2026-12-02T08:00:00Z"),
            ],
        ),
        (
            {"status": "cancelled", "rescheduledToUid": "uid-B"},
            [("BOOKING_CREATED", "2026-12-01T08:00:00Z")],
        ),
        ({"rescheduledFromUid": "uid-0"}, [("BOOKING_RESCHEDULED", "2026-12-02T08:00:00Z")]),
        ({"createdAt": None, "updatedAt": None}, [("BOOKING_CREATED", OLDEST)]),
    ],
)
def test_each_status_is_told_as_the_deliveries_that_were_missed(changes, found):
    assert told(**changes) == found


def test_a_booking_that_another_replaces_was_not_cancelled():
    cancelled = BOOKING | {"status": "cancelled"}

    assert [one["triggerEvent"] for one in as_deliveries(cancelled, moved=["uid-A"])] == [
        "BOOKING_CREATED"
    ]


def test_a_cancellation_says_why_and_names_no_booking_it_replaces():
    changes = {"status": "cancelled", "cancellationReason": "ill", "rescheduledFromUid": "uid-0"}
    made, ended = as_deliveries(BOOKING | changes)

    assert (made["triggerEvent"], made["payload"]["rescheduleUid"]) == (
        "BOOKING_RESCHEDULED",
        "uid-0",
    )
    assert ended["payload"]["cancellationReason"] == "ill"
    assert "rescheduleUid" not in ended["payload"]
