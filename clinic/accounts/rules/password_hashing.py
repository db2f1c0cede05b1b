"""Password hashes: argon2id at the strength that ASVS 5.0, appendix C, approves. Pure.

The services hash here, with argon2-cffi itself, because they must not need Flask (commands and the
demo clinic make accounts too). Flask-Security is configured with the same scheme and the same
numbers, so that each reads the other's hashes.
"""

from __future__ import annotations

import unicodedata
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

TIME_COST = 1
MEMORY_KIB = 47_104  # 46 MiB
PARALLELISM = 1
NORMAL_FORM: Final = "NFKC"

hasher = PasswordHasher(
    time_cost=TIME_COST, memory_cost=MEMORY_KIB, parallelism=PARALLELISM, type=Type.ID
)


def normalise(password: str) -> str:
    """One spelling for what different keyboards send for the same characters."""
    return unicodedata.normalize(NORMAL_FORM, password)


def hash_password(password: str) -> str:
    """The hash to keep, with its own salt and parameters in it."""
    return hasher.hash(_bytes(password))


def matches(password: str, stored_hash: str | None) -> bool:
    """Whether it is the password. Without a stored hash one is made, to take as long."""
    if stored_hash is None:
        hasher.hash(_bytes(password))
        return False
    try:
        return hasher.verify(stored_hash, _bytes(password))
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(stored_hash: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return hasher.check_needs_rehash(stored_hash)


def _bytes(password: str) -> bytes:
    return normalise(password).encode("utf-8", "surrogatepass")
