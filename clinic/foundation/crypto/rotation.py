"""Changing the master key: every data key is wrapped anew under the newest, while serving.

Put the new key in front of CLINIC_ENCRYPTION_KEYS on every server, restart them, then rotate. Each
data key is replaced only where it is still what was read (compare and swap), in small
transactions, so the work can be killed at any moment and begun again, or run twice at once. The
data keys themselves stay the same, so nothing sealed has to be written again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import LargeBinary, func, select, update
from sqlalchemy.orm import Session

from clinic.foundation.crypto.data_keys import WrappedKey, key_ring
from clinic.foundation.crypto.encryption import CIPHER_FORMAT
from clinic.foundation.crypto.key_wrapping import HEAD_BYTES, KeyRing, rewrap, wrapped_under
from clinic.foundation.database.transactions import session, transaction

BATCH = 50


@dataclass(frozen=True, slots=True)
class MasterCount:
    """How many data keys are wrapped under one master; it may be taken away when that is 0."""

    master: str
    keys: int
    is_newest: bool
    is_known: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rotation is: data keys wrapped anew, of those that waited for it."""

    done: int
    total: int


def count_by_master() -> list[MasterCount]:
    """Data keys by the master they are wrapped under, all masters of the settings included."""
    ring = key_ring()
    head = func.substr(WrappedKey.wrapped, 1, HEAD_BYTES)
    counted = {master.id: 0 for master in ring.masters}
    one_of_each = session().execute(select(func.min(WrappedKey.id), func.count()).group_by(head))
    for key_id, count in one_of_each:
        master = wrapped_under(session().get_one(WrappedKey, key_id).wrapped)
        counted[master] = counted.get(master, 0) + count
    known = {master.id for master in ring.masters}
    return [
        MasterCount(master, count, master == ring.newest.id, master in known)
        for master, count in counted.items()
    ]


def rotate_keys(*, batch: int = BATCH) -> Iterator[Progress]:
    """Wrap every data key under the newest master; after each batch, how far it is.

    Ends when none is left under another one. Raises `MasterKeyMissing` when a key is needed that
    is not in the settings.
    """
    ring = key_ring()
    newest = bytes([CIPHER_FORMAT]) + bytes.fromhex(ring.newest.id)
    waiting = func.substr(WrappedKey.wrapped, 1, HEAD_BYTES, type_=LargeBinary) != newest
    total = session().scalar(select(func.count()).where(waiting)) or 0
    done = 0
    while True:
        with transaction() as current:
            rows = current.execute(
                select(WrappedKey.id, WrappedKey.owner, WrappedKey.wrapped)
                .where(waiting)
                .order_by(WrappedKey.id)
                .limit(batch)
            ).all()
            done += sum(_rewrap(current, ring, *row) for row in rows)
        if not rows:
            return
        yield Progress(done, max(total, done))


def _rewrap(current: Session, ring: KeyRing, key_id: str, owner: str, before: bytes) -> bool:
    """Whether this key was wrapped anew; a key that somebody else changed meanwhile is left."""
    after = rewrap(ring, before, data_key_id=key_id, owner=owner)
    if after == before:
        return False
    swapped = current.execute(
        update(WrappedKey)
        .where(WrappedKey.id == key_id, WrappedKey.wrapped == before)
        .values(wrapped=after)
        .returning(WrappedKey.id)
    )
    return swapped.first() is not None
