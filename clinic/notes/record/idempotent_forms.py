"""A form that is sent twice is kept once: the row's id follows from the key that it carries."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from clinic.foundation.database.transactions import Base, new_id
from clinic.foundation.errors import N_, Conflict

Row = TypeVar("Row", bound=Base)


class AlreadyStored(Conflict):
    """This form was sent before, with something else in it, and that is kept."""

    code = "kept-already"
    says = N_("What you sent first is kept. If you mean this as well, send it again.")


def id_of_form(table: type[Base], couple_id: str, key: str | None) -> str:
    """The id that a form's key stands for in this couple's record; without a key a new one."""
    if not key:
        return new_id()
    told = f"{table.__tablename__}:{couple_id}:{key}"
    return sha256(told.encode("utf-8", "replace")).hexdigest()[:32]


def is_stored(
    current: Session, table: type[Row], row_id: str, is_same: Callable[[Any], bool]
) -> bool:
    """Whether this was kept before. Raises `AlreadyStored` when that was something else."""
    row = current.get(table, row_id)
    if row is not None and not is_same(row):
        raise AlreadyStored
    return row is not None
