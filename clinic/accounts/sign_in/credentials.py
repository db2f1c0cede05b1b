"""Checking a password, with every try counted before it is looked at.

A try is written down as failed first and forgiven when it turns out right, so that tries sent at
the same moment cannot slip past the limit together. Accounts that do not exist are counted, and
cost a hash, like those that do.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from clinic.accounts.models import Account, AccountLink, FailedSignIn, KnownDevice, StaffSession
from clinic.accounts.rules.password_hashing import hash_password, is_outdated, matches
from clinic.accounts.rules.throttling import (
    ADDRESS_KNOWN_FOR,
    Question,
    Scope,
    Tries,
    failures_so_far,
    longest_block,
)
from clinic.accounts.sign_in.known_devices import forget_old_devices, forgive_device, locked_device
from clinic.foundation import audit
from clinic.foundation.client_networks import network_of
from clinic.foundation.crypto.blind_index import index_of
from clinic.foundation.database.transactions import new_id, transaction
from clinic.foundation.errors import ClinicError, NotFound, TooManyRequests
from clinic.foundation.permissions.actors import Actor

Keys = Mapping[Scope, bytes]
TRACES_KEPT_FOR = timedelta(days=90)


class CredentialsRefused(ClinicError):
    """E-mail and password do not fit together."""

    status = 422
    code = "credentials-refused"


def email_index(clinic_id: str, email: str) -> bytes:
    """Under what an account is found by its e-mail address."""
    return index_of(clinic_id, email, purpose="account.email")


def address_index(clinic_id: str, address: str | None) -> bytes:
    """Under what the network of an address is remembered."""
    return index_of(clinic_id, network_of(address), purpose="sign_in.address")


def check_credentials(
    email: str,
    *,
    password: str,
    address: str | None,
    device: str | None = None,
    clinic_id: str,
    now: datetime,
) -> Account:
    """The account that this e-mail and password open; `device` is the token of a known browser.

    Raises `CredentialsRefused`, alike for unknown, wrong and deactivated, or `TooManyRequests`.
    """
    found_by = email_index(clinic_id, email)
    return _check(found_by, password, address=address, device=device, clinic_id=clinic_id, now=now)


def prove_password(
    account_id: str,
    *,
    password: str,
    address: str | None,
    device: str | None = None,
    clinic_id: str,
    now: datetime,
) -> Account:
    """The same for somebody signed in who shows their password again; counted with the rest."""
    with transaction() as current:
        account = current.get(Account, account_id)
    if account is None or account.clinic_id != clinic_id:
        raise NotFound
    found_by = account.email_index
    return _check(found_by, password, address=address, device=device, clinic_id=clinic_id, now=now)


def lift_throttle(current: Session, account: Account) -> None:
    """Forget the failed tries at an account (its password was just set by somebody entitled)."""
    key = _keys(account.email_index, account.email_index)[Scope.ACCOUNT]
    own = (FailedSignIn.scope == Scope.ACCOUNT, FailedSignIn.key_hash == key)
    current.execute(delete(FailedSignIn).where(*own))


def forget_old_traces(*, now: datetime) -> None:
    """Daily housekeeping: counts nobody added to, sessions and links that ended, long ago.

    The count of an account that exists stays: only a success ends it.
    """
    before = now - TRACES_KEPT_FOR
    of_an_account = FailedSignIn.key_hash.in_(select(Account.email_index))
    with transaction() as current:
        current.execute(
            delete(FailedSignIn).where(FailedSignIn.last_failed_at < before, ~of_an_account)
        )
        current.execute(delete(StaffSession).where(StaffSession.seen_at < before))
        current.execute(delete(AccountLink).where(AccountLink.expires_at < before))
        forget_old_devices(current, now=now)


def _check(
    found_by: bytes,
    password: str,
    *,
    address: str | None,
    device: str | None,
    clinic_id: str,
    now: datetime,
) -> Account:
    network = address_index(clinic_id, address)
    keys = _keys(found_by, network)
    with transaction() as current:
        account = _account(current, found_by, clinic_id=clinic_id)
        has_signed_in_before = _has_signed_in_before(current, account, network, now=now)
        _count_try(
            current, keys, (device, account), has_signed_in_before=has_signed_in_before, now=now
        )
    right = matches(password, account.password if account else None)
    if account is None or not right or not account.active:
        _note_refusal(account, clinic_id=clinic_id, now=now)
        raise CredentialsRefused
    with transaction() as current:
        # The account first, as everywhere: so that no two lock each other out.
        if account.password and is_outdated(account.password):
            account.password = hash_password(password)
            current.flush()
        _forgive(current, keys, now=now)
        forgive_device(current, device, account)
    return account


def _keys(found_by: bytes, network: bytes) -> Keys:
    pair = hashlib.sha256(found_by + network).digest()
    return {Scope.ACCOUNT: found_by, Scope.ADDRESS: network, Scope.PAIR: pair}


def _account(current: Session, found_by: bytes, *, clinic_id: str) -> Account | None:
    return current.scalar(
        select(Account).where(Account.email_index == found_by, Account.clinic_id == clinic_id)
    )


def _has_signed_in_before(
    current: Session, account: Account | None, network: bytes, *, now: datetime
) -> bool:
    query = exists().where(
        StaffSession.account_id == (account.id if account else ""),
        StaffSession.address_index == network,
        StaffSession.started_at > now - ADDRESS_KNOWN_FOR,
    )
    return bool(current.scalar(select(query)))


def _count_try(
    current: Session,
    keys: Keys,
    from_device: tuple[str | None, Account | None],
    *,
    has_signed_in_before: bool,
    now: datetime,
) -> None:
    rows: dict[str, FailedSignIn | KnownDevice] = {**locked_counts(current, keys, now=now)}
    if known := locked_device(current, *from_device, now=now):
        rows[Scope.DEVICE] = known
    counts = {
        Scope(scope): Tries(row.failures, row.last_failed_at or now) for scope, row in rows.items()
    }
    wait = longest_block(counts, has_signed_in_before=has_signed_in_before, now=now)
    if wait > timedelta(0):
        raise TooManyRequests(retry_after=math.ceil(wait.total_seconds()))
    for scope, tries in counts.items():
        rows[scope].failures = failures_so_far(scope, tries, now=now) + 1
        rows[scope].last_failed_at = now


def _forgive(current: Session, keys: Keys, *, now: datetime) -> None:
    """A success ends the counts of this account; the address is forgiven this pair's tries only.

    Otherwise one valid account could wipe out the count while trying all the others.
    """
    rows = locked_counts(current, keys, now=now)
    address, pair = rows[Scope.ADDRESS], rows[Scope.PAIR]
    address.failures = max(0, address.failures - pair.failures)
    current.delete(pair)
    current.delete(rows[Scope.ACCOUNT])


def locked_counts(
    current: Session, keys: Mapping[Scope, bytes] | Mapping[Question, bytes], *, now: datetime
) -> dict[str, FailedSignIn]:
    """One row a scope, made when missing, locked in one order (so that no two tries deadlock).

    One statement makes or locks a row: between two, another sign-in may have deleted it.
    """
    insert = _insert_into(current).values(_uncounted(keys, now=now))
    # An update to the value that is there changes nothing and locks the row.
    made_or_locked = insert.on_conflict_do_update(
        index_elements=["scope", "key_hash"], set_={"failures": FailedSignIn.failures}
    ).returning(FailedSignIn)
    rows = current.scalars(made_or_locked, execution_options={"populate_existing": True})
    return {row.scope: row for row in rows}


def _uncounted(
    keys: Mapping[Scope, bytes] | Mapping[Question, bytes], *, now: datetime
) -> list[dict[str, Any]]:
    return [
        {"id": new_id(), "scope": scope, "key_hash": key, "failures": 0, "last_failed_at": now}
        for scope, key in sorted(keys.items())
    ]


def _insert_into(current: Session) -> Any:
    on_postgresql = current.get_bind().dialect.name == "postgresql"
    return (postgresql if on_postgresql else sqlite).insert(FailedSignIn)


def _note_refusal(account: Account | None, *, clinic_id: str, now: datetime) -> None:
    with transaction() as current:
        audit.record(
            current,
            "account.sign_in_refused",
            kind="account",
            object_id=account.id if account else "unknown",
            actor=Actor(clinic_id=clinic_id),
            now=now,
        )
