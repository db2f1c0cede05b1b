"""Envelope encryption: AES-256-GCM, every value bound to the place where it is kept.

A master key (from the settings, never stored beside the data) wraps one random data key
for each owner, a couple or the clinic; the data key seals the owner's values. Deleting the
wrapped data key therefore erases everything sealed with it, in old backups too.

A sealed value is `version (1 byte) | data key id (16) | nonce (12) | ciphertext and tag`;
a wrapped data key is `version (1) | master key id (4) | nonce (12) | ciphertext and tag`.
Both carry associated data that names the place, each part preceded by its length, so that
a value moved to another row, column, couple or revision does not open.

Pure: no database, no settings, no clock. Sources: reliability.md 5; NIST SP 800-38D
(random 96-bit nonces, at most 2**32 values under one key).
"""

from __future__ import annotations

import base64
import hashlib
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
_MASTER_ID_BYTES = 4
HEAD_BYTES = 1 + _MASTER_ID_BYTES
"""A wrapped data key begins with its format and the id of its master key."""
_NONCE_BYTES = 12
_TAG_BYTES = 16
_LARGEST_REVISION = 2**63 - 1
_KEY_TEXT = re.compile(r"[A-Za-z0-9_-]{43}=?")


class KeySettingInvalid(ClinicError):
    """The setting CLINIC_ENCRYPTION_KEYS cannot be used; never repeats a key."""

    code = "key-setting-invalid"
    says = N_("The setting CLINIC_ENCRYPTION_KEYS cannot be used.")


class PlaceIncomplete(ClinicError):
    """A value was to be sealed for a place that is not named in full."""

    code = "place-incomplete"
    says = N_("A value can only be sealed for a place that is named in full.")


class SealBroken(ClinicError):
    """A sealed value does not open; one text for every cause."""

    code = "seal-broken"
    says = N_("This text cannot be opened: it was changed, moved, or locked with another key.")


class MasterKeyMissing(SealBroken):
    """The master key that a data key is wrapped under is not in CLINIC_ENCRYPTION_KEYS."""

    code = "master-key-missing"
    says = N_("The key that locks this part of the record is missing on the server.")


# --- Master keys ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MasterKey:
    """One master key; `id` is the first 8 hex digits of the SHA-256 of the 32 secret bytes."""

    id: str
    secret: bytes = field(repr=False)

    @classmethod
    def of(cls, secret: bytes) -> Self:
        """The master key with these 32 bytes."""
        if len(secret) != KEY_BYTES:
            raise KeySettingInvalid("An encryption key must be exactly 32 bytes long.")
        return cls(id=hashlib.sha256(secret).hexdigest()[: _MASTER_ID_BYTES * 2], secret=secret)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """All master keys in use; the first is the newest, and the only one that wraps."""

    masters: tuple[MasterKey, ...]

    def __post_init__(self) -> None:
        if not self.masters:
            raise KeySettingInvalid("CLINIC_ENCRYPTION_KEYS holds no key.")
        if len({master.id for master in self.masters}) != len(self.masters):
            raise KeySettingInvalid("CLINIC_ENCRYPTION_KEYS names the same key twice.")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the setting: keys as made by `generate_key`, newest first, between commas."""
        return cls(
            tuple(
                _parse_master(part.strip(), position)
                for position, part in enumerate(text.split(","), start=1)
            )
        )

    @property
    def newest(self) -> MasterKey:
        """The key that new data keys are wrapped under."""
        return self.masters[0]

    def master(self, master_id: str) -> MasterKey:
        """The master key with this id, or `MasterKeyMissing`."""
        for master in self.masters:
            if master.id == master_id:
                return master
        raise MasterKeyMissing(
            f"The master key {master_id} is not among CLINIC_ENCRYPTION_KEYS; "
            "put it back before anything sealed under it can be read."
        )


def generate_key() -> str:
    """A new random master key, as CLINIC_ENCRYPTION_KEYS takes it."""
    return base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode("ascii")


def _parse_master(text: str, position: int) -> MasterKey:
    # The message gives the position only: a mistyped key is still nearly a key.
    if not _KEY_TEXT.fullmatch(text):
        raise KeySettingInvalid(
            f"Key {position} of CLINIC_ENCRYPTION_KEYS is not 32 bytes in base64url "
            "(44 letters, digits, '-' and '_', the last one '=')."
        )
    return MasterKey.of(base64.urlsafe_b64decode(text.rstrip("=") + "="))


# --- Data keys -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DataKey:
    """The key of one owner: a random 128-bit id (32 hex digits) and 32 secret bytes."""

    id: str
    secret: bytes = field(repr=False)

    @classmethod
    def generate(cls) -> Self:
        """A new random data key."""
        return cls(id=secrets.token_hex(_ID_BYTES), secret=secrets.token_bytes(KEY_BYTES))


def wrap_data_key(keyring: KeyRing, data_key: bytes, *, data_key_id: str, owner: str) -> bytes:
    """Encrypt a data key under the newest master, bound to its id and owner."""
    master, nonce = keyring.newest, secrets.token_bytes(_NONCE_BYTES)
    bound_to = _wrapping_data(master.id, data_key_id, owner)
    if len(data_key) != KEY_BYTES:
        raise ValueError("a data key is 32 bytes long")
    head = bytes([CIPHER_FORMAT]) + bytes.fromhex(master.id)
    return head + nonce + AESGCM(master.secret).encrypt(nonce, data_key, bound_to)


def unwrap_data_key(keyring: KeyRing, wrapped: bytes, *, data_key_id: str, owner: str) -> bytes:
    """The 32 bytes of a wrapped data key; `SealBroken` or `MasterKeyMissing` when it fails."""
    master = keyring.master(wrapped_under(wrapped))
    body = wrapped[HEAD_BYTES:]
    return _decrypt(master.secret, body, _wrapping_data(master.id, data_key_id, owner))


def rewrap(keyring: KeyRing, wrapped: bytes, *, data_key_id: str, owner: str) -> bytes:
    """The same data key under the newest master; unchanged bytes when it is there already."""
    data_key = unwrap_data_key(keyring, wrapped, data_key_id=data_key_id, owner=owner)
    if wrapped_under(wrapped) == keyring.newest.id:
        return wrapped
    return wrap_data_key(keyring, data_key, data_key_id=data_key_id, owner=owner)


def wrapped_under(wrapped: bytes) -> str:
    """The id of the master key that a wrapped data key needs."""
    expected = HEAD_BYTES + _NONCE_BYTES + KEY_BYTES + _TAG_BYTES
    if len(wrapped) != expected or wrapped[0] != CIPHER_FORMAT:
        raise SealBroken
    return wrapped[1:HEAD_BYTES].hex()


def _wrapping_data(master_id: str, data_key_id: str, owner: str) -> bytes:
    if not owner.strip():
        raise PlaceIncomplete
    return length_prefixed(
        APP.encode(), b"data-key", bytes([CIPHER_FORMAT]), bytes.fromhex(master_id),
        _key_id_bytes(data_key_id), owner.encode(),
    )  # fmt: skip


# --- Sealed values -------------------------------------------------------------------------


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
    return _seal_with_nonce(data_key, plaintext, place, secrets.token_bytes(_NONCE_BYTES))


def open_sealed(data_key: DataKey, sealed: bytes, place: Place) -> bytes:
    """The plaintext of a value sealed for `place`; every failure is the same `SealBroken`."""
    key_id = sealed_key_id(sealed)
    if key_id != data_key.id:
        raise SealBroken
    return _decrypt(data_key.secret, sealed[1 + _ID_BYTES :], _sealing_data(key_id, place))


def sealed_key_id(sealed: bytes) -> str:
    """The id of the data key that a sealed value needs."""
    if len(sealed) < 1 + _ID_BYTES + _NONCE_BYTES + _TAG_BYTES or sealed[0] != CIPHER_FORMAT:
        raise SealBroken
    return sealed[1 : 1 + _ID_BYTES].hex()


def _seal_with_nonce(data_key: DataKey, plaintext: bytes, place: Place, nonce: bytes) -> bytes:
    # Apart from `seal` only so that the known-answer test can fix the nonce.
    head = bytes([CIPHER_FORMAT]) + _key_id_bytes(data_key.id)
    bound_to = _sealing_data(data_key.id, place)
    return head + nonce + AESGCM(data_key.secret).encrypt(nonce, plaintext, bound_to)


def _sealing_data(key_id: str, place: Place) -> bytes:
    return length_prefixed(
        APP.encode(), bytes([CIPHER_FORMAT]), place.table.encode(), place.column.encode(),
        place.owner.encode(), place.row.encode(), str(place.revision).encode(),
        _key_id_bytes(key_id),
    )  # fmt: skip


def _key_id_bytes(key_id: str) -> bytes:
    if not re.fullmatch(r"[0-9a-f]{32}", key_id):
        raise ValueError("a data key id is 32 lower-case hex digits")
    return bytes.fromhex(key_id)


def length_prefixed(*parts: bytes) -> bytes:
    """Join parts so that none can be shifted into the next: each follows its length (4 bytes)."""
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


def _decrypt(secret: bytes, nonce_and_body: bytes, bound_to: bytes) -> bytes:
    nonce, body = nonce_and_body[:_NONCE_BYTES], nonce_and_body[_NONCE_BYTES:]
    try:
        return AESGCM(secret).decrypt(nonce, body, bound_to)
    except (InvalidTag, ValueError):
        raise SealBroken from None
