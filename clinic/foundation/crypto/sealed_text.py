"""Seal the personal texts of models: attributes that the database holds as ciphertext."""

from __future__ import annotations

from typing import Any, overload

from clinic.foundation.crypto.data_keys import KeyPurpose, data_key
from clinic.foundation.crypto.encryption import Place, open_sealed, seal
from clinic.foundation.errors import N_, InvalidInput
from clinic.foundation.texts.characters import (
    CANNOT_BE_KEPT,
    LONGEST_TEXT,
    has_refused_characters,
    replace_refused_characters,
)


def check_text(text: str, *, place: str) -> None:
    """Raise `InvalidInput` at `place` for a text that cannot be kept."""
    if has_refused_characters(text):
        raise InvalidInput({place: [CANNOT_BE_KEPT]})
    if len(text) > LONGEST_TEXT:
        raise InvalidInput({place: [N_("This is longer than 1,048,576 characters.")]})


class SealedText:
    """A text attribute kept as ciphertext in the column `<name>_sealed`.

    The model says whose key it is (`seal_owner`) and has its `id` before the text is set. Setting
    a text with refused characters raises `InvalidInput`; in one that was kept before they were
    refused, each is read as U+FFFD.
    """

    def __init__(self, purpose: KeyPurpose = KeyPurpose.RECORD) -> None:
        self.purpose = purpose

    def __set_name__(self, owner: type, name: str) -> None:
        self.column = f"{name}_sealed"

    @overload
    def __get__(self, row: None, owner: type) -> SealedText: ...
    @overload
    def __get__(self, row: Any, owner: type) -> str | None: ...
    def __get__(self, row: Any, owner: type) -> SealedText | str | None:
        if row is None:
            return self
        text = self.as_written(row)
        return None if text is None else replace_refused_characters(text)

    def __set__(self, row: Any, value: str | None) -> None:
        if value is None:
            setattr(row, self.column, None)
            return
        check_text(value, place=self.column.removesuffix("_sealed"))
        self.seal(row, value)

    def as_written(self, row: Any) -> str | None:
        """Return the text as it was sealed, refused characters included."""
        sealed = getattr(row, self.column)
        if sealed is None:
            return None
        key = data_key(row.seal_owner, self.purpose)
        return open_sealed(key, sealed, self._place(row)).decode("utf-8")

    def is_readable(self, row: Any) -> bool:
        """Return whether the sealed text holds no refused characters."""
        return not has_refused_characters(self.as_written(row) or "")

    def seal(self, row: Any, value: str) -> None:
        """Seal a text that was checked."""
        key = data_key(row.seal_owner, self.purpose)
        setattr(row, self.column, seal(key, value.encode("utf-8"), self._place(row)))

    def _place(self, row: Any) -> Place:
        return Place(
            table=row.__tablename__,
            column=self.column,
            owner=row.seal_owner or "",
            row=row.id or "",
            revision=getattr(row, "seal_revision", 0) or 0,
        )
