"""Make the tokens of links and calendar addresses; tables store their hashes only."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from clinic.foundation.crypto.data_keys import KeyPurpose, data_key


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
