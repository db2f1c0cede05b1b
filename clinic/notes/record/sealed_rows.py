"""Rows sealed with a couple's key, and attributes that hold a frozen dataclass."""

from __future__ import annotations

import json
from typing import Any, Generic, TypeVar, overload

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from clinic.foundation.crypto.data_keys import KeyPurpose
from clinic.foundation.crypto.sealed_text import SealedText
from clinic.foundation.errors import InvalidInput
from clinic.foundation.texts.characters import CANNOT_BE_KEPT, json_has_refused_characters
from clinic.notes.rules.json_structure import NotPlain
from clinic.notes.rules.json_values import dump_checked, load_readable, text_of, to_plain

Value = TypeVar("Value")
AUTHOR = String(60)
"""What the audit log calls whoever wrote a row: `account:<id>`."""


class OfCouple:
    """A row sealed with the key of the couple that it belongs to."""

    couple_id: Mapped[str] = mapped_column(ForeignKey("couple.id"))

    @property
    def seal_owner(self) -> str:
        """Whose key seals it."""
        return self.couple_id


class Revised(OfCouple):
    """A row whose sealed text is bound to its revision: an older text does not open."""

    revision: Mapped[int] = mapped_column(default=1)

    @property
    def seal_revision(self) -> int:
        """The revision that the text belongs to."""
        return self.revision


class SealedValue(Generic[Value]):
    """A value of `kind`, kept as sealed JSON in the column `<name>_sealed`."""

    def __init__(self, kind: type[Value], purpose: KeyPurpose = KeyPurpose.RECORD) -> None:
        self._kind = kind
        self._text = SealedText(purpose)

    def __set_name__(self, owner: type, name: str) -> None:
        self._text.__set_name__(owner, name)

    @overload
    def __get__(self, row: None, owner: type) -> SealedValue[Value]: ...
    @overload
    def __get__(self, row: Any, owner: type) -> Value: ...
    def __get__(self, row: Any, owner: type) -> SealedValue[Value] | Value:
        if row is None:
            return self
        return load_readable(self._kind, self._text.as_written(row) or "null")

    def __set__(self, row: Any, value: Value) -> None:
        try:
            text = dump_checked(self._kind, value)
        except NotPlain as refused:
            raise InvalidInput({place: [CANNOT_BE_KEPT] for place, _ in refused.problems}) from None
        self._text.seal(row, text)

    @property
    def column(self) -> str:
        """The name of the column that it is kept in."""
        return self._text.column

    def is_readable(self, row: Any) -> bool:
        """Return whether no text of the sealed value holds refused characters."""
        return not json_has_refused_characters(self._text.as_written(row) or "null")

    def plain_as_written(self, row: Any) -> Any:
        """Return the value's JSON values as they were sealed: what its digest was taken of."""
        text = self._text.as_written(row) or "null"
        if json_has_refused_characters(text):
            return json.loads(text)
        return to_plain(load_readable(self._kind, text))

    def restore(self, row: Any, plain: Any) -> None:
        """Seal JSON values as they were sealed elsewhere, refused characters included."""
        self._text.seal(row, text_of(plain))
