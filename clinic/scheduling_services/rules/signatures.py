"""Verify the signatures of received webhooks, and sign the webhooks sent.

Everything is checked on the raw bytes, before anything is parsed. Cal.com sends
`X-Cal-Signature-256`, Calendly `Calendly-Webhook-Signature`; what the product sends is signed as
Standard Webhooks says, by the library of that specification.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from standardwebhooks import Webhook

from clinic.foundation.errors import ClinicError

CALCOM_HEADER = "X-Cal-Signature-256"
CALENDLY_HEADER = "Calendly-Webhook-Signature"
NO_SECRET = "no-secret-provided"  # noqa: S105 - what Cal.com sends when a webhook has no secret
CALENDLY_TOLERANCE = timedelta(seconds=180)
OUTGOING_PREFIX = "whsec_"

_HEX_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_CALENDLY_VALUE = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})", re.ASCII)


class SignatureRefused(ClinicError):
    """This delivery is not signed with a key we know."""

    status = 401
    code = "webhook-refused"

    def __init__(self) -> None:
        # One text for every cause: a forger learns nothing about how close he came.
        super().__init__("This delivery is not signed with a key we know.")


def verify_calcom(body: bytes, *, header: str | None, secrets: Sequence[str]) -> None:
    """Pass silently when `header` is the HMAC-SHA256 of `body` under one of `secrets`.

    Several secrets may be live while one is being replaced. Raises SignatureRefused.
    """
    if header is None or not _HEX_DIGEST.fullmatch(header):
        raise SignatureRefused
    _require_match(body, given=[header], keys=_usable(secrets))


def verify_calendly(body: bytes, *, header: str | None, keys: Sequence[str], now: datetime) -> None:
    """Pass silently when `header` (`t=<unix seconds>,v1=<hex>`) signs `body` and is fresh.

    Fresh is within 180 seconds of `now`, before or after. Raises SignatureRefused.
    """
    found = _CALENDLY_VALUE.fullmatch(header) if header is not None else None
    if found is None:
        raise SignatureRefused
    stamp, digest = found.groups()
    _require_fresh(stamp, tolerance=CALENDLY_TOLERANCE, now=now)
    _require_match(stamp.encode() + b"." + body, given=[digest], keys=_usable(keys))


def new_outgoing_secret(randomness: bytes) -> str:
    """A Standard Webhooks secret from at least 24 random bytes."""
    if len(randomness) < 24:
        raise ValueError("a signing secret needs at least 24 random bytes")
    return OUTGOING_PREFIX + base64.b64encode(randomness).decode("ascii")


def sign_outgoing(body: bytes, *, secret: str, message_id: str, now: datetime) -> dict[str, str]:
    """Return the three Standard Webhooks headers for `body`, which is UTF-8.

    `message_id` stays the same for every retry of one message; the time is that of the attempt.
    """
    # The library takes the clock time of whatever zone it is given for UTC.
    signature = Webhook(secret).sign(message_id, now.astimezone(UTC), body.decode())
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
    }


def _usable(secrets: Iterable[str]) -> list[bytes]:
    # An empty secret would let anybody sign; the placeholder is known to everybody.
    return [secret.encode() for secret in secrets if secret and secret != NO_SECRET]


def _require_fresh(stamp: str, *, tolerance: timedelta, now: datetime) -> None:
    if abs(int(stamp) - now.timestamp()) > tolerance.total_seconds():
        raise SignatureRefused


def _require_match(message: bytes, *, given: Sequence[str], keys: Sequence[bytes]) -> None:
    right = [hmac.new(key, message, hashlib.sha256).hexdigest().encode() for key in keys]
    if not _any_equal(given, right):
        raise SignatureRefused


def _any_equal(given: Sequence[str], right: Sequence[bytes]) -> bool:
    # Every pair is compared, so that the time does not tell which key was the right one.
    # Bytes, because compare_digest raises on text outside ASCII.
    matches = [
        hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other)
        for one in given
        for other in right
    ]
    return any(matches)
