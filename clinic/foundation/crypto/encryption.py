"""Seal values: AES-256-GCM, every value bound to the place where it is stored. Pure.

The data key of an owner (a couple or the clinic) seals the owner's values; how data keys themselves
are stored is in `key_wrapping.py`. Deleting a data key therefore erases everything sealed with it,
in old backups too.

A sealed value is `version (1 byte) | data key id (16) | nonce (12) | ciphertext and tag`. It
carries associated data that names the place, each part preceded by its length, so that a value that
was moved to another row, column, couple or revision does not open.

Source: NIST SP 800-38D (random 96-bit nonces, at most 2**32 values under one key).
"""

from __future__ import annotations

import re
import secrets
import struct
from dataclasses import dataclass, field
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from clinic.foundation.errors import N_, ClinicError

APP = "couples-clinic"
CIPHER_FORMAT = 1
KEY_BYTES = 32
_ID_BYTES = 16
NONCE_BYTES = 12
TAG_BYTES = 16
_LARGEST_REVISION = 2**63 - 1


class PlaceIncomplete(ClinicError):
    """A value was to be sealed for a place that is not named in full."""

    code = "place-incomplete"
    says = N_("A value can only be sealed for a place that is named in full.")


class SealBroken(ClinicError):
    """A sealed value does not open; one text for every cause."""

    code = "seal-broken"
    says = N_("This text cannot be opened: it was changed, moved, or locked with another key.")


@dataclass(frozen=True, slots=True)
class DataKey:
    """The key of one owner: a random 128-bit id (32 hex digits) and 32 secret bytes."""

    id: str
    secret: bytes = field(repr=False)

    @classmethod
    def generate(cls) -> Self:
        """A new random data key."""
        return cls(id=secrets.token_hex(_ID_BYTES), secret=secrets.token_bytes(KEY_BYTES))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed value is kept: `owner` is the couple's or the clinic's id, `row` the row's.

    `revision` is the number of the text's version where versions exist, so that an older
    text cannot be put back unseen. A place with a part missing cannot be made.
    """

    table: str
    column: str
    owner: str
    row: str
    revision: int = 0

    def __post_init__(self) -> None:
        for part in (self.table, self.column, self.owner, self.row):
            if not isinstance(part, str) or not part.strip():
                raise PlaceIncomplete
        if type(self.revision) is not int or not 0 <= self.revision <= _LARGEST_REVISION:
            raise PlaceIncomplete


def seal(data_key: DataKey, plaintext: bytes, place: Place) -> bytes:
    """Encrypt `plaintext` so that it opens at `place` only; a fresh random nonce each time."""
    return _seal_with_nonce(data_key, plaintext, place, secrets.token_bytes(NONCE_BYTES))


def open_sealed(data_key: DataKey, sealed: bytes, place: Place) -> bytes:
    """The plaintext of a value sealed for `place`; every failure is the same `SealBroken`."""
    key_id = sealed_key_id(sealed)
    if key_id != data_key.id:
        raise SealBroken
    return decrypt(data_key.secret, sealed[1 + _ID_BYTES :], _sealing_data(key_id, place))


def sealed_key_id(sealed: bytes) -> str:
    """The id of the data key that a sealed value needs."""
    if len(sealed) < 1 + _ID_BYTES + NONCE_BYTES + TAG_BYTES or sealed[0] != CIPHER_FORMAT:
        raise SealBroken
    return sealed[1 : 1 + _ID_BYTES].hex()


def _seal_with_nonce(data_key: DataKey, plaintext: bytes, place: Place, nonce: bytes) -> bytes:
    # Apart from `seal` only so that the known-answer test can fix the nonce.
    head = bytes([CIPHER_FORMAT]) + key_id_bytes(data_key.id)
    bound_to = _sealing_data(data_key.id, place)
    return head + nonce + AESGCM(data_key.secret).encrypt(nonce, plaintext, bound_to)


def _sealing_data(key_id: str, place: Place) -> bytes:
    return length_prefixed(
        APP.encode(), bytes([CIPHER_FORMAT]), place.table.encode(), place.column.encode(),
        place.owner.encode(), place.row.encode(), str(place.revision).encode(),
        key_id_bytes(key_id),
    )  # fmt: skip


def key_id_bytes(key_id: str) -> bytes:
    """Return the 16 bytes of a data key's id. Raises ValueError where it is none."""
    if not re.fullmatch(r"[0-9a-f]{32}", key_id):
        raise ValueError("a data key id is 32 lower-case hex digits")
    return bytes.fromhex(key_id)


def length_prefixed(*parts: bytes) -> bytes:
    """Join parts so that none can be shifted into the next: each follows its length (4 bytes)."""
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


def decrypt(secret: bytes, nonce_and_body: bytes, bound_to: bytes) -> bytes:
    """Decrypt `nonce | ciphertext and tag`. Raises `SealBroken`, whatever is wrong."""
    nonce, body = nonce_and_body[:NONCE_BYTES], nonce_and_body[NONCE_BYTES:]
    try:
        return AESGCM(secret).decrypt(nonce, body, bound_to)
    except (InvalidTag, ValueError):
        raise SealBroken from None
