"""Promised effects: written in the transaction that promises them, delivered after it.

A message waits for `due_at`, is claimed with a lease (so that a killed worker's messages are
taken up again), and after a failure waits longer each time. After the last try it becomes a dead
letter that people see and can send again. Delivery is at least once: handlers are idempotent.
Payloads hold ids only.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import JSON, Index, String, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from clinic.foundation.database import Base, session, transaction
from clinic.foundation.errors import ClinicError, NotFound

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
WAITS_SECONDS = (10, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 43200, 86400, 86400)
"""The wait after each failed try; they add up to about 72 hours."""

Handler = Callable[[Mapping[str, Any], datetime], None]


class GiveUp(ClinicError):
    """Trying again cannot help: the message goes to the dead letters at once."""


class OutboxMessage(Base):
    """One effect for one handler."""

    __tablename__ = "outbox_message"
    __table_args__ = (Index("ix_outbox_message_waiting", "done_at", "dead_at", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(60))
    handler: Mapped[str] = mapped_column(String(60))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    promised_at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(200))


@dataclass(frozen=True, slots=True)
class Backlog:
    """How the outbox stands, for the desk and for operations."""

    waiting: int
    retrying: int
    dead: int
    oldest_due_at: datetime | None


def handlers() -> dict[str, dict[str, Handler]]:
    """The handlers of this app: kind -> name -> handler, registered in `app.py`."""
    found: dict[str, dict[str, Handler]] = current_app.extensions.setdefault("outbox", {})
    return found


def promise(
    current: Session,
    kind: str,
    payload: Mapping[str, Any],
    *,
    now: datetime,
    due_at: datetime | None = None,
) -> None:
    """Write one message for every handler of this kind, within the running transaction."""
    for name in handlers().get(kind, {}):
        current.add(
            OutboxMessage(
                kind=kind,
                handler=name,
                payload=dict(payload),
                promised_at=now,
                due_at=due_at or now,
            )
        )


def deliver_due(*, now: datetime, limit: int = 10) -> int:
    """Claim what is due and deliver it; the number of messages tried."""
    claimed = _claim(now=now, limit=limit)
    for message in claimed:
        _deliver(message, now=now)
    return len(claimed)


def _claim(*, now: datetime, limit: int) -> Sequence[OutboxMessage]:
    free = (OutboxMessage.leased_until.is_(None)) | (OutboxMessage.leased_until < now)
    with transaction() as current:
        due = (
            select(OutboxMessage)
            .where(OutboxMessage.done_at.is_(None), OutboxMessage.dead_at.is_(None))
            .where(OutboxMessage.due_at <= now, free)
            .order_by(OutboxMessage.due_at, OutboxMessage.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        messages = current.scalars(due).all()
        for message in messages:
            message.leased_until = now + LEASE
    return messages


def _deliver(message: OutboxMessage, *, now: datetime) -> None:
    handler = handlers().get(message.kind, {}).get(message.handler)
    error: Exception | None = None
    try:
        if handler is None:
            raise GiveUp(f"nothing handles {message.kind} as {message.handler} any more")
        handler(message.payload, now)
    except Exception as raised:  # noqa: BLE001 - a handler's failure must never stop the worker
        error = raised
        # The kind of error only: its text could carry an address.
        log.warning("outbox message %s: %s", message.id, type(raised).__name__)
    _settle(message.id, attempts=message.attempts + 1, error=error, now=now)


def _settle(message_id: int, *, attempts: int, error: Exception | None, now: datetime) -> None:
    values: dict[str, Any] = {"attempts": attempts, "leased_until": None}
    if error is None:
        values |= {"done_at": now, "last_error": None}
    elif isinstance(error, GiveUp) or attempts > len(WAITS_SECONDS):
        values |= {"dead_at": now, "last_error": type(error).__name__}
    else:
        wait = timedelta(seconds=WAITS_SECONDS[attempts - 1])
        values |= {"due_at": now + wait, "last_error": type(error).__name__}
    with transaction() as current:
        current.execute(
            update(OutboxMessage).where(OutboxMessage.id == message_id).values(**values)
        )


def redeliver(message_id: int, *, now: datetime) -> None:
    """Put a dead or waiting message in front again. Raises `NotFound`."""
    with transaction() as current:
        message = current.get(OutboxMessage, message_id, with_for_update=True)
        if message is None or message.done_at is not None:
            raise NotFound
        message.dead_at, message.due_at, message.attempts = None, now, 0


def backlog(*, now: datetime) -> Backlog:
    """Count what waits, what failed before and what is dead."""
    del now
    open_ = OutboxMessage.done_at.is_(None)
    alive = OutboxMessage.dead_at.is_(None)
    waiting, oldest = (
        session()
        .execute(select(func.count(), func.min(OutboxMessage.due_at)).where(open_, alive))
        .one()
    )
    retrying = session().scalar(
        select(func.count()).where(open_, alive, OutboxMessage.attempts > 0)
    )
    dead = session().scalar(select(func.count()).where(OutboxMessage.dead_at.is_not(None)))
    return Backlog(waiting, retrying or 0, dead or 0, oldest)


def undelivered(*, limit: int = 100) -> Sequence[OutboxMessage]:
    """What failed at least once and is not done: dead letters first, then by due time."""
    return (
        session()
        .scalars(
            select(OutboxMessage)
            .where(OutboxMessage.done_at.is_(None), OutboxMessage.attempts > 0)
            .order_by(OutboxMessage.dead_at.is_(None), OutboxMessage.due_at)
            .limit(limit)
        )
        .all()
    )
