"""The JSON API's reading side, and how the whole of it is bound to an app."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from flask import Flask, Response, g, jsonify

from clinic.accounts.browser.route_guard import public
from clinic.booking.appointments.queries import slots_of
from clinic.booking.slots.instant_ranges import Interval
from clinic.extensions import csrf
from clinic.foundation.clock import clock
from clinic.foundation.epoch_minutes import floor_minute, instant_at
from clinic.foundation.errors import N_, InvalidInput, NotFound
from clinic.foundation.wall_clock import day_bounds
from clinic.practice.clinic.queries import (
    get_session_type,
    list_bookable,
    list_public_therapists,
    list_session_types,
)
from clinic.practice.models import SessionType, Therapist
from clinic.web.api.booking_views import bookings
from clinic.web.api.callers import read_limit, visitor
from clinic.web.api.openapi import PREFIX, ApiBlueprint, make_api
from clinic.web.api.record_views import records
from clinic.web.api.rendering import session_type_document, slot_document, therapist_document
from clinic.web.api.schemas import SessionTypesOut, SlotsOut, SlotsQuery, TherapistsOut

reading = ApiBlueprint(
    "api-practice", __name__, url_prefix=PREFIX, description="What can be booked, and when"
)


def init_api(app: Flask) -> None:
    """Register the API's blueprints and its document at `/api/v1/openapi.json`.

    The bookings' blueprint is exempt from CSRF tokens because nothing in it looks at a session:
    who calls is a visitor, or whoever holds the token in the address. A view that trusts the
    session cookie belongs into another blueprint.
    """
    app.config["OPENAPI_URL_PREFIX"] = PREFIX
    api = make_api()
    api.init_app(app)
    csrf.exempt(bookings)
    for blueprint in (reading, bookings, records):
        api.register_blueprint(blueprint)


@reading.get("/therapists")
@public
@read_limit
@reading.describes("listTherapists", refuses=(404, 429, 503))
@reading.response(200, TherapistsOut)
def therapists() -> dict[str, Any]:
    """The therapists, in the clinic's order."""
    found = list_public_therapists(visitor().clinic_id)
    return {"therapists": [therapist_document(therapist) for therapist in found]}


@reading.get("/session-types")
@public
@read_limit
@reading.describes("listSessionTypes", refuses=(404, 429, 503))
@reading.response(200, SessionTypesOut)
def session_types() -> dict[str, Any]:
    """The kinds of appointments that anybody can book."""
    found = list_session_types(visitor().clinic_id, audience="public")
    return {"session_types": [session_type_document(kind) for kind in found]}


@reading.get("/slots")
@public
@read_limit
@reading.describes("listSlots", refuses=(404, 422, 429, 503))
@reading.arguments(SlotsQuery, location="query")
@reading.response(200, SlotsOut)
def slots(query: dict[str, Any]) -> Response:
    """The open slots from one day to another, both included, by start."""
    who, kind = _wanted(query, clinic_id=visitor().clinic_id)
    zone, now = query.get("time_zone") or g.clinic.time_zone, clock.now()
    window = days_window(query["from_"], query["to"], zone=zone, now=now)
    found = slots_of(who, kind, window=window, now=now) if window else []
    return jsonify(time_zone=zone, slots=[slot_document(one, slot) for one, slot in found])


def days_window(first: date, last: date, *, zone: str, now: datetime) -> Interval | None:
    """The time from the first day's start to the last day's end in `zone`, from `now` on.

    None when nothing of it is left.
    """
    opening, closing = day_bounds(first, days=(last - first).days + 1, zone=zone)
    start = max(opening, instant_at(floor_minute(now)))
    return Interval(start, closing) if start < closing else None


def _wanted(query: dict[str, Any], *, clinic_id: str) -> tuple[Sequence[Therapist], SessionType]:
    """Whose slots for what. Raises `InvalidInput` at the parameter that names nothing."""
    try:
        kind = get_session_type(clinic_id, query["session_type"])
    except NotFound:
        kind = None
    if kind is None or kind.audience != "public":
        raise InvalidInput({"session_type": [N_("We do not offer this.")]})
    wanted = query.get("format")
    if wanted and wanted not in kind.formats:
        raise InvalidInput({"format": [N_("This is not offered in this format.")]})
    offering = list_bookable(clinic_id, kind.id)
    slug = query.get("therapist")
    if slug and slug not in {one.slug for one in offering}:
        raise InvalidInput({"therapist": [N_("This therapist does not offer this.")]})
    chosen = [one for one in offering if slug in {None, one.slug}]
    return [one for one in chosen if wanted is None or wanted in one.formats], kind
