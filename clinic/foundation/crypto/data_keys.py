"""Store data keys: each owner (the clinic, a couple) has random ones, wrapped under a master key.

The master keys are the settings' (`CLINIC_ENCRYPTION_KEYS`). Deleting an owner's wrapped keys is
erasure that also reaches old backups.
"""

from __future__ import annotations

import secrets
from enum import StrEnum

from flask import current_app
from sqlalchemy import LargeBinary, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from clinic.extensions import db
from clinic.foundation.crypto.encryption import DataKey
from clinic.foundation.crypto.key_wrapping import (
    HEAD_BYTES,
    KeyRing,
    unwrap_data_key,
    wrap_data_key,
)
from clinic.foundation.database.transactions import ID, Base, new_id
from clinic.foundation.errors import ClinicError


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
    """Return whether anybody has a data key: whether a clinic was ever opened here."""
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
