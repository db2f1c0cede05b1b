"""Reading a verified body without being hurt by it, and cleaning it before it is stored."""

from __future__ import annotations

import json
import math
from typing import Any

from clinic.foundation.errors import ClinicError
from clinic.foundation.texts.characters import replace_in_json
from clinic.foundation.texts.json_nesting import refuse_deep_nesting

MAX_PAYLOAD_BYTES = 1_000_000
MAX_DEPTH = 32
MAX_INTEGER_DIGITS = 18  # what a 64-bit column holds
REMOVED = "[removed]"

# Lower case, without underscores and hyphens. Each opens something: a call, a recording,
# a seat, a payment, the other system's own account, or somebody's appointment.
_SECRET_KEYS = frozenset({
    "password", "onetimepassword", "passcode", "secret", "clientsecret", "token", "accesstoken",
    "refreshtoken", "apikey", "signingkey", "downloadlink", "downloadlinks", "downloadurl",
    "recordingurl", "transcriptionurl", "connectandjoinurl", "seatuid", "seatreferenceuid",
    "referenceuid", "bookingseat", "bookingseats", "attendeeseatid", "paymentdata", "cancelurl",
    "rescheduleurl", "webhook",
})  # fmt: skip


class PayloadBroken(ClinicError):
    """The delivery is authentic, but it cannot be read."""

    status = 422
    code = "payload-broken"


class PayloadTooLarge(PayloadBroken):
    """The delivery is larger than one megabyte."""

    status = 413
    code = "payload-too-large"


def read_payload(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`, safe to walk and to store; raises PayloadBroken.

    Refused: over 1 MB, not UTF-8, not an object, nested deeper than 32, integers of more than
    18 digits, NaN and infinities. Characters that no text may hold are taken out: a booking is not
    lost for one of them in a name.
    """
    if len(body) > MAX_PAYLOAD_BYTES:
        raise PayloadTooLarge("The delivery is larger than one megabyte.")
    try:
        parsed = json.loads(
            body.decode("utf-8"),
            parse_int=_read_integer,
            parse_float=_read_float,
            parse_constant=_refuse_constant,
        )
    except (ValueError, RecursionError) as error:
        raise PayloadBroken("The delivery is not readable JSON.") from error
    if not isinstance(parsed, dict):
        raise PayloadBroken("The delivery is not a JSON object.")
    try:
        refuse_deep_nesting(parsed, most=MAX_DEPTH)
    except ValueError as error:
        raise PayloadBroken("The delivery is nested too deeply.") from error
    cleaned: dict[str, Any] = replace_in_json(parsed, by="")
    return cleaned


def strip_secrets(payload: dict[str, Any]) -> dict[str, Any]:
    """A copy of `payload` in which everything that opens something else reads `[removed]`."""
    return {key: _strip(key, value) for key, value in payload.items()}


def _strip(key: str, value: Any) -> Any:
    if key.lower().replace("_", "").replace("-", "") in _SECRET_KEYS and value is not None:
        return REMOVED
    if isinstance(value, dict):
        return strip_secrets(value)
    if isinstance(value, list):
        return [_strip("", item) for item in value]
    return value


def _read_integer(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_INTEGER_DIGITS:
        raise ValueError("integer too long")
    return int(digits)


def _read_float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("number too large")
    return number


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
