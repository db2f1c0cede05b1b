"""Remembers the browsers in which an account signed in: what strangers do binds none of them.

The browser holds a random token, the table its hash and the accounts that it is good for. Every
sign-in makes a new token, so that a copy of an older one is worth nothing; a token ends with the
session it came from, with a new password, and with the account.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from clinic.accounts.models import Account, KnownDevice, StaffSession
from clinic.accounts.rules.throttling import DEVICE_KNOWN_FOR, DEVICE_STOPPED_AT
from clinic.foundation.crypto.tokens import random_token, token_hash
from clinic.foundation.database.transactions import new_id, transaction


def remember_device(
    account: Account, *, token: str | None, session_token: str | None = None, now: datetime
) -> str:
    """Remember this browser for an account that just proved itself; the token to keep there.

    `token` is what the browser held before: the other accounts it is good for move to the new one.
    """
    made = random_token()
    with transaction() as current:
        if token:
            current.execute(
                update(KnownDevice)
                .where(KnownDevice.token_hash == token_hash(token))
                .values(token_hash=token_hash(made))
            )
        current.execute(delete(KnownDevice).where(*_of(made, account)))
        current.add(
            KnownDevice(
                id=new_id(),
                token_hash=token_hash(made),
                account_id=account.id,
                session_id=_session_id(current, session_token),
                known_since=now,
            )
        )
    return made


def locked_device(
    current: Session, token: str | None, account: Account | None, *, now: datetime
) -> KnownDevice | None:
    """Lock the row that makes this browser known; an account that is not there is asked alike."""
    query = select(KnownDevice).where(
        *_of(token or "", account),
        KnownDevice.known_since > now - DEVICE_KNOWN_FOR,
        KnownDevice.failures < DEVICE_STOPPED_AT,
    )
    found: KnownDevice | None = current.scalar(
        query.with_for_update().execution_options(populate_existing=True)
    )
    return found


def forgive_device(current: Session, token: str | None, account: Account) -> None:
    """End the count of failed tries of this browser after a success."""
    current.execute(
        update(KnownDevice)
        .where(*_of(token or "", account))
        .values(failures=0, last_failed_at=None)
    )


def forget_devices(
    current: Session, account_id: str, *, except_session_id: str | None = None
) -> None:
    """Forget the account's browsers but one session's, within the running transaction."""
    query = delete(KnownDevice).where(KnownDevice.account_id == account_id)
    if except_session_id is not None:
        others = or_(KnownDevice.session_id.is_(None), KnownDevice.session_id != except_session_id)
        query = query.where(others)
    current.execute(query)


def forget_device_of(current: Session, session_id: str) -> None:
    """Forget the browser of this session, within the running transaction."""
    current.execute(delete(KnownDevice).where(KnownDevice.session_id == session_id))


def forget_old_devices(current: Session, *, now: datetime) -> None:
    """Drop what has run out, within the running transaction."""
    current.execute(delete(KnownDevice).where(KnownDevice.known_since <= now - DEVICE_KNOWN_FOR))


def _of(token: str, account: Account | None) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return (
        KnownDevice.token_hash == token_hash(token),
        KnownDevice.account_id == (account.id if account else ""),
    )


def _session_id(current: Session, token: str | None) -> str | None:
    if token is None:
        return None
    return current.scalar(
        select(StaffSession.id).where(StaffSession.token_hash == token_hash(token))
    )
