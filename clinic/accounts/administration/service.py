"""Make, change and close staff accounts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.accounts.models import Account
from clinic.accounts.passwords.links import send_link
from clinic.accounts.passwords.new_passwords import about, check_password
from clinic.accounts.rules.account_fields import email_problems, name_problems, role_problems
from clinic.accounts.rules.password_hashing import hash_password
from clinic.accounts.sign_in.credentials import (
    email_index,
    lift_throttle,
)
from clinic.accounts.sign_in.revoke import cut_off, end_calendar_addresses
from clinic.accounts.sign_in.sessions import end_sessions
from clinic.foundation import audit
from clinic.foundation.crypto.tokens import random_token
from clinic.foundation.database.transactions import lock_name, new_id, transaction
from clinic.foundation.errors import N_, Conflict, NotFound
from clinic.foundation.messages import refuse
from clinic.foundation.permissions.actors import Actor, Role
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import require


class EmailInUse(Conflict):
    """No two accounts share an address."""

    code = "email-taken"
    says = N_("There is an account with this e-mail address already.")


class AccountClosed(Conflict):
    """Nothing is sent to somebody whose account is closed."""

    code = "account-closed"
    says = N_("This account is disabled. Enable it first.")


class LastAdmin(Conflict):
    """Somebody must be left who can manage accounts."""

    code = "last-admin"
    says = N_("The clinic needs at least one person who can manage accounts.")


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

    Raises `InvalidInput` (`WeakPassword` for the password) and, for an e-mail in use, `EmailInUse`.
    """
    require(actor, Permission.MANAGE_ACCOUNTS)
    _check_email(email)
    check_password(password, about=(name, email))
    kept = hash_password(password)
    with transaction() as current:
        account = _new_account(current, email, name=name, roles=roles, actor=actor, now=now)
        account.password = kept
        account.therapist_id, account.language = therapist_id, language
        current.flush()
        record_change(current, "account.created", account, actor=actor, now=now)
    return account


def invite_account(
    *,
    email: str,
    name: str,
    roles: Iterable[Role],
    therapist_id: str | None = None,
    language: str = "en",
    actor: Actor,
    now: datetime,
) -> Account:
    """Make an account without a password and mail its person a link to set one.

    Raises `InvalidInput` and, for an e-mail in use, `EmailInUse`.
    """
    require(actor, Permission.MANAGE_ACCOUNTS)
    roles = list(roles)
    refuse(name_problems(name) | email_problems(email) | role_problems(roles))
    with transaction() as current:
        account = _new_account(current, email, name=name, roles=roles, actor=actor, now=now)
        account.therapist_id, account.language = therapist_id, language
        current.flush()
        send_link(current, account, now=now)
        record_change(current, "account.invited", account, actor=actor, now=now)
    return account


def send_password_link(account_id: str, *, actor: Actor, now: datetime) -> None:
    """Mail somebody a link to set their password, in place of any sent before.

    Raises `NotFound`, or `AccountClosed`.
    """
    require(actor, Permission.MANAGE_ACCOUNTS)
    with transaction() as current:
        account = locked_account(current, account_id, clinic_id=actor.clinic_id)
        if not account.active:
            raise AccountClosed
        send_link(current, account, now=now)
        record_change(current, "account.link_sent", account, actor=actor, now=now)


def end_account_sessions(account_id: str, *, actor: Actor, now: datetime) -> None:
    """Sign somebody out of every browser."""
    require(actor, Permission.MANAGE_ACCOUNTS)
    with transaction() as current:
        account = locked_account(current, account_id, clinic_id=actor.clinic_id)
        end_sessions(current, account.id, now=now)
        record_change(current, "account.sessions_ended", account, actor=actor, now=now)


def set_password(account_id: str, *, password: str, actor: Actor, now: datetime) -> None:
    """Give somebody a new password: all their sessions end, failed tries are forgotten."""
    require(actor, Permission.MANAGE_ACCOUNTS)
    with transaction() as current:
        account = locked_account(current, account_id, clinic_id=actor.clinic_id)
        names = about(account)
    check_password(password, about=names)
    kept = hash_password(password)
    with transaction() as current:
        account = locked_account(current, account_id, clinic_id=actor.clinic_id)
        account.password, account.update_datetime = kept, now
        cut_off(current, account, now=now)
        lift_throttle(current, account)
        record_change(current, "account.password_set", account, actor=actor, now=now)


def set_roles(
    account_id: str,
    *,
    roles: Iterable[Role],
    therapist_id: str | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """Change an account's roles; they count from its next request on."""
    require(actor, Permission.MANAGE_ACCOUNTS)
    with transaction() as current:
        _lock_roles(current, actor.clinic_id)
        account = locked_account(current, account_id, clinic_id=actor.clinic_id)
        if account.therapist_id not in {None, therapist_id}:
            end_calendar_addresses(current, account, therapist_id=account.therapist_id, now=now)
        account.role_names, account.therapist_id = _names(roles), therapist_id
        account.update_datetime = now
        _require_an_admin(current, actor.clinic_id)
        record_change(current, "account.roles_set", account, actor=actor, now=now)


def deactivate_account(account_id: str, *, actor: Actor, now: datetime) -> None:
    """Close an account: nobody signs in with it, and whatever it had opened ends."""
    require(actor, Permission.MANAGE_ACCOUNTS)
    with transaction() as current:
        _lock_roles(current, actor.clinic_id)
        account = locked_account(current, account_id, clinic_id=actor.clinic_id)
        account.active, account.update_datetime = False, now
        cut_off(current, account, now=now)
        _require_an_admin(current, actor.clinic_id)
        record_change(current, "account.deactivated", account, actor=actor, now=now)


def reactivate_account(account_id: str, *, actor: Actor, now: datetime) -> None:
    """Open a closed account again; its old sessions stay ended."""
    require(actor, Permission.MANAGE_ACCOUNTS)
    with transaction() as current:
        account = locked_account(current, account_id, clinic_id=actor.clinic_id)
        account.active, account.update_datetime = True, now
        record_change(current, "account.reactivated", account, actor=actor, now=now)


def _new_account(
    current: Session, email: str, *, name: str, roles: Iterable[Role], actor: Actor, now: datetime
) -> Account:
    """The row, in the actor's clinic; no address has two."""
    found_by = email_index(actor.clinic_id, email)
    lock_name(current, b"account:" + found_by)
    if current.scalar(select(Account.id).where(Account.email_index == found_by)):
        raise EmailInUse
    account = Account(
        id=new_id(),
        clinic_id=actor.clinic_id,
        name=name.strip(),
        email=email.strip(),
        email_index=found_by,
        fs_uniquifier=random_token(),
        role_names=_names(roles),
        create_datetime=now,
    )
    current.add(account)
    return account


def locked_account(current: Session, account_id: str, *, clinic_id: str) -> Account:
    """Return the account and lock its row until the transaction ends. Raises `NotFound`."""
    query = select(Account).where(Account.id == account_id, Account.clinic_id == clinic_id)
    account: Account | None = current.scalar(query.with_for_update())
    if account is None:
        raise NotFound
    return account


def _lock_roles(current: Session, clinic_id: str) -> None:
    """Let one change at a time decide whether an administrator is left."""
    lock_name(current, b"account roles:" + clinic_id.encode("ascii"))


def _require_an_admin(current: Session, clinic_id: str) -> None:
    """Raise `LastAdmin` when nobody is left; under the lock of `_lock_roles`."""
    current.flush()
    accounts = current.scalars(
        select(Account)
        .where(Account.clinic_id == clinic_id, Account.active)
        .execution_options(populate_existing=True)
    )
    # An invited one cannot sign in yet.
    if not any(one.password_sealed and Role.ADMIN in one.role_names for one in accounts):
        raise LastAdmin


def _names(roles: Iterable[Role]) -> list[str]:
    names = sorted({Role(role).value for role in roles})
    refuse(role_problems(names))
    return names


def _check_email(email: str) -> None:
    refuse(email_problems(email))


def record_change(
    current: Session, action: str, account: Account, *, actor: Actor, now: datetime
) -> None:
    """Add an audit entry about an account."""
    audit.record(current, action, kind="account", object_id=account.id, actor=actor, now=now)
