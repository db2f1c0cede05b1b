"""Distinguish a name from an address or a link in its place. Pure.

Names come in all scripts, with titles, initials, digits, apostrophes, hyphens and particles, so
nothing is asked of a name; only what no name is, is found. What a mail says never hangs on it: no
mail to a partner carries a name that was typed on the booking page.
"""

from __future__ import annotations

import re
import unicodedata

TITLES = frozenset(
    {"arch", "d", "dipl", "dr", "dra", "drs", "eng", "frei", "ing", "lic", "mag", "mr", "mrs"}
    | {"ms", "mx", "padre", "prof", "profa", "rev", "sr", "sra", "srta", "st"}
)
"""What may stand before a dot with the name right behind it, written small: "dr.müller"."""
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:/|www\d?\.\w|\\\\")
_HOST = re.compile(r"([\w-]{2,})\.([^\W\d_]{2,})(?![\w])")


def has_link(name: str) -> bool:
    """Whether there is an e-mail address, or something that a mail program makes a link of."""
    plain = unicodedata.normalize("NFKC", name)
    if "@" in plain or _SCHEME.search(plain.casefold()):
        return True
    # Small letters behind the dot: "St.John" is a name, "evil.example" is none.
    return any(
        end.islower() and start.casefold() not in TITLES for start, end in _HOST.findall(plain)
    )
