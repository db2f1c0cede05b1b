"""Wrap data keys under the master keys of the settings (CLINIC_ENCRYPTION_KEYS). Pure.

A master key is never stored beside the data. It wraps one random data key for each owner and
purpose; `rotation.py` moves them under a new master key.

A wrapped data key is `version (1 byte) | master key id (4) | nonce (12) | ciphertext and tag`.
It is bound to its own id and its owner, so that the key of one couple does not serve another.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from typing import Self

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from clinic.foundation.crypto.encryption import (
    APP,
    CIPHER_FORMAT,
    KEY_BYTES,
    NONCE_BYTES,
    TAG_BYTES,
    PlaceIncomplete,
    SealBroken,
    decrypt,
    key_id_bytes,
    length_prefixed,
)
from clinic.foundation.errors import N_, ClinicError

_MASTER_ID_BYTES = 4
HEAD_BYTES = 1 + _MASTER_ID_BYTES
"""A wrapped data key begins with its format and the id of its master key."""
_KEY_TEXT = re.compile(r"[A-Za-z0-9_-]{43}=?")


class KeySettingInvalid(ClinicError):
    """The setting CLINIC_ENCRYPTION_KEYS cannot be used; never repeats a key."""

    code = "key-setting-invalid"
    says = N_("The setting CLINIC_ENCRYPTION_KEYS cannot be used.")


class MasterKeyMissing(SealBroken):
    """The master key that a data key is wrapped under is not in CLINIC_ENCRYPTION_KEYS."""

    code = "master-key-missing"
    says = N_("The key that locks this part of the record is missing on the server.")


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


def wrap_data_key(keyring: KeyRing, data_key: bytes, *, data_key_id: str, owner: str) -> bytes:
    """Encrypt a data key under the newest master, bound to its id and owner."""
    master, nonce = keyring.newest, secrets.token_bytes(NONCE_BYTES)
    bound_to = _wrapping_data(master.id, data_key_id, owner)
    if len(data_key) != KEY_BYTES:
        raise ValueError("a data key is 32 bytes long")
    head = bytes([CIPHER_FORMAT]) + bytes.fromhex(master.id)
    return head + nonce + AESGCM(master.secret).encrypt(nonce, data_key, bound_to)


def unwrap_data_key(keyring: KeyRing, wrapped: bytes, *, data_key_id: str, owner: str) -> bytes:
    """The 32 bytes of a wrapped data key; `SealBroken` or `MasterKeyMissing` when it fails."""
    master = keyring.master(wrapped_under(wrapped))
    body = wrapped[HEAD_BYTES:]
    return decrypt(master.secret, body, _wrapping_data(master.id, data_key_id, owner))


def rewrap(keyring: KeyRing, wrapped: bytes, *, data_key_id: str, owner: str) -> bytes:
    """The same data key under the newest master; unchanged bytes when it is there already."""
    data_key = unwrap_data_key(keyring, wrapped, data_key_id=data_key_id, owner=owner)
    if wrapped_under(wrapped) == keyring.newest.id:
        return wrapped
    return wrap_data_key(keyring, data_key, data_key_id=data_key_id, owner=owner)


def wrapped_under(wrapped: bytes) -> str:
    """The id of the master key that a wrapped data key needs."""
    expected = HEAD_BYTES + NONCE_BYTES + KEY_BYTES + TAG_BYTES
    if len(wrapped) != expected or wrapped[0] != CIPHER_FORMAT:
        raise SealBroken
    return wrapped[1:HEAD_BYTES].hex()


def _wrapping_data(master_id: str, data_key_id: str, owner: str) -> bytes:
    if not owner.strip():
        raise PlaceIncomplete
    return length_prefixed(
        APP.encode(), b"data-key", bytes([CIPHER_FORMAT]), bytes.fromhex(master_id),
        key_id_bytes(data_key_id), owner.encode(),
    )  # fmt: skip
