"""Which passwords are taken. Pure. (NIST SP 800-63B-4, 3.1.1.2; ASVS 5.0, 6.2.)

Length decides; there are no rules about kinds of characters and no end date. Refused as a whole
are passwords that guessing programs try first: repetitions, runs, well-known ones, and the
person's or the clinic's own name. There is no look-up in lists of leaked passwords yet.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from itertools import pairwise

from clinic.accounts.rules.password_hashing import normalise

SHORTEST = 15
"""For accounts with a password alone; with a second factor it could be 8."""
LONGEST_PASSWORD = 128
FEWEST_DIFFERENT = 5

WELL_KNOWN = (
    "password",
    "passwort",
    "palavrapasse",
    "senha",
    "qwerty",
    "qwertz",
    "azerty",
    "qwertyuiop",
    "asdfghjkl",
    "letmein",
    "welcome",
    "changeme",
    "iloveyou",
    "admin",
    "administrator",
    "therapy",
    "therapist",
    "clinic",
    "correcthorsebatterystaple",
    "thequickbrownfox",
    "trustno",
    "whatever",
)


class PasswordFault(StrEnum):
    """Why a password is not taken."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    TOO_SIMPLE = "too_simple"
    EASILY_GUESSED = "easily_guessed"


def fault_of(password: str, *, about: Iterable[str] = ()) -> PasswordFault | None:
    """What is wrong with it, if anything. `about`: names and addresses of person and clinic."""
    plain = normalise(password)
    if len(plain) < SHORTEST:
        return PasswordFault.TOO_SHORT
    if len(plain) > LONGEST_PASSWORD:
        return PasswordFault.TOO_LONG
    if _is_simple(plain):
        return PasswordFault.TOO_SIMPLE
    if _is_made_of(_bare(plain), {_bare(word) for word in (*WELL_KNOWN, *about)}):
        return PasswordFault.EASILY_GUESSED
    return None


def _is_simple(plain: str) -> bool:
    """Few different characters, one piece again and again, or a run such as abcdefgh."""
    if len(set(plain)) < FEWEST_DIFFERENT or plain in (plain + plain)[1:-1]:
        return True
    steps = {ord(later) - ord(sooner) for sooner, later in pairwise(plain)}
    return len(steps) == 1


def _bare(text: str) -> str:
    return "".join(c for c in normalise(text).casefold() if c.isalnum())


def _is_made_of(bare: str, words: set[str]) -> bool:
    """Whether next to nothing is left of it without these words: a date, a number, a letter."""
    left = bare
    for word in sorted((word for word in words if len(word) >= 4), key=len, reverse=True):
        left = left.replace(word, "")
    letters = sum(c.isalpha() for c in left)
    return left != bare and letters < 4 and len(left) <= 8
