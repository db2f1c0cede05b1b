"""Whether a new password is taken, said as a refusal of the field it was typed in."""

from __future__ import annotations

from clinic.accounts.models import Account
from clinic.accounts.rules.password_rules import LONGEST_PASSWORD, SHORTEST, PasswordFault, fault_of
from clinic.foundation.errors import InvalidInput

FAULTS = {
    PasswordFault.TOO_SHORT: f"The password needs at least {SHORTEST} characters.",
    PasswordFault.TOO_LONG: f"The password may have at most {LONGEST_PASSWORD} characters.",
    PasswordFault.TOO_SIMPLE: "This password repeats itself or is a simple run: soon guessed.",
    PasswordFault.EASILY_GUESSED: "This password is made of words that are tried first.",
}


class WeakPassword(InvalidInput):
    """This password is not taken; `fault` says why."""

    code = "weak-password"

    def __init__(self, fault: PasswordFault, *, field: str = "password") -> None:
        super().__init__({field: [FAULTS[fault]]})
        self.fault = fault


def check_password(password: str, *, about: tuple[str, ...], field: str = "password") -> None:
    """Refuse a weak one; `about` are the names and addresses it may not be made of."""
    words = [part for text in about for part in (text, *text.replace("@", " ").split())]
    if (fault := fault_of(password, about=words)) is not None:
        raise WeakPassword(fault, field=field)


def about(account: Account) -> tuple[str, ...]:
    """What a password of this account may not be made of."""
    return account.name or "", account.email or ""
