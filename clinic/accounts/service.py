"""Making, changing and closing staff accounts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.accounts.credentials import (
    CredentialsRefused,
    email_index,
    lift_throttle,
    prove_password,
)
from clinic.accounts.models import Account
from clinic.accounts.password_rules import LONGEST, SHORTEST, PasswordFault, fault_of
from clinic.accounts.passwords import hash_password
from clinic.accounts.sessions import end_sessions, renew_proof
from clinic.foundation import audit
from clinic.foundation.database import new_id, transaction
from clinic.foundation.errors import Conflict, InvalidInput, NotAllowed, NotFound
from clinic.foundation.permissions import Actor, Permission, Role, require
from clinic.foundation.vault import random_token

LONGEST_EMAIL = 254
FAULTS = {
    PasswordFault.TOO_SHORT: f"The password needs at least {SHORTEST} characters.",
    PasswordFault.TOO_LONG: f"The password may have at most {LONGEST} characters.",
    PasswordFault.TOO_SIMPLE: "This password repeats itself or is a simple run: soon guessed.",
    PasswordFault.EASILY_GUESSED: "This password is made of words that are tried first.",
}


class WeakPassword(InvalidInput):
    """This password is not taken; `fault` says why."""

    code = "weak-password"

    def __init__(self, fault: PasswordFault, *, field: str = "password") -> None:
        super().__init__({field: [FAULTS[fault]]})
        self.fault = fault


class WrongPassword(InvalidInput):
    """The present password does not fit."""

    code = "wrong-password"

    def __init__(self) -> None:
        super().__init__({"current": ["This is not your present password."]})


class LastAdmin(Conflict):
    """Somebody must be left who can manage accounts."""

    code = "last-admin"


def create_account(
    *,
    email: str,
    name: str,
    password: str,
    roles: Iterable[Role],
    therapist_id: str | None = None,
    language: str = "en",
    actor: Actor,
    now: datetime,
) -> Account:
    """Make an account in the actor's clinic that can sign in at once.

    Raises `InvalidInput` (`WeakPassword` for the password) and, for a taken e-mail, `Conflict`.
    """
    require(actor, Permission.MANAGE_ACCOUNTS)
    _check_email(email)
    _check_password(password, about=(name, email))
    kept = hash_password(password)
    with transaction() as current:
        found_by = email_index(actor.clinic_id, email)
        if current.scalar(select(Account.id).where(Account.email_index == found_by)):
            raise Conflict("There is an account with this e-mail address already.")
        account = Account(
            id=new_id(),
            clinic_id=actor.clinic_id,
            name=name.strip(),
            email=email.strip(),
            email_index=found_by,
            password=kept,
            fs_uniquifier=random_token(),
            role_names=_names(roles),
            therapist_id=therapist_id,
            language=language,
            create_datetime=now,
        )
        current.add(account)
        current.flush()
        _record(current, "account.created", account, actor=actor, now=now)
    return account


def change_own_password(
    *,
    present: str,
    new: str,
    address: str | None,
    session_id: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Change the actor's password and end their other sessions.

    Raises `WrongPassword`, `WeakPassword` (field `new`) or `TooManyRequests`.
    """
    require(actor, Permission.OWN_ACCOUNT)
    if actor.account_id is None:
        raise NotAllowed
    try:
        account = prove_password(
            actor.account_id, password=present, address=address, clinic_id=actor.clinic_id, now=now
        )
    except CredentialsRefused:
        raise WrongPassword from None
    _check_password(new, about=(account.name or "", account.email or ""), field="new")
    kept = hash_password(new)
    with transaction() as current:
        row = _account(current, actor.account_id, clinic_id=actor.clinic_id)
        row.password, row.update_datetime = kept, now
        end_sessions(current, row.id, keep_session_id=session_id, now=now)
        renew_proof(current, session_id, now=now)
        _record(current, "account.password_changed", row, actor=actor, now=now)


def set_password(account_id: str, *, password: str, actor: Actor, now: datetime) -> None:
    """Give somebody a new password: all their sessions end, failed tries are forgotten."""
    require(actor, Permission.MANAGE_ACCOUNTS)
    with transaction() as current:
        account = _account(current, account_id, clinic_id=actor.clinic_id)
        about = (account.name or "", account.email or "")
    _check_password(password, about=about)
    kept = hash_password(password)
    with transaction() as current:
        account = _account(current, account_id, clinic_id=actor.clinic_id)
        account.password, account.update_datetime = kept, now
        end_sessions(current, account.id, now=now)
        lift_throttle(current, account)
        _record(current, "account.password_set", account, actor=actor, now=now)


def set_roles(
    account_id: str,
    *,
    roles: Iterable[Role],
    therapist_id: str | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """Say anew what somebody is; it counts from their next request on."""
    require(actor, Permission.MANAGE_ACCOUNTS)
    with transaction() as current:
        account = _account(current, account_id, clinic_id=actor.clinic_id)
        account.role_names, account.therapist_id = _names(roles), therapist_id
        account.update_datetime = now
        _keep_an_admin(current, actor.clinic_id)
        _record(current, "account.roles_set", account, actor=actor, now=now)


def deactivate_account(account_id: str, *, actor: Actor, now: datetime) -> None:
    """Close an account: nobody signs in with it and every open session of it ends."""
    require(actor, Permission.MANAGE_ACCOUNTS)
    with transaction() as current:
        account = _account(current, account_id, clinic_id=actor.clinic_id)
        account.active, account.update_datetime = False, now
        end_sessions(current, account.id, now=now)
        _keep_an_admin(current, actor.clinic_id)
        _record(current, "account.deactivated", account, actor=actor, now=now)


def reactivate_account(account_id: str, *, actor: Actor, now: datetime) -> None:
    """Open a closed account again; its old sessions stay ended."""
    require(actor, Permission.MANAGE_ACCOUNTS)
    with transaction() as current:
        account = _account(current, account_id, clinic_id=actor.clinic_id)
        account.active, account.update_datetime = True, now
        _record(current, "account.reactivated", account, actor=actor, now=now)


def _account(current: Session, account_id: str, *, clinic_id: str) -> Account:
    query = select(Account).where(Account.id == account_id, Account.clinic_id == clinic_id)
    account: Account | None = current.scalar(query.with_for_update())
    if account is None:
        raise NotFound
    return account


def _keep_an_admin(current: Session, clinic_id: str) -> None:
    current.flush()
    accounts = current.scalars(
        select(Account)
        .where(Account.clinic_id == clinic_id, Account.active)
        .order_by(Account.id)
        .with_for_update()
    )
    if not any(Role.ADMIN in account.role_names for account in accounts):
        raise LastAdmin("The clinic needs at least one person who can manage accounts.")


def _names(roles: Iterable[Role]) -> list[str]:
    names = sorted({Role(role).value for role in roles})
    if not names:
        raise InvalidInput({"roles": ["Choose at least one role."]})
    return names


def _check_email(email: str) -> None:
    local, _, domain = email.strip().partition("@")
    if not local or not domain or len(email) > LONGEST_EMAIL or not email.strip().isprintable():
        raise InvalidInput({"email": ["This does not look like an e-mail address."]})


def _check_password(password: str, *, about: Iterable[str], field: str = "password") -> None:
    words = [part for text in about for part in (text, *text.replace("@", " ").split())]
    if (fault := fault_of(password, about=words)) is not None:
        raise WeakPassword(fault, field=field)


def _record(
    current: Session, action: str, account: Account, *, actor: Actor, now: datetime
) -> None:
    audit.record(current, action, kind="account", object_id=account.id, actor=actor, now=now)
