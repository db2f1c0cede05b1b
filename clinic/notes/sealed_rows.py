"""Rows sealed with a couple's key, and attributes that hold a frozen dataclass."""

from __future__ import annotations

from typing import Any, Generic, TypeVar, overload

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from clinic.foundation.vault import KeyPurpose, SealedText
from clinic.notes.plain_json import dump, load

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
        text = self._text.__get__(row, owner)
        return load(self._kind, text or "null")

    def __set__(self, row: Any, value: Value) -> None:
        self._text.__set__(row, dump(value))
