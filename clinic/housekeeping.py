"""What the worker does once a day: drop traces nobody needs any longer, anchor the audit log."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete

from clinic.accounts.credentials import forget_old_traces
from clinic.booking.models import Hold, IdempotencyKey
from clinic.foundation.audit_anchors import anchor_daily
from clinic.foundation.database import transaction
from clinic.foundation.outbox import OutboxMessage

EVERY = timedelta(days=1)
KEPT_DONE = timedelta(days=90)
"""How long a delivered message stays to be looked up."""
KEPT_KEYS = timedelta(days=30)
"""How long a submit can be sent again and find its appointment."""


def keep_house(*, now: datetime) -> None:
    """Drop holds that ran out, old idempotency keys, delivered messages and sign-in traces.

    Then make the day's anchor of the audit log.
    """
    with transaction() as session:
        session.execute(delete(Hold).where(Hold.expires_at < now))
        session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < now - KEPT_KEYS))
        session.execute(delete(OutboxMessage).where(OutboxMessage.done_at < now - KEPT_DONE))
    forget_old_traces(now=now)
    anchor_daily(now=now)
