"""Two texts of one note put together, part by part. Pure.

The note is cut into parts (`plan`, `responses.A`, `ruptures.R-01`, ...), each part is taken from
one side or, where it is text or a list, from both, and the parts are made a note again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from clinic.notes.rules.note_content import NoteContent

MINE, THEIRS, BOTH = "mine", "theirs", "both"
_NAMED: dict[str, Callable[[Any], str]] = {
    "attendance": lambda one: str(one.partner),
    "checkins": lambda one: str(one[0]),
    "ratings": lambda one: f"{one.partner}.{one.point}",
    "ruptures": lambda one: str(one.ref),
    "responses": lambda one: str(one[0]),
}
"""Fields whose rows have a name of their own, and are parts of their own."""
_LISTS = ("new_ruptures", "interventions", "attempts", "goals", "exercises")


@dataclass(frozen=True, slots=True)
class PartDifference:
    """A part that differs; `can_join` when keeping both makes sense."""

    part: str
    mine: Any
    theirs: Any
    can_join: bool


def parts_of(content: NoteContent) -> dict[str, Any]:
    """The note cut into its parts, by name, in the order of the screen."""
    parts: dict[str, Any] = {}
    for field in fields(NoteContent):
        value = getattr(content, field.name)
        name_of = _NAMED.get(field.name)
        if name_of is None:
            parts[field.name] = value
        else:
            parts |= {f"{field.name}.{name_of(one)}": one for one in value}
    return parts


def content_of(parts: Mapping[str, Any]) -> NoteContent:
    """The note again; a part that is None is left out."""
    values: dict[str, Any] = {}
    for field in fields(NoteContent):
        if field.name in _NAMED:
            inside = f"{field.name}."
            rows = [value for name, value in parts.items() if name.startswith(inside)]
            values[field.name] = tuple(one for one in rows if one is not None)
        elif field.name in parts:
            values[field.name] = parts[field.name]
    return NoteContent(**values)


def differences(mine: NoteContent, theirs: NoteContent) -> tuple[PartDifference, ...]:
    """The parts that are not the same on both sides."""
    first, second = parts_of(mine), parts_of(theirs)
    found = []
    for name in _in_order(first, second):
        left, right = first.get(name), second.get(name)
        if left != right:
            found.append(PartDifference(name, left, right, _can_join(name, left, right)))
    return tuple(found)


def merge(mine: NoteContent, theirs: NoteContent, *, chosen: Mapping[str, str]) -> NoteContent:
    """One note of two: `chosen` says mine, theirs or both for each part, else it is mine."""
    first, second = parts_of(mine), parts_of(theirs)
    parts: dict[str, Any] = {}
    for name in _in_order(first, second):
        left, right = first.get(name), second.get(name)
        choice = chosen.get(name, MINE)
        if left == right or choice == MINE:
            parts[name] = left
        elif choice == BOTH and _can_join(name, left, right):
            parts[name] = _joined(name, left, right)
        else:
            parts[name] = right
    return content_of(parts)


def _in_order(first: Iterable[str], second: Iterable[str]) -> list[str]:
    names = dict.fromkeys([*first, *second])
    order = [field.name for field in fields(NoteContent)]
    return sorted(names, key=lambda name: order.index(name.partition(".")[0]))


def _can_join(name: str, left: Any, right: Any) -> bool:
    """Words and lists can be joined; ratings, statuses and answers cannot."""
    if not left or not right:
        return False
    return isinstance(left, str) or _is_partner_text(name) or name in _LISTS


def _is_partner_text(name: str) -> bool:
    return name.startswith(("checkins.", "responses."))


def _joined(name: str, left: Any, right: Any) -> Any:
    if isinstance(left, str):
        return f"{right}\n\n{left}"
    if _is_partner_text(name):
        return (left[0], f"{right[1]}\n\n{left[1]}")
    return tuple(dict.fromkeys([*right, *left]))
