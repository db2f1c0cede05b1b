"""Two texts of one note side by side: which fields differ, and in which words. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from clinic.notes.rules.clinical_values import CycleDetails, NoteBody
from clinic.notes.rules.json_values import to_plain

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words: `same`, `before` (only in the first text) or `after` (only in the other)."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs; `path` is the field's path, an empty text means nothing there."""

    path: str
    before: str
    after: str
    pieces: tuple[Piece, ...]


def compare(before: NoteBody, after: NoteBody) -> tuple[FieldChange, ...]:
    """Every field that differs between two texts of a note, in the order of the screen."""
    return _differences(_flat(before), _flat(after))


def compare_cycles(before: CycleDetails, after: CycleDetails) -> tuple[FieldChange, ...]:
    """Every field that differs between two versions of a couple's cycle."""
    return _differences(_flat_cycle(before), _flat_cycle(after))


def _differences(first: Mapping[str, str], second: Mapping[str, str]) -> tuple[FieldChange, ...]:
    order = [*first, *(path for path in second if path not in first)]
    return tuple(
        FieldChange(
            path,
            first.get(path, ""),
            second.get(path, ""),
            pieces(first.get(path, ""), second.get(path, "")),
        )
        for path in order
        if first.get(path, "") != second.get(path, "")
    )


def pieces(before: str, after: str) -> tuple[Piece, ...]:
    """Two texts as runs of equal and different words."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    found: list[Piece] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            found.append(Piece("same", "".join(old[i1:i2])))
            continue
        if i1 < i2:
            found.append(Piece("before", "".join(old[i1:i2])))
        if j1 < j2:
            found.append(Piece("after", "".join(new[j1:j2])))
    return tuple(found)


def _flat(body: NoteBody) -> Mapping[str, str]:
    """What people see of a note; the key of a new rupture is for its attempts alone."""
    plain = to_plain(body)
    plain.pop("nonce")
    content = plain.pop("content")
    found = dict([*_leaves(content, ""), *_leaves(plain, "")])
    return {path: text for path, text in found.items() if not path.endswith(".key")}


def _flat_cycle(details: CycleDetails) -> Mapping[str, str]:
    """`parts.A.move`: each part by its partner, whose name is no difference."""
    found = dict(_leaves(to_plain(details), ""))
    return {path: text for path, text in found.items() if not path.endswith(".partner")}


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _leaves(one, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for at, one in enumerate(value):
            yield from _leaves(one, f"{path}.{_name_of(one, at)}")
    elif value is not None and value != "":
        yield path, value if isinstance(value, str) else str(value).lower()


def _name_of(one: Any, at: int) -> str:
    """Rows of a partner or a rupture keep their name when others come or go before them."""
    if isinstance(one, dict):
        if "ref" in one:
            return str(one["ref"])
        if "partner" in one:
            return ".".join(str(one[key]) for key in ("partner", "point") if key in one)
    if isinstance(one, list) and len(one) == 2 and one[0] in {"A", "B"}:
        return str(one[0])
    return str(at)
