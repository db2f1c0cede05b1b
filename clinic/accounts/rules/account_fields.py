"""Check what an account is made of: its name, address and roles."""

from __future__ import annotations

from collections.abc import Collection

from clinic.foundation.errors import N_
from clinic.foundation.mail.addresses import is_mail_address

LONGEST_NAME = 120


def email_problems(email: str) -> dict[str, list[str]]:
    """Return what is wrong with an e-mail address, under its field."""
    if is_mail_address(email):
        return {}
    return {"email": [N_("This does not look like an e-mail address.")]}


def name_problems(name: str) -> dict[str, list[str]]:
    """Return what is wrong with a name, under its field."""
    if name.strip() and len(name) <= LONGEST_NAME and name.isprintable():
        return {}
    return {"name": [N_("Please write a name of at most 120 characters.")]}


def role_problems(names: Collection[str]) -> dict[str, list[str]]:
    """Return what is wrong with a choice of roles, under its field."""
    return {} if names else {"roles": [N_("Choose at least one role.")]}
