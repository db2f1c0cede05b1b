"""Who calls the JSON API, and how often they may."""

from __future__ import annotations

from flask import g, request

from clinic.booking.appointments.visitor_counts import Visitor
from clinic.extensions import limiter
from clinic.foundation.errors import NotFound
from clinic.foundation.permissions.actors import Actor

read_limit = limiter.shared_limit("120/minute", scope="api-reading")


def visitor() -> Actor:
    """Whoever calls, whatever cookie they carry."""
    clinic_id = g.get("clinic_id")
    if clinic_id is None:
        raise NotFound
    return Actor(clinic_id=clinic_id)


def connection() -> Visitor:
    """What a caller's bookings are counted by: the network alone, since no cookie is looked at."""
    return Visitor(address=request.remote_addr)
