"""Build frozen dataclasses from JSON values and check their structure: every fault with its place.

Pure. The types of a dataclass decide: a name that is missing or unknown, a value of another type, a
text that cannot be stored and a date that is none are faults. Nothing is converted: 1 is not true.
cattrs reads; what a type takes and the words of its faults are ours:
`docs/decisions/0023-records-are-read-with-cattrs.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import is_dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from cattrs import (
    ClassValidationError,
    Converter,
    ForbiddenExtraKeysError,
    IterableValidationError,
)
from cattrs.cols import homogenous_tuple_structure_factory
from cattrs.gen import make_dict_structure_fn, make_hetero_tuple_structure_fn

from clinic.foundation.errors import ClinicError
from clinic.foundation.texts.characters import LONGEST_TEXT, has_refused_characters

Value = TypeVar("Value")
Problem = tuple[str, str]
Reader = Callable[[Any, Any], Any]
"""Reads a raw value as a type; raises `ValueError` with the sentence for what is wrong with it."""


class NotPlain(ClinicError):
    """The JSON does not have the form asked for; `problems` lists (place, sentence)."""

    code = "not-plain"

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{place or 'the file'}: {said}" for place, said in problems))


def from_plain(kind: type[Value], raw: Any) -> Value:
    """Build a value of the dataclass `kind` from JSON values. Raises `NotPlain`."""
    try:
        return _CONVERTER.structure(raw, kind)
    except (ClassValidationError, ValueError) as refused:
        raise NotPlain(list(_problems(refused, ""))) from None


@cache
def hints_of(kind: type) -> Mapping[str, Any]:
    """Return the types of a dataclass's fields."""
    return get_type_hints(kind)


def _problems(error: Exception, place: str) -> Iterator[Problem]:
    """What cattrs found at a place and inside it: names that are not known come last."""
    if isinstance(error, ClassValidationError):
        of_fields, others = error.group_exceptions()
        prefix = f"{place}." if place else ""
        for one, field in of_fields:
            yield from _problems(one, prefix + field.name)
        for extra in others:
            if isinstance(extra, ForbiddenExtraKeysError):
                for name in sorted(extra.extra_fields):
                    yield prefix + name, "This is not known here."
    elif isinstance(error, IterableValidationError):
        for one, item in error.group_exceptions()[0]:
            yield from _problems(one, f"{place}[{item.index}]")
    else:
        yield place, "This is missing." if isinstance(error, KeyError) else str(error)


def _only(kind: type, named: str, read: Reader) -> Reader:
    """Read values of exactly one type: true is no whole number."""

    def read_only(raw: Any, wanted: Any) -> Any:
        if type(raw) is not kind:
            raise ValueError(f"This must be {named}.")
        return read(raw, wanted)

    return read_only


def _as_it_is(raw: Any, _wanted: Any) -> Any:
    return raw


def _text(raw: str, _wanted: Any) -> str:
    if has_refused_characters(raw):
        raise ValueError("This text holds signs that cannot be stored.")
    if len(raw) > LONGEST_TEXT:
        raise ValueError(f"This text is longer than {LONGEST_TEXT:,} characters.")
    return raw


def _day(raw: Any, _wanted: Any) -> date:
    try:
        return date.fromisoformat(raw)
    except (TypeError, ValueError):
        raise ValueError("This must be a date like 2026-03-31.") from None


def _instant(raw: Any, _wanted: Any) -> datetime:
    with suppress(TypeError, ValueError, OverflowError):
        if (found := datetime.fromisoformat(raw)).tzinfo:
            return found.astimezone(UTC)
    raise ValueError("This must be an instant like 2026-03-31T10:00:00Z.")


def _is_tuple(kind: Any) -> bool:
    return get_origin(kind) is tuple


def _tuple(kind: Any, converter: Converter) -> Reader:
    types = get_args(kind)
    if types[-1] is Ellipsis:
        return _only(list, "a list", homogenous_tuple_structure_factory(kind, converter))
    read_each = make_hetero_tuple_structure_fn(kind, converter)

    def read(raw: list[Any], wanted: Any) -> Any:
        if len(raw) != len(types):
            raise ValueError(f"This must be a list of {len(types)}.")
        return read_each(raw, wanted)

    return _only(list, "a list", read)


def _object(kind: Any, converter: Converter) -> Reader:
    return _only(dict, "an object", make_dict_structure_fn(kind, converter))


def _converter() -> Converter:
    converter = Converter(detailed_validation=True, forbid_extra_keys=True)
    converter.register_structure_hook(str, _only(str, "text", _text))
    converter.register_structure_hook(int, _only(int, "a whole number", _as_it_is))
    converter.register_structure_hook(bool, _only(bool, "true or false", _as_it_is))
    converter.register_structure_hook(date, _day)
    converter.register_structure_hook(datetime, _instant)
    converter.register_structure_hook_factory(_is_tuple, _tuple)
    converter.register_structure_hook_factory(is_dataclass, _object)
    return converter


_CONVERTER = _converter()
