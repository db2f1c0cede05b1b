"""Compare e-mail addresses: the one spelling by which two of them count as the same. Pure."""

from __future__ import annotations

import unicodedata


def normalise_email(value: str) -> str:
    """The spelling under which two e-mail addresses count as one: trimmed, NFKC, case-folded."""
    folded = unicodedata.normalize("NFKC", value).strip().casefold()
    # Folding can undo the normal form (U+0345 does), and the result must be stable.
    return unicodedata.normalize("NFKC", folded).strip()
