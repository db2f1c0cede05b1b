"""Reads for the account pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from clinic.accounts.models import Account, StaffSession
from clinic.accounts.session_rules import SessionState, state_of
from clinic.foundation.database import session


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


def list_accounts(clinic_id: str) -> list[StaffAccount]:
    """Everybody who can or could sign in, by name."""
    rows = session().scalars(select(Account).where(Account.clinic_id == clinic_id))
    accounts = [
        StaffAccount(
            id=row.id,
            name=row.name or "",
            email=row.email or "",
            roles=tuple(sorted(row.role_names)),
            therapist_id=row.therapist_id,
            active=row.active,
        )
        for row in rows
    ]
    return sorted(accounts, key=lambda account: (account.name.casefold(), account.id))
