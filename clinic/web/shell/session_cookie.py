"""The session cookie, encrypted: whoever has the device or a copy of it reads nothing in it.

Flask signs its cookie but leaves the content readable (base64 of JSON). Here the signed payload is
`nonce (12 bytes) | AES-256-GCM ciphertext and tag`, under a key that HKDF (RFC 5869) derives from
`SECRET_KEY`. It needs no table and is read by every process that has the key.
"""

from __future__ import annotations

import secrets
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import BadSignature, URLSafeTimedSerializer
from itsdangerous.encoding import base64_decode, base64_encode
from itsdangerous.exc import BadData

from clinic.foundation.crypto.encryption import NONCE_BYTES

PURPOSE = b"couples-clinic session cookie"


class EncryptedSerializer(URLSafeTimedSerializer):
    """Encrypts what the signer signs; a payload that does not open counts as badly signed."""

    def dump_payload(self, obj: Any) -> bytes:
        """Return the encrypted object, never compressed: its length would tell of its content."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        plain = self.serializer.dumps(obj).encode("utf-8")
        return base64_encode(nonce + _cipher(self.secret_keys[-1]).encrypt(nonce, plain, PURPOSE))

    def load_payload(self, payload: bytes, *_args: Any, **_more: Any) -> Any:
        """Return the object. Raises `BadSignature` for whatever was not encrypted with our key."""
        try:
            sealed = base64_decode(payload)
            plain = self._opened(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:])
            return self.serializer.loads(plain.decode("utf-8"))
        except (BadData, ValueError) as error:
            raise BadSignature(str(error)) from error

    def _opened(self, nonce: bytes, ciphertext: bytes) -> bytes:
        for key in reversed(self.secret_keys):
            try:
                return _cipher(key).decrypt(nonce, ciphertext, PURPOSE)
            except InvalidTag:
                continue
        raise ValueError("encrypted with another key, or not at all")


class EncryptedSessionInterface(SecureCookieSessionInterface):
    """Flask's own session in a cookie, encrypted."""

    def get_signing_serializer(self, app: Flask) -> EncryptedSerializer | None:
        """Return what writes and reads the cookie; None without a secret key."""
        if not app.secret_key:
            return None
        return EncryptedSerializer(
            [*(app.config["SECRET_KEY_FALLBACKS"] or ()), app.secret_key],
            salt=self.salt,
            serializer=self.serializer,
            signer_kwargs={
                "key_derivation": self.key_derivation,
                "digest_method": self.digest_method,
            },
        )


@lru_cache(maxsize=8)
def _cipher(secret_key: bytes) -> AESGCM:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(secret_key)
    return AESGCM(derived)
