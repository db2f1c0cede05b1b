"""Finding sealed texts that hold characters which are refused by now: where, never what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from clinic.couples.models import Couple
from clinic.foundation.crypto.data_keys import KeyMissing
from clinic.foundation.crypto.sealed_text import SealedText
from clinic.foundation.database.transactions import Base, session
from clinic.notes.record.sealed_rows import SealedValue

BATCH = 200
"""Rows held in memory at once."""


@dataclass(frozen=True, slots=True)
class UnreadableText:
    """Where such a text is kept. `couple` is the couple's code, empty for the clinic's own data."""

    couple: str
    table: str
    column: str
    row: str


def find_unreadable_texts() -> list[UnreadableText]:
    """Return every sealed text of this installation that is shown with U+FFFD in it.

    Rows whose key was erased are passed over: nobody can read them.
    """
    codes = {one.id: one.code for one in session().scalars(select(Couple))}
    found = [
        UnreadableText(codes.get(row.seal_owner, ""), row.__tablename__, text.column, row.id)
        for kind, text in _sealed_attributes()
        for row in session().scalars(select(kind).execution_options(yield_per=BATCH))
        if _is_unreadable(text, row)
    ]
    return sorted(found, key=lambda one: (one.couple, one.table, one.column, one.row))


def _sealed_attributes() -> Iterator[tuple[Any, SealedText | SealedValue[Any]]]:
    for mapper in Base.registry.mappers:
        for value in vars(mapper.class_).values():
            if isinstance(value, SealedText | SealedValue):
                yield mapper.class_, value


def _is_unreadable(text: SealedText | SealedValue[Any], row: Any) -> bool:
    try:
        return not text.is_readable(row)
    except KeyMissing:
        return False
