"""Write frozen dataclasses as JSON values and texts in one form, and read such texts back.

Pure. What is sealed in the database and what the record's file holds are written in one form:
fields by name, instants as RFC 3339 in UTC, days as ISO dates, tuples as lists, no floats.
`json_structure.py` builds the dataclasses and checks their structure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import Field, fields, is_dataclass
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from clinic.foundation.texts.characters import json_has_refused_characters, replace_in_json
from clinic.notes.rules.json_structure import from_plain

Value = TypeVar("Value")
WHEN_TOLD: Mapping[str, bool] = {"when_told": True}
"""The metadata of a field that is left out while nothing is told in it. A field that came later
needs it: the digests of what was sealed before stand on the form without it."""


def to_plain(value: Any) -> Any:
    """`value` as JSON values; raises `TypeError` for what has no plain form."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [to_plain(one) for one in value]
    if is_dataclass(value) and not isinstance(value, type):
        items = ((one, getattr(value, one.name)) for one in fields(value))
        return {one.name: to_plain(item) for one, item in items if not _left_out(one, item)}
    raise TypeError(f"{type(value).__name__} has no plain form")


def is_omitted_when_empty(one: Field[Any]) -> bool:
    """Whether a field is left out while nothing is told in it."""
    return bool(one.metadata) and one.metadata.get("when_told") is True


def _left_out(one: Field[Any], value: Any) -> bool:
    return (value is None or value == "") and is_omitted_when_empty(one)


def dump(value: Any) -> str:
    """`value` as JSON text in its one form: sorted keys, no spaces."""
    return text_of(to_plain(value))


def text_of(plain: Any) -> str:
    """JSON values as text in its one form."""
    return json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def load(kind: type[Value], text: str) -> Value:
    """Read what `dump` wrote. Raises `NotPlain`."""
    return from_plain(kind, json.loads(text))


def load_readable(kind: type[Value], text: str) -> Value:
    """Read what was kept, with U+FFFD for each character that is refused now. Raises `NotPlain`."""
    raw = json.loads(text)
    return from_plain(kind, replace_in_json(raw) if json_has_refused_characters(text) else raw)


def dump_checked(kind: type[Value], value: Value) -> str:
    """Write `value` as `dump` does. Raises `NotPlain` for what `load` would refuse to read."""
    plain = to_plain(value)
    from_plain(kind, plain)
    return text_of(plain)
