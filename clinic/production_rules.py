"""Decides what an installation for real people is refused with. Pure: values in, sentences out.

Each rule returns the sentence for the operator, or None. The sentences name the setting and never
repeat a key.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

MIN_DISTINCT_CHARACTERS = 8
MIN_BITS = 80.0
"""Estimated from how often each character occurs; 32 random hexadecimal digits have about 115."""
GUESSED_FIRST = (
    "change",
    "clinic",
    "default",
    "example",
    "insecure",
    "password",
    "replace",
    "secret",
)
"""Words of placeholders. Six letters or more, so that no random key holds one by chance."""
MIN_DISTINCT_BYTES = 20
"""Of 32 bytes; that random ones have fewer is less likely than one in a billion."""
_NEW_SECRET = 'Make one with: python3 -c "import secrets; print(secrets.token_urlsafe(32))".'  # noqa: S105
_NEW_KEY = (
    "Make one with: "
    'python3 -c "import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())".'
)
_PROXIES_UNSTATED = (
    "TRUSTED_PROXIES is not set: every visitor behind a proxy counts as one address, so wrong "
    "passwords or bookings of one slow down all. Set TRUSTED_PROXIES=1 behind one proxy, or "
    "TRUSTED_PROXIES=0 when visitors reach this server directly."
)


def production_refusals(
    *,
    base_url: str,
    secret_key: str,
    encryption_keys: str,
    debug: bool,
    rate_limits: bool,
    clock_stopped: bool,
) -> Iterator[str]:
    """Yield one sentence for each setting that real people cannot be served with."""
    if not base_url.startswith("https://"):
        yield "BASE_URL must begin with https:// in production: cookies and links need TLS."
    if reason := weak_secret(secret_key):
        yield f"SECRET_KEY can be guessed: {reason}. {_NEW_SECRET}"
    for position, key in enumerate(encryption_keys.split(","), start=1):
        if reason := weak_master_key(key.strip()):
            yield f"CLINIC_ENCRYPTION_KEYS, key {position}, can be guessed: {reason}. {_NEW_KEY}"
    if debug:
        yield "FLASK_DEBUG must be off in production: debug pages show code and settings."
    if not rate_limits:
        yield "CLINIC_RATE_LIMITS=off is for load tests only, never in production."
    if clock_stopped:
        yield "CLINIC_NOW stops the clock and is refused in production."


def production_notices(*, trusted_proxies: int | None) -> tuple[str, ...]:
    """Name what production should state and does not; None means not stated."""
    if trusted_proxies is not None:
        return ()
    return (_PROXIES_UNSTATED,)


def weak_secret(text: str) -> str | None:
    """Return why a text is no secret, or None when nothing shows that it was not made at random."""
    if len(set(text)) < MIN_DISTINCT_CHARACTERS:
        return "it has too few different characters"
    if _repeats(text):
        return "it repeats itself"
    if _estimated_bits(text) < MIN_BITS or _counts_up(text.encode(), MIN_DISTINCT_CHARACTERS):
        return "its characters follow a pattern"
    if any(word in text.lower() for word in GUESSED_FIRST):
        return "it is made of words that placeholders are made of"
    return None


def weak_master_key(text: str) -> str | None:
    """Return why a text is no master key (base64url of 32 bytes), or None.

    A text that cannot be decoded is left to whoever reads the keys.
    """
    try:
        key = base64.urlsafe_b64decode(text.encode("ascii"))
    except (binascii.Error, UnicodeEncodeError):
        return None
    if len(key) >= MIN_DISTINCT_BYTES and len(set(key)) < MIN_DISTINCT_BYTES:
        return "it has too few different bytes"
    if _counts_up(key, MIN_DISTINCT_BYTES):
        return "its bytes follow a pattern"
    if all(0x20 <= byte < 0x7F for byte in key):
        return "it is a text that somebody typed"
    return None


def _repeats(text: str) -> bool:
    """Whether it is one shorter text at least twice in a row."""
    return any(
        text == (text[:length] * len(text))[: len(text)] for length in range(1, len(text) // 2 + 1)
    )


def _counts_up(values: Sequence[int], least: int) -> bool:
    """Whether neighbours differ by few different amounts, as in 0123456789 or abcabd."""
    steps = {(after - before) % 256 for before, after in pairwise(values)}
    return len(values) > least and len(steps) < least


def _estimated_bits(text: str) -> float:
    size = len(text)
    return -sum(count * math.log2(count / size) for count in Counter(text).values())
