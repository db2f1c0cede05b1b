"""Reading single fields of foreign payloads: strict where we depend on them, mild elsewhere."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from clinic.foundation.zone_offsets import zone_names
from clinic.scheduling_services.rules.payloads import PayloadBroken

FIRST_YEAR, LAST_YEAR = 2000, 2100
MAX_ID, MAX_NAME, MAX_TEXT = 200, 200, 2000

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)", re.ASCII)
_EMAIL = re.compile(r"[^\s@<>,;:\"\\]{1,64}@[^\s@<>,;:\"\\]{1,253}")
_INVENTED = re.compile(r"\+?\d+@sms\.cal\.com", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_ID = re.compile(r"[!-~]+", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*", re.ASCII)


def mapping(value: Any) -> Mapping[str, Any]:
    """`value` when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Mapping[str, Any]]:
    """The objects in `value` when it is a list, else none."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def need_id(value: Any, *, name: str) -> str:
    """An id that must be there: printable ASCII, at most 200 characters."""
    if not isinstance(value, str) or len(value) > MAX_ID or not _ID.fullmatch(value):
        raise PayloadBroken(f"The delivery has no usable {name}.")
    return value


def maybe_id(value: Any) -> str | None:
    """An id that may be missing; whole numbers become text."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and len(value) <= MAX_ID and _ID.fullmatch(value):
        return value
    return None


def need_instant(value: Any, *, name: str) -> datetime:
    """An ISO 8601 instant with its offset, in UTC, in the years 2000 to 2100."""
    found = maybe_instant(value)
    if found is None:
        raise PayloadBroken(f"The delivery has no usable {name}.")
    return found


def maybe_instant(value: Any) -> datetime | None:
    """The instant in any of the formats in use (`Z`, `+00:00`, fractions), else None."""
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        return None
    try:
        read = datetime.fromisoformat(value)
        # Bounds first: converting the first or last year overflows.
        if not FIRST_YEAR <= read.year <= LAST_YEAR:
            return None
        return read.astimezone(UTC)
    except ValueError:
        return None


def text(value: Any, *, limit: int = MAX_TEXT) -> str:
    """Plain text for people: entities of filled templates undone, control characters gone."""
    if not isinstance(value, str):
        return ""
    return _CONTROL.sub("", html.unescape(value)).strip()[:limit]


def email(value: Any) -> str | None:
    """A usable address in lower case; None for broken ones and those Cal.com invents."""
    if not isinstance(value, str):
        return None
    lowered = value.strip().lower()
    if not _EMAIL.fullmatch(lowered) or _INVENTED.fullmatch(lowered):
        return None
    return lowered


def time_zone(value: Any) -> str | None:
    """An IANA name that we know, else None."""
    return value if isinstance(value, str) and value in zone_names() else None


def language(value: Any) -> str | None:
    """A language tag (`en`, `pt-PT`), else None."""
    return value if isinstance(value, str) and _LANGUAGE.fullmatch(value) else None
