"""Delete what has expired, anchor the audit log, empty the WAL: the worker's regular work.

How long rows are kept (retention) is decided here; counts of visitors, sign-ins and known devices
say it where they are written. Nothing else is deleted for its age: entries of the audit log are
kept without limit.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete

from clinic.accounts.sign_in.credentials import forget_old_traces
from clinic.booking.appointments.models import Hold, IdempotencyKey
from clinic.booking.appointments.visitor_counts import forget_old_counts
from clinic.extensions import db
from clinic.foundation.audit_anchors import anchor_daily
from clinic.foundation.database.transactions import transaction
from clinic.foundation.database.write_ahead_log import checkpoint
from clinic.foundation.outbox import OutboxMessage

EVERY = timedelta(days=1)
CHECKPOINT_EVERY = timedelta(minutes=1)
KEPT_DONE = timedelta(days=90)
"""How long a delivered message stays to be looked up."""
KEPT_KEYS = timedelta(days=30)
"""How long a submit can be sent again and find its appointment."""


def purge_expired(*, now: datetime) -> None:
    """Drop holds that ran out, old keys and counts, delivered messages and sign-in traces."""
    with transaction() as session:
        session.execute(delete(Hold).where(Hold.expires_at < now))
        forget_old_counts(session, now=now)
        session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < now - KEPT_KEYS))
        session.execute(delete(OutboxMessage).where(OutboxMessage.done_at < now - KEPT_DONE))
    forget_old_traces(now=now)


def empty_log(*, now: datetime) -> None:
    """Move SQLite's write-ahead log into the database; whatever is in use waits for the next."""
    del now
    checkpoint(db.engine)


CHORES = ((purge_expired, EVERY), (anchor_daily, EVERY), (empty_log, CHECKPOINT_EVERY))
"""What the worker does at its start, and then again after so long."""
