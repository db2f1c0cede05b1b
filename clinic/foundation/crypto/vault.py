"""Data keys at rest, and model attributes that are stored sealed.

Every owner (the clinic, a couple) has random data keys, kept wrapped under the master key of the
settings. Taking an owner's wrapped keys away is erasure that also reaches old backups.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from enum import StrEnum
from typing import Any, overload

from flask import current_app
from sqlalchemy import LargeBinary, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from clinic.extensions import db
from clinic.foundation.crypto.encryption import (
    HEAD_BYTES,
    DataKey,
    KeyRing,
    Place,
    blind_index,
    open_sealed,
    seal,
    unwrap_data_key,
    wrap_data_key,
)
from clinic.foundation.database.transactions import ID, Base, new_id
from clinic.foundation.errors import N_, ClinicError, InvalidInput
from clinic.foundation.texts.characters import (
    CANNOT_BE_KEPT,
    LONGEST_TEXT,
    has_refused_characters,
    replace_refused_characters,
)


class KeyMissing(ClinicError):
    """The key for this part of the record is not there; the text stays locked."""

    code = "key-missing"


class KeyPurpose(StrEnum):
    """What a data key is for; no key does two things."""

    RECORD = "record"
    PROCESS_NOTES = "process-notes"
    INDEX = "index"
    LINKS = "links"
    AUDIT = "audit"


class WrappedKey(Base):
    """One data key of one owner, wrapped under a master key."""

    __tablename__ = "data_key"
    __table_args__ = (UniqueConstraint("owner", "purpose"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    owner: Mapped[str] = mapped_column(ID)
    purpose: Mapped[str]
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)


def create_keys(
    session: Session, *, owner: str, purposes: tuple[KeyPurpose, ...] = (KeyPurpose.RECORD,)
) -> None:
    """Make an owner's data keys: before anything of theirs can be stored."""
    for purpose in purposes:
        row = WrappedKey(id=new_id(), owner=owner, purpose=purpose)
        row.wrapped = wrap_data_key(
            key_ring(), secrets.token_bytes(32), data_key_id=row.id, owner=owner
        )
        session.add(row)
    session.flush()


def key_ring() -> KeyRing:
    """The master keys of this installation."""
    ring: KeyRing = current_app.extensions["key_ring"]
    return ring


def check_keys() -> None:
    """Make sure that the master keys of the settings open this database's data keys.

    Raises `MasterKeyMissing` when one is not there, `SealBroken` when it is not the same key.
    """
    ring, session = key_ring(), db.session()
    head = func.substr(WrappedKey.wrapped, 1, HEAD_BYTES)
    one_of_each = select(func.min(WrappedKey.id)).group_by(head)
    for row in session.scalars(select(WrappedKey).where(WrappedKey.id.in_(one_of_each))):
        unwrap_data_key(ring, row.wrapped, data_key_id=row.id, owner=row.owner)


def has_any_key() -> bool:
    """Tell whether anybody has a data key: whether a clinic was ever opened here."""
    return db.session().scalar(select(WrappedKey.id).limit(1)) is not None


def data_key(owner: str, purpose: KeyPurpose = KeyPurpose.RECORD) -> DataKey:
    """An owner's key, unwrapped once a session. Raises `KeyMissing`."""
    session = db.session()
    kept: dict[tuple[str, str], DataKey] = session.info.setdefault("data_keys", {})
    if (found := kept.get((owner, purpose))) is not None:
        return found
    with session.no_autoflush:
        row = session.scalar(
            select(WrappedKey).where(WrappedKey.owner == owner, WrappedKey.purpose == purpose)
        )
    if row is None:
        raise KeyMissing
    secret = unwrap_data_key(key_ring(), row.wrapped, data_key_id=row.id, owner=owner)
    kept[owner, purpose] = DataKey(id=row.id, secret=secret)
    return kept[owner, purpose]


def index_of(clinic_id: str, value: str, *, purpose: str) -> bytes:
    """A blind index: equal values find each other, the value itself is not stored."""
    return blind_index(data_key(clinic_id, KeyPurpose.INDEX).secret, value, purpose=purpose)


def derived_token(clinic_id: str, *parts: str) -> str:
    """A 256-bit link token that can be made again but not guessed; tables keep its hash only."""
    message = b"".join(len(p.encode()).to_bytes(2, "big") + p.encode() for p in parts)
    digest = hmac.digest(data_key(clinic_id, KeyPurpose.LINKS).secret, message, "sha256")
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


def random_token() -> str:
    """A fresh 256-bit token for an address that is shown once."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """What is stored and looked up instead of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


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
        """Tell whether the text that was sealed holds no refused characters."""
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
