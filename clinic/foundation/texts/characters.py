"""Which characters no text may hold, asked by everything that takes, keeps or shows one. Pure.

Refused are the control characters of ASCII and Latin-1 but for tab, newline and carriage return,
and lone surrogates: a database, JSON or UTF-8 refuses some of them, and none of them can be seen.
"""

from __future__ import annotations

import json
import re
from typing import Any

from clinic.foundation.errors import N_

REFUSED_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
REPLACEMENT = "\ufffd"
"""U+FFFD REPLACEMENT CHARACTER: stands where a refused character stood."""
CANNOT_BE_KEPT = N_(
    "This text holds an invisible character that cannot be stored. It is marked �: "
    "delete it and send again."
)
LONGEST_TEXT = 1024 * 1024
"""Characters. As many as the largest request has bytes; most fields have a limit far below it."""
_MAYBE_IN_JSON = re.compile("[\x7f-\x9f\ud800-\udfff]|\\\\[ubf]")
"""JSON text without a match holds no refused character: JSON escapes those below U+0020."""


def has_refused_characters(text: str) -> bool:
    """Return whether `text` holds a character that no text may hold."""
    return REFUSED_CHARACTERS.search(text) is not None


def replace_refused_characters(text: str) -> str:
    """Return `text` with U+FFFD in the place of each refused character."""
    return REFUSED_CHARACTERS.sub(REPLACEMENT, text)


def replace_in_json(value: Any, *, by: str = REPLACEMENT) -> Any:
    """Return a JSON value with `by` for each refused character of its texts, keys included."""
    if isinstance(value, str):
        return REFUSED_CHARACTERS.sub(by, value)
    if isinstance(value, list):
        return [replace_in_json(one, by=by) for one in value]
    if isinstance(value, dict):
        return {
            replace_in_json(name, by=by): replace_in_json(one, by=by) for name, one in value.items()
        }
    return value


def json_has_refused_characters(text: str) -> bool:
    """Return whether a text in the JSON value that `text` writes holds a refused character."""
    if _MAYBE_IN_JSON.search(text) is None:
        return False
    value = json.loads(text)
    return bool(replace_in_json(value) != value)


def places_of_refused_characters(value: Any, place: str = "") -> list[str]:
    """Return the paths (`partner.name`, `needs.0`) of a JSON value's texts that are refused.

    A name that holds a refused character counts at the object that it stands in.
    """
    if isinstance(value, str):
        return [place] if has_refused_characters(value) else []
    if isinstance(value, list):
        children = [(str(at), one) for at, one in enumerate(value)]
    elif isinstance(value, dict):
        if any(has_refused_characters(name) for name in value):
            return [place]
        children = [*value.items()]
    else:
        return []
    return [
        found
        for name, one in children
        for found in places_of_refused_characters(one, f"{place}.{name}".lstrip("."))
    ]
