"""Reads for the account pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from clinic.accounts.models import Account, AccountLink, StaffSession
from clinic.accounts.rules.session_rules import IDLE_LIMIT, WHOLE_LIMIT, SessionState, state_of
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import NotFound


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One browser in which somebody is signed in."""

    id: str
    browser: str
    started_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class StaffAccount:
    """A line in the list of accounts."""

    id: str
    name: str
    email: str
    roles: tuple[str, ...]
    therapist_id: str | None
    active: bool
    language: str = "en"
    has_password: bool = True
    """False as long as an invitation waits."""
    last_sign_in: datetime | None = None
    """None: not since the traces of sign-ins that are kept (90 days)."""
    open_sessions: int = 0


def list_sessions(account_id: str, *, now: datetime) -> list[OpenSession]:
    """An account's live sessions, the one used last first."""
    rows = session().scalars(
        select(StaffSession)
        .where(StaffSession.account_id == account_id, StaffSession.ended_at.is_(None))
        .order_by(StaffSession.seen_at.desc(), StaffSession.id)
    )
    return [
        OpenSession(row.id, row.browser, row.started_at, row.seen_at)
        for row in rows
        if state_of(started_at=row.started_at, seen_at=row.seen_at, ended_at=None, now=now)
        is SessionState.LIVE
    ]


def list_accounts(clinic_id: str, *, now: datetime) -> list[StaffAccount]:
    """Everybody who can or could sign in, by name."""
    rows = session().scalars(select(Account).where(Account.clinic_id == clinic_id)).all()
    signed_in, open_ = _last_sign_ins(clinic_id), _open_sessions(clinic_id, now=now)
    accounts = [
        StaffAccount(
            id=row.id,
            name=row.name or "",
            email=row.email or "",
            roles=tuple(sorted(row.role_names)),
            therapist_id=row.therapist_id,
            active=row.active,
            language=row.language,
            has_password=row.password_sealed is not None,
            last_sign_in=signed_in.get(row.id),
            open_sessions=open_.get(row.id, 0),
        )
        for row in rows
    ]
    return sorted(accounts, key=lambda account: (account.name.casefold(), account.id))


def get_account(clinic_id: str, account_id: str, *, now: datetime) -> StaffAccount:
    """One of them. Raises `NotFound`."""
    for account in list_accounts(clinic_id, now=now):
        if account.id == account_id:
            return account
    raise NotFound


def open_link_until(account_id: str, *, now: datetime) -> datetime | None:
    """Until when the link that was last sent to somebody is good, if it still is."""
    return session().scalar(
        select(func.max(AccountLink.expires_at)).where(
            AccountLink.account_id == account_id,
            AccountLink.used_at.is_(None),
            AccountLink.ended_at.is_(None),
            AccountLink.expires_at > now,
        )
    )


def _last_sign_ins(clinic_id: str) -> dict[str, datetime]:
    rows = session().execute(_sessions_of(clinic_id, func.max(StaffSession.started_at)))
    return dict(iter(rows))


def _open_sessions(clinic_id: str, *, now: datetime) -> dict[str, int]:
    counted = _sessions_of(clinic_id, func.count()).where(
        StaffSession.ended_at.is_(None),
        StaffSession.started_at > now - WHOLE_LIMIT,
        StaffSession.seen_at > now - IDLE_LIMIT,
    )
    return dict(iter(session().execute(counted)))


def _sessions_of(clinic_id: str, measure: ColumnElement[Any]) -> Select[tuple[str, Any]]:
    return (
        select(StaffSession.account_id, measure)
        .join(Account, Account.id == StaffSession.account_id)
        .where(Account.clinic_id == clinic_id)
        .group_by(StaffSession.account_id)
    )
