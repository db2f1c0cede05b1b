"""What staff are told by mail about their account: promised here, written a floor above."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from clinic.accounts.models import Account
from clinic.foundation import outbox
from clinic.foundation.database.transactions import new_id

ACCOUNT_MAIL = "account.mail"
"""An outbox kind: a link to set a password (`link`), or news of a change (`notice`)."""


def notify_password_changed(current: Session, account: Account, *, now: datetime) -> None:
    """Promise the mail that tells the owner of a new password (ASVS 5.0, 6.3.7)."""
    payload = {"notice": new_id(), "account": account.id, "at": now.isoformat()}
    outbox.promise(current, ACCOUNT_MAIL, payload, now=now)
