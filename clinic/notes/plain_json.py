"""Frozen dataclasses to plain JSON values and back, every problem told with its place.

Pure. What is sealed in the database and what the record's file holds are written in one form:
fields by name, instants as RFC 3339 in UTC, days as ISO dates, tuples as lists, no floats.
"""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from clinic.foundation.errors import ClinicError

Value = TypeVar("Value")
_NAMES: dict[Any, str] = {str: "text", int: "a whole number", bool: "true or false"}


class NotPlain(ClinicError):
    """The JSON does not have the form asked for; `problems` lists (place, sentence)."""

    code = "not-plain"

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{place or 'the file'}: {said}" for place, said in problems))


class _Bad:
    """Stands where a value could not be read."""


_BAD = _Bad()


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
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    raise TypeError(f"{type(value).__name__} has no plain form")


def from_plain(kind: type[Value], raw: Any) -> Value:
    """A value of the dataclass `kind` read from JSON values. Raises `NotPlain`."""
    problems: list[tuple[str, str]] = []
    found = _read(kind, raw, "", problems)
    if problems:
        raise NotPlain(problems)
    return cast("Value", found)


def dump(value: Any) -> str:
    """`value` as JSON text in its one form: sorted keys, no spaces."""
    return json.dumps(to_plain(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def load(kind: type[Value], text: str) -> Value:
    """Read what `dump` wrote. Raises `NotPlain`."""
    return from_plain(kind, json.loads(text))


@cache
def hints_of(kind: type) -> Mapping[str, Any]:
    """The types of a dataclass's fields."""
    return get_type_hints(kind)


def _read(kind: Any, raw: Any, place: str, problems: list[tuple[str, str]]) -> Any:
    origin = get_origin(kind)
    if origin in {Union, types.UnionType}:
        inner = next(one for one in get_args(kind) if one is not types.NoneType)
        return None if raw is None else _read(inner, raw, place, problems)
    if origin is tuple:
        return _read_tuple(get_args(kind), raw, place, problems)
    if is_dataclass(kind):
        return _read_object(kind, raw, place, problems)
    return _read_single(kind, raw, place, problems)


def _read_single(kind: Any, raw: Any, place: str, problems: list[tuple[str, str]]) -> Any:
    if kind in {date, datetime}:
        return _read_time(kind, raw, place, problems)
    if type(raw) is not kind:
        problems.append((place, f"This must be {_NAMES[kind]}."))
        return _BAD
    if kind is str and not _storable(raw):
        problems.append((place, "This text holds signs that cannot be stored."))
        return _BAD
    return raw


def _storable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\x00" not in text


def _read_time(kind: Any, raw: Any, place: str, problems: list[tuple[str, str]]) -> Any:
    said = "a date like 2026-03-31" if kind is date else "an instant like 2026-03-31T10:00:00Z"
    found: date | None = None
    try:
        found = kind.fromisoformat(raw) if isinstance(raw, str) else None
        if isinstance(found, datetime):
            found = found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        found = None
    if found is None:
        problems.append((place, f"This must be {said}."))
    return _BAD if found is None else found


def _read_tuple(
    args: tuple[Any, ...], raw: Any, place: str, problems: list[tuple[str, str]]
) -> Any:
    if not isinstance(raw, list):
        problems.append((place, "This must be a list."))
        return _BAD
    if args[-1] is Ellipsis:
        return tuple(_read(args[0], one, f"{place}[{at}]", problems) for at, one in enumerate(raw))
    if len(raw) != len(args):
        problems.append((place, f"This must be a list of {len(args)}."))
        return _BAD
    pairs = zip(args, raw, strict=True)
    return tuple(_read(k, one, f"{place}[{at}]", problems) for at, (k, one) in enumerate(pairs))


def _read_object(kind: Any, raw: Any, place: str, problems: list[tuple[str, str]]) -> Any:
    if not isinstance(raw, dict):
        problems.append((place, "This must be an object."))
        return _BAD
    before = len(problems)
    hints = hints_of(kind)
    values: dict[str, Any] = {}
    for field in fields(kind):
        there = f"{place}.{field.name}" if place else field.name
        if field.name in raw:
            values[field.name] = _read(hints[field.name], raw[field.name], there, problems)
        elif field.default is MISSING and field.default_factory is MISSING:
            problems.append((there, "This is missing."))
    problems += [
        (f"{place}.{name}" if place else str(name), "This is not known here.")
        for name in sorted(set(raw) - set(hints), key=str)
    ]
    return kind(**values) if len(problems) == before else _BAD
