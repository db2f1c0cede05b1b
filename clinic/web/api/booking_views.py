"""The JSON API's writing side: book, and what the holder of a booking's token may do.

Nothing here looks at a session: see `init_api`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import g

from clinic.accounts.browser.route_guard import public
from clinic.booking.appointments.book import book_appointment
from clinic.booking.appointments.changes import cancel_appointment, move_appointment
from clinic.booking.appointments.links import first_change, link_of, open_link
from clinic.booking.appointments.models import Appointment, AppointmentChange
from clinic.booking.appointments.sequence_and_history import shown_token
from clinic.booking.rules.contact_details import BookingRequest, EnteredPartner
from clinic.booking.rules.errors import TimeRefused
from clinic.booking.slots.start_restrictions import RestrictionRule
from clinic.config import current_settings
from clinic.extensions import limiter
from clinic.foundation.clock import clock
from clinic.foundation.zone_offsets import FIRST_ZONE_YEAR, LAST_ZONE_YEAR
from clinic.web.api.callers import connection, read_limit, visitor
from clinic.web.api.openapi import PREFIX, ApiBlueprint
from clinic.web.api.rendering import appointment_document
from clinic.web.api.schemas import (
    AppointmentOut,
    BookingHeaders,
    BookingIn,
    BookingOut,
    CancelIn,
    MoveIn,
)

bookings = ApiBlueprint(
    "api-bookings", __name__, url_prefix=f"{PREFIX}/bookings", description="Appointments"
)
book_limit = limiter.shared_limit("20/minute", scope="api-booking")
WRITING = (400, 404, 409, 413, 415, 422, 429, 503)


@bookings.post("")
@public
@book_limit
@bookings.describes("book", refuses=WRITING)
@bookings.arguments(BookingHeaders, location="headers")
@bookings.arguments(BookingIn)
@bookings.response(201, BookingOut)
def book(headers: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """Book an appointment, or ask for one where the clinic confirms.

    The answer is the same whether or not the address is a client's: what is theirs goes by mail.
    """
    actor = visitor()  # before the body is read: it refuses where there is no clinic yet
    request = booking_request(body, key=headers.get("key"))
    appointment = book_appointment(request, visitor=connection(), actor=actor, now=clock.now())
    link = link_of(appointment, request.partner.email)
    token = shown_token(link, clinic_id=appointment.clinic_id)
    return _document(appointment, token=token, made=first_change(appointment))


@bookings.get("/<token>")
@public
@read_limit
@bookings.describes("getBooking", refuses=(404, 429, 503))
@bookings.response(200, AppointmentOut)
def show(token: str) -> dict[str, Any]:
    """The appointment as it stands."""
    return _as_it_stands(token, now=clock.now())


@bookings.post("/<token>/reschedule")
@public
@book_limit
@bookings.describes("moveBooking", refuses=WRITING)
@bookings.arguments(MoveIn)
@bookings.response(200, AppointmentOut)
def reschedule(body: dict[str, Any], token: str) -> dict[str, Any]:
    """Move it to another open slot of the same therapist."""
    now = clock.now()
    opened, start = open_link(token, now=now), within_reach(body["start"])
    move_appointment(opened.appointment.id, start=start, actor=opened.actor, now=now)
    return _as_it_stands(token, now=now)


@bookings.post("/<token>/cancel")
@public
@book_limit
@bookings.describes("cancelBooking", refuses=WRITING)
@bookings.arguments(CancelIn, required=False)
@bookings.response(200, AppointmentOut)
def cancel(body: dict[str, Any], token: str) -> dict[str, Any]:
    """Cancel it; cancelling again changes nothing."""
    now = clock.now()
    opened = open_link(token, now=now)
    cancel_appointment(opened.appointment.id, reason=body["reason"], actor=opened.actor, now=now)
    return _as_it_stands(token, now=now)


def booking_request(body: dict[str, Any], *, key: str | None) -> BookingRequest:
    """The command a body stands for; what it leaves out about a partner is the clinic's."""
    partner = body["partner"]
    lives = {
        "time_zone": partner.get("time_zone", g.clinic.time_zone),
        "language": partner.get("language", g.clinic.language),
    }
    other = body["other_partner"]
    return BookingRequest(
        therapist=body["therapist"],
        session_type=body["session_type"],
        start=within_reach(body["start"]),
        format=body["format"],
        partner=EnteredPartner(name=partner["name"], email=partner["email"], **lives),
        other_partner=EnteredPartner(**other, **lives) if other else None,
        concerns=tuple(body["concerns"]),
        message=body["message"],
        privacy_accepted=body["privacy_accepted"],
        idempotency_key=key,
    )


def within_reach(start: datetime) -> datetime:
    """The same, or `TimeRefused`: beyond these years no diary can be computed."""
    if start.year <= FIRST_ZONE_YEAR:
        raise TimeRefused(RestrictionRule.PAST)
    if start.year >= LAST_ZONE_YEAR:
        raise TimeRefused(RestrictionRule.HORIZON)
    return start


def _as_it_stands(token: str, *, now: datetime) -> dict[str, Any]:
    return _document(open_link(token, now=now).appointment, token=token)


def _document(
    appointment: Appointment, *, token: str, made: AppointmentChange | None = None
) -> dict[str, Any]:
    base_url = current_settings().base_url
    return appointment_document(appointment, token=token, base_url=base_url, made=made)
