"""Signed-in browsers as rows: started, used, ended. The browser holds a token, the row its hash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from clinic.accounts.models import Account, StaffSession
from clinic.accounts.rules.session_rules import SEEN_EVERY, SessionState, state_of
from clinic.accounts.sign_in.credentials import address_index
from clinic.accounts.sign_in.known_devices import forget_device_of, forget_devices
from clinic.foundation import audit
from clinic.foundation.crypto.tokens import random_token, token_hash
from clinic.foundation.database.informational_writes import informational_write
from clinic.foundation.database.transactions import new_id, session, transaction
from clinic.foundation.errors import NotFound
from clinic.foundation.permissions.actors import Actor


@dataclass(frozen=True, slots=True)
class CheckedSession:
    """What a token turned out to be; row and account only when it is live."""

    state: SessionState
    row: StaffSession | None = None
    account: Account | None = None


def start_session(
    account: Account, *, address: str | None, browser: str = "", now: datetime
) -> str:
    """Begin a session after a complete sign-in; the token (256 random bits) is told only here."""
    token = random_token()
    network = address_index(account.clinic_id, address)
    with transaction() as current:
        row = StaffSession(
            id=new_id(),
            account_id=account.id,
            token_hash=token_hash(token),
            started_at=now,
            seen_at=now,
            proved_at=now,
            browser=browser[:80],
            address_index=network,
        )
        current.add(row)
        _record(current, "session.started", row, account, now=now)
    return token


def check_session(token: str, *, is_background: bool = False, now: datetime) -> CheckedSession:
    """Look a token up, and note that it was used unless a page asked in the background."""
    found = session().execute(
        select(StaffSession, Account)
        .join(Account, Account.id == StaffSession.account_id)
        .where(StaffSession.token_hash == token_hash(token))
        .execution_options(populate_existing=True)
    )
    pair = found.one_or_none()
    if pair is None:
        return CheckedSession(SessionState.UNKNOWN)
    row, account = pair
    state = state_of(started_at=row.started_at, seen_at=row.seen_at, ended_at=row.ended_at, now=now)
    if state is not SessionState.LIVE or not account.active:
        return CheckedSession(state if account.active else SessionState.ENDED)
    if not is_background and now - row.seen_at >= SEEN_EVERY:
        _note_use(row.id, now=now)
    return CheckedSession(state, row, account)


def end_session_of(token: str, *, now: datetime) -> None:
    """Sign out: the session of this token is dead from here on, wherever its cookie is."""
    with transaction() as current:
        row = current.scalar(
            select(StaffSession)
            .where(StaffSession.token_hash == token_hash(token), StaffSession.ended_at.is_(None))
            .with_for_update()
        )
        if row is None:
            return
        row.ended_at = now
        _record(current, "session.ended", row, current.get_one(Account, row.account_id), now=now)


def end_own_session(session_id: str, *, actor: Actor, now: datetime) -> None:
    """End one of the actor's own sessions. Raises `NotFound` for anybody else's."""
    with transaction() as current:
        row = current.get(StaffSession, session_id)
        if row is None or actor.account_id is None or row.account_id != actor.account_id:
            raise NotFound
        row.ended_at = row.ended_at or now
        forget_device_of(current, row.id)
        audit.record(
            current, "session.ended", kind="session", object_id=row.id, actor=actor, now=now
        )


def end_other_sessions(*, except_session_id: str, actor: Actor, now: datetime) -> None:
    """End all the actor's sessions but one."""
    if actor.account_id is None:
        raise NotFound
    with transaction() as current:
        end_sessions(current, actor.account_id, except_session_id=except_session_id, now=now)
        audit.record(
            current,
            "session.others_ended",
            kind="account",
            object_id=actor.account_id,
            actor=actor,
            now=now,
        )


def end_sessions(
    current: Session, account_id: str, *, except_session_id: str | None = None, now: datetime
) -> None:
    """End an account's sessions, and forget their browsers, within the running transaction."""
    forget_devices(current, account_id, except_session_id=except_session_id)
    query = update(StaffSession).where(
        StaffSession.account_id == account_id, StaffSession.ended_at.is_(None)
    )
    if except_session_id is not None:
        query = query.where(StaffSession.id != except_session_id)
    current.execute(query.values(ended_at=now))


def renew_proof(current: Session, session_id: str, *, now: datetime) -> None:
    """Remember, within the running transaction, that the password was just shown again."""
    current.execute(update(StaffSession).where(StaffSession.id == session_id).values(proved_at=now))


def _note_use(session_id: str, *, now: datetime) -> None:
    """Move the idle limit on; where nothing can be written, it only comes sooner."""
    with informational_write() as current:
        current.execute(
            update(StaffSession)
            .where(StaffSession.id == session_id, StaffSession.ended_at.is_(None))
            .values(seen_at=now)
        )


def _record(
    current: Session, action: str, row: StaffSession, account: Account, *, now: datetime
) -> None:
    actor = Actor(clinic_id=account.clinic_id, name=f"account:{account.id}", account_id=account.id)
    audit.record(current, action, kind="session", object_id=row.id, actor=actor, now=now)
