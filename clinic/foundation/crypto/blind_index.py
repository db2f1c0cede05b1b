"""Find a partner or an account by e-mail address without storing the address: the blind index.

The address itself is stored sealed, which no query can compare. Beside it the table stores 32 bytes
that are computed from it and a key of the clinic: the same address gives the same bytes, however it
is written, and without the key nothing can be guessed from them. Networks that are counted and
addresses of imported calendars are looked up in the same way.
"""

from __future__ import annotations

import hashlib
import hmac

from clinic.foundation.crypto.data_keys import KeyPurpose, data_key
from clinic.foundation.crypto.encryption import APP, KEY_BYTES, length_prefixed
from clinic.foundation.texts.email_spelling import normalise_email


def index_of(clinic_id: str, value: str, *, purpose: str) -> bytes:
    """A blind index: equal values find each other, the value itself is not stored."""
    return blind_index(data_key(clinic_id, KeyPurpose.INDEX).secret, value, purpose=purpose)


def blind_index(key: bytes, value: str, *, purpose: str) -> bytes:
    """32 bytes to look an encrypted value up by: HMAC-SHA256 of it, normalised as an e-mail is.

    Without the key nothing can be guessed from it; equal values for two purposes differ.
    """
    if len(key) < KEY_BYTES or not purpose:
        raise ValueError("a blind index needs a key of at least 32 bytes and a purpose")
    # Half a surrogate pair can come in through JSON; it must look up nothing, not fail.
    normal = normalise_email(value).encode("utf-8", "surrogatepass")
    parts = length_prefixed(APP.encode(), purpose.encode(), normal)
    return hmac.new(key, parts, hashlib.sha256).digest()
