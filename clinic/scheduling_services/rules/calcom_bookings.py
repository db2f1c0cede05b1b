"""Bookings as the API shows them, told as the deliveries that were missed (pure).

One reader for both: what reconciliation finds is stored and applied like any other delivery.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clinic.scheduling_services.rules.payload_fields import items, mapping, maybe_id, maybe_instant
from clinic.scheduling_services.rules.reschedule_chain_state import ChainStatus

OLDEST = "2000-01-01T00:00:00.000Z"
STATUSES: Mapping[str, ChainStatus] = {
    "accepted": ChainStatus.CONFIRMED,
    "pending": ChainStatus.REQUESTED,
    "cancelled": ChainStatus.CANCELLED,
    "rejected": ChainStatus.REJECTED,
}
_MADE = {"accepted": "BOOKING_CREATED", "pending": "BOOKING_REQUESTED"}
_MADE |= {"cancelled": "BOOKING_CREATED", "rejected": "BOOKING_REQUESTED"}
_ENDED = {"cancelled": "BOOKING_CANCELLED", "rejected": "BOOKING_REJECTED"}


@dataclass(frozen=True, slots=True)
class BookingState:
    """What a booking of the API says of itself, as far as it is compared."""

    uid: str
    status: ChainStatus
    starts_at: datetime
    ends_at: datetime
    replaces: str | None
    replaced_by: str | None


def read_booking(booking: Mapping[str, Any]) -> BookingState | None:
    """The booking's essentials; None when they cannot be used (an older shape, a new status)."""
    uid, status = maybe_id(booking.get("uid")), STATUSES.get(str(booking.get("status")))
    starts_at, ends_at = maybe_instant(booking.get("start")), maybe_instant(booking.get("end"))
    if uid is None or status is None or starts_at is None or ends_at is None:
        return None
    replaces = maybe_id(booking.get("rescheduledFromUid"))
    return BookingState(
        uid, status, starts_at, ends_at, replaces, maybe_id(booking.get("rescheduledToUid"))
    )


def as_deliveries(booking: Mapping[str, Any], *, moved: Iterable[str] = ()) -> list[dict[str, Any]]:
    """The deliveries that would have told of this booking.

    A booking that was replaced (`moved` are the ids that others replace) was not cancelled.
    """
    seen = read_booking(booking)
    if seen is None:
        return []
    status = str(booking["status"])
    over = status in _ENDED
    made_at = booking.get("createdAt" if over else "updatedAt") or booking.get("createdAt")
    made = _delivery(_MADE[status], booking, seen, at=made_at or OLDEST)
    if not over or seen.replaced_by is not None or seen.uid in set(moved):
        return [made]
    return [made, _delivery(_ENDED[status], booking, seen, at=booking.get("updatedAt") or made_at)]


def _delivery(
    trigger: str, booking: Mapping[str, Any], seen: BookingState, *, at: Any
) -> dict[str, Any]:
    hosts = items(booking.get("hosts"))
    host = hosts[0] if hosts else {}
    payload: dict[str, Any] = {
        "uid": seen.uid,
        "startTime": booking.get("start"),
        "endTime": booking.get("end"),
        "status": {"pending": "PENDING"}.get(str(booking["status"]), "ACCEPTED"),
        "eventTypeId": mapping(booking.get("eventType")).get("id") or booking.get("eventTypeId"),
        "organizer": {"id": host.get("id"), "email": host.get("email")},
        "attendees": _people(booking),
        "metadata": mapping(booking.get("metadata")),
    }
    if seen.replaces is not None and trigger not in _ENDED.values():
        payload["rescheduleUid"] = seen.replaces
    if trigger in _ENDED.values():
        payload["cancellationReason"] = booking.get("cancellationReason")
    if seen.replaces is not None and trigger == "BOOKING_CREATED":
        trigger = "BOOKING_RESCHEDULED"
    return {"triggerEvent": trigger, "createdAt": at or OLDEST, "payload": payload}


def _people(booking: Mapping[str, Any]) -> list[dict[str, Any]]:
    known = [
        {
            "name": one.get("name"),
            "email": one.get("email"),
            "timeZone": one.get("timeZone"),
            "language": {"locale": one.get("language")},
        }
        for one in items(booking.get("attendees"))
    ]
    guests = booking.get("guests")
    listed = guests if isinstance(guests, list) else []
    zone = known[0]["timeZone"] if known else None
    return known + [
        {"name": "", "email": one, "timeZone": zone}
        for one in listed
        if isinstance(one, str) and one not in {person["email"] for person in known}
    ]
