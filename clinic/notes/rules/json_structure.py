"""Build frozen dataclasses from JSON values and check their structure: every fault with its place.

Pure. The types of a dataclass decide: a name that is missing or unknown, a value of another type, a
text that cannot be stored and a date that is none are faults. Nothing is converted: 1 is not true.
Why no library does this: `docs/decisions/0023-structure-is-checked-by-code-of-our-own.md`.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, date, datetime
from functools import cache
from itertools import repeat
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from clinic.foundation.errors import ClinicError
from clinic.foundation.texts.characters import LONGEST_TEXT, has_refused_characters

Value = TypeVar("Value")
Problems = list[tuple[str, str]]
Reader = Callable[[Any, str, Problems], Any]
"""Reads a raw value that stands at a place, and tells what is wrong with it."""
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


def from_plain(kind: type[Value], raw: Any) -> Value:
    """Build a value of the dataclass `kind` from JSON values. Raises `NotPlain`."""
    problems: Problems = []
    found = _reader(cast("Any", kind))(raw, "", problems)
    if problems:
        raise NotPlain(problems)
    return cast("Value", found)


@cache
def hints_of(kind: type) -> Mapping[str, Any]:
    """Return the types of a dataclass's fields."""
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
