"""Where the scheduling services deliver: exact paths, POST only, answered at once."""

from __future__ import annotations

from flask import Blueprint, Response, g, jsonify, request
from sqlalchemy.exc import InterfaceError
from sqlalchemy.exc import TimeoutError as NoConnection

from clinic.accounts.browser.route_guard import public
from clinic.extensions import csrf
from clinic.foundation.clock import clock
from clinic.foundation.errors import Unavailable
from clinic.scheduling_services.received.inbox import receive_delivery
from clinic.scheduling_services.rules.events import Provider
from clinic.scheduling_services.rules.payloads import MAX_PAYLOAD_BYTES, PayloadTooLarge
from clinic.scheduling_services.rules.signatures import CALCOM_HEADER, CALENDLY_HEADER

webhooks = Blueprint("webhooks", __name__, url_prefix="/webhooks")
csrf.exempt(webhooks)


@webhooks.post("/calcom")
@public
def calcom() -> tuple[Response, int]:
    """A delivery from Cal.com; its signature is what opens this door."""
    return _receive(Provider.CALCOM, CALCOM_HEADER)


@webhooks.post("/calendly")
@public
def calendly() -> tuple[Response, int]:
    """A delivery from Calendly; its signature is what opens this door."""
    return _receive(Provider.CALENDLY, CALENDLY_HEADER)


def _receive(provider: Provider, header: str) -> tuple[Response, int]:
    if g.get("clinic_id") is None:
        raise Unavailable
    try:
        taken = receive_delivery(
            provider,
            _body(),
            signature=request.headers.get(header),
            clinic_id=g.clinic_id,
            now=clock.now(),
        )
    except (InterfaceError, NoConnection):
        raise Unavailable from None  # nothing was stored: the sender tries again
    return jsonify({"status": taken.status}), 202 if taken.status == "accepted" else 200


def _body() -> bytes:
    """The raw bytes, refused by their announced size before any is read."""
    # One byte more than allowed: what comes in chunks is cut there without a word.
    request.max_content_length = MAX_PAYLOAD_BYTES + 1
    announced = request.content_length or 0
    body = request.get_data(cache=False) if announced <= MAX_PAYLOAD_BYTES else b""
    if max(announced, len(body)) > MAX_PAYLOAD_BYTES:
        raise PayloadTooLarge("The delivery is larger than one megabyte.")
    return body
