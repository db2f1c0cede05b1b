"""Frozen dataclasses to plain JSON values and back, every problem told with its place.

Pure. What is sealed in the database and what the record's file holds are written in one form:
fields by name, instants as RFC 3339 in UTC, days as ISO dates, tuples as lists, no floats.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, date, datetime
from functools import cache
from itertools import repeat
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from clinic.foundation.errors import ClinicError
from clinic.foundation.texts.characters import (
    LONGEST_TEXT,
    has_refused_characters,
    json_has_refused_characters,
    replace_in_json,
)

Value = TypeVar("Value")
Problems = list[tuple[str, str]]
Reader = Callable[[Any, str, Problems], Any]
"""Reads a raw value that stands at a place, and tells what is wrong with it."""
WHEN_TOLD: Mapping[str, bool] = {"when_told": True}
"""The metadata of a field that is left out while nothing is told in it. A field that came later
needs it: the digests of what was sealed before stand on the form without it."""
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
        told = ((one, getattr(value, one.name)) for one in fields(value))
        return {one.name: to_plain(said) for one, said in told if not _left_out(one, said)}
    raise TypeError(f"{type(value).__name__} has no plain form")


def is_omitted_when_empty(one: Field[Any]) -> bool:
    """Whether a field is left out while nothing is told in it."""
    return bool(one.metadata) and one.metadata.get("when_told") is True


def _left_out(one: Field[Any], said: Any) -> bool:
    return (said is None or said == "") and is_omitted_when_empty(one)


def from_plain(kind: type[Value], raw: Any) -> Value:
    """A value of the dataclass `kind` read from JSON values. Raises `NotPlain`."""
    problems: Problems = []
    found = _reader(cast("Any", kind))(raw, "", problems)
    if problems:
        raise NotPlain(problems)
    return cast("Value", found)


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


@cache
def hints_of(kind: type) -> Mapping[str, Any]:
    """The types of a dataclass's fields."""
    return get_type_hints(kind)


@cache
def _reader(kind: Any) -> Reader:
    """How a type is read, worked out once: a course is thousands of small values."""
    if get_origin(kind) in {Union, types.UnionType}:
        return _optional(next(one for one in get_args(kind) if one is not types.NoneType))
    if get_origin(kind) is tuple:
        return _tuple(get_args(kind))
    if is_dataclass(kind):
        return _object(kind)
    return _time(kind) if kind in {date, datetime} else _single(kind)


def _optional(kind: Any) -> Reader:
    inner = _reader(kind)
    return lambda raw, place, problems: None if raw is None else inner(raw, place, problems)


def _single(kind: Any) -> Reader:
    def read(raw: Any, place: str, problems: Problems) -> Any:
        if type(raw) is not kind:
            problems.append((place, f"This must be {_NAMES[kind]}."))
            return _BAD
        if kind is str and (said := _text_problem(raw)):
            problems.append((place, said))
            return _BAD
        return raw

    return read


def _text_problem(text: str) -> str:
    if has_refused_characters(text):
        return "This text holds signs that cannot be stored."
    if len(text) > LONGEST_TEXT:
        return f"This text is longer than {LONGEST_TEXT:,} characters."
    return ""


def _time(kind: Any) -> Reader:
    said = "a date like 2026-03-31" if kind is date else "an instant like 2026-03-31T10:00:00Z"

    def read(raw: Any, place: str, problems: Problems) -> Any:
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

    return read


def _tuple(args: tuple[Any, ...]) -> Reader:
    any_length = args[-1] is Ellipsis
    inner = [_reader(one) for one in args if one is not Ellipsis]

    def read(raw: Any, place: str, problems: Problems) -> Any:
        if not isinstance(raw, list):
            problems.append((place, "This must be a list."))
            return _BAD
        if not any_length and len(raw) != len(inner):
            problems.append((place, f"This must be a list of {len(inner)}."))
            return _BAD
        readers = repeat(inner[0], len(raw)) if any_length else inner
        pairs = zip(readers, raw, strict=True)
        return tuple(one(got, f"{place}[{at}]", problems) for at, (one, got) in enumerate(pairs))

    return read


def _object(kind: Any) -> Reader:
    hints = hints_of(kind)
    plan = [
        (one.name, _reader(hints[one.name]), one.default is one.default_factory is MISSING)
        for one in fields(kind)
    ]

    def read(raw: Any, place: str, problems: Problems) -> Any:
        if not isinstance(raw, dict):
            problems.append((place, "This must be an object."))
            return _BAD
        before = len(problems)
        prefix = f"{place}." if place else ""
        values: dict[str, Any] = {}
        for name, reader, is_needed in plan:
            if name in raw:
                values[name] = reader(raw[name], prefix + name, problems)
            elif is_needed:
                problems.append((prefix + name, "This is missing."))
        if len(values) != len(raw):
            unknown = sorted(set(raw) - set(hints), key=str)
            problems += [(f"{prefix}{name}", "This is not known here.") for name in unknown]
        return kind(**values) if len(problems) == before else _BAD

    return read
