"""Closing whatever an account had opened: sessions, mailed links and, above us, calendar addresses.

It happens when an account is closed, when its password changes, and when it is no longer the
account of a therapist (calendars.md, 7: revocation).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from clinic.accounts.models import Account, AccountLink
from clinic.accounts.sign_in.sessions import end_sessions
from clinic.foundation import outbox

CUT_OFF = "account.cut_off"
"""An outbox kind: calendar addresses of this account, and of this therapist, end."""


def cut_off(
    current: Session, account: Account, *, except_session_id: str | None = None, now: datetime
) -> None:
    """End the account's sessions (but one), its open links and its calendar addresses."""
    end_sessions(current, account.id, except_session_id=except_session_id, now=now)
    end_links(current, account.id, now=now)
    end_calendar_addresses(current, account, therapist_id=account.therapist_id, now=now)


def end_links(current: Session, account_id: str, *, now: datetime) -> None:
    """No link that was mailed before is good any longer."""
    current.execute(
        update(AccountLink)
        .where(
            AccountLink.account_id == account_id,
            AccountLink.used_at.is_(None),
            AccountLink.ended_at.is_(None),
        )
        .values(ended_at=now)
    )


def end_calendar_addresses(
    current: Session, account: Account, *, therapist_id: str | None, now: datetime
) -> None:
    """Have the calendar addresses end that this person knows: their own and this therapist's."""
    payload = {
        "account": account.id,
        "clinic": account.clinic_id,
        "therapist": therapist_id,
        "until": now.isoformat(),
    }
    outbox.promise(current, CUT_OFF, payload, now=now)
