"""Promised effects: written in the transaction that promises them, delivered after it.

A message waits for `due_at`, is claimed with a lease (so that a killed worker's messages are
taken up again), and after a failure waits longer each time. After the last try it becomes a dead
letter that people see and can send again. Delivery is at least once: handlers are idempotent.
Payloads hold ids only.

Kinds whose handlers wait for other people's servers have lanes of their own, each worked through
apart from the others; the kinds without one share the lane REST.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, current_app
from sqlalchemy import JSON, ColumnElement, Index, String, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from clinic.foundation.crypto.data_keys import KeyMissing
from clinic.foundation.database.transactions import Base, session, transaction
from clinic.foundation.database.waiting import end_reading
from clinic.foundation.errors import ClinicError, InvalidInput, NotFound
from clinic.foundation.mail.transports import MailRefused

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
WAITS_SECONDS = (10, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 43200, 86400, 86400)
"""The wait after each failed try, unless a longer one was asked for; about 72 hours in all."""

REST = "rest"
MAIL_LANE = "letters"
"""The lane of every kind that `lanes` does not name."""

Handler = Callable[[Mapping[str, Any], datetime], None]


class GiveUp(ClinicError):
    """Trying again cannot help: the message goes to the dead letters at once."""


FINAL = (GiveUp, MailRefused, InvalidInput, KeyMissing)
"""After one of these trying again cannot help."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claimed:
    """A message that is ours to deliver until the lease runs out."""

    id: int
    kind: str
    handler: str
    payload: Mapping[str, Any]
    attempts: int
    leased_until: datetime


@dataclass(frozen=True, slots=True)
class Backlog:
    """How the outbox stands, for the desk and for operations."""

    waiting: int
    retrying: int
    dead: int
    oldest_due_at: datetime | None


def register_handler(
    app: Flask, kind: str, name: str, handler: Handler, *, lane: str | None = None
) -> None:
    """Let `handler` deliver messages of `kind`; several handlers of a kind have names of their own.

    Kinds that call servers elsewhere name a `lane`: they wait beside the rest, not in front of it.
    """
    app.extensions["outbox"].setdefault(kind, {})[name] = handler
    if lane is not None:
        lanes = app.extensions["outbox_lanes"]
        lanes[lane] = lanes.get(lane, frozenset()) | {kind}


def handlers() -> dict[str, dict[str, Handler]]:
    """Return the handlers of this app: kind -> name -> handler."""
    found: dict[str, dict[str, Handler]] = current_app.extensions.setdefault("outbox", {})
    return found


def lanes() -> dict[str, frozenset[str]]:
    """Return the kinds of each lane that is worked through on its own."""
    found: dict[str, frozenset[str]] = current_app.extensions.setdefault("outbox_lanes", {})
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


def deliver_due(*, now: datetime, limit: int = 1, lane: str | None = None) -> int:
    """Claim what is due, one message after the other, and deliver it; how many were tried.

    Of one lane, or of all without one. A lease runs from `now`, so whoever works with a running
    clock asks for one at a time.
    """
    for tried in range(limit):
        claimed = _claim(now=now, lane=lane)
        if claimed is None:
            return tried
        _deliver(claimed, now=now)
    return limit


def _claim(*, now: datetime, lane: str | None = None) -> _Claimed | None:
    free = (OutboxMessage.leased_until.is_(None)) | (OutboxMessage.leased_until < now)
    due = (
        select(OutboxMessage)
        .where(OutboxMessage.done_at.is_(None), OutboxMessage.dead_at.is_(None))
        .where(OutboxMessage.due_at <= now, free, *_in(lane))
        .order_by(OutboxMessage.due_at, OutboxMessage.id)
        .limit(1)
    )
    # A look first: lanes with nothing to do keep the write lock from nobody.
    if session().scalar(due.with_only_columns(OutboxMessage.id)) is None:
        end_reading(session())
        return None
    with transaction() as current:
        message = current.scalars(due.with_for_update(skip_locked=True)).first()
        if message is None:
            return None
        if message.leased_until is not None:
            # Whoever had it never came back: that was a try too.
            message.attempts += 1
        message.leased_until = now + LEASE
        return _Claimed(
            id=message.id,
            kind=message.kind,
            handler=message.handler,
            payload=message.payload,
            attempts=message.attempts,
            leased_until=message.leased_until,
        )


def _in(lane: str | None) -> list[ColumnElement[bool]]:
    if lane is None:
        return []
    if lane == REST:
        return [OutboxMessage.kind.not_in(frozenset[str]().union(*lanes().values()))]
    return [OutboxMessage.kind.in_(lanes()[lane])]


def _deliver(message: _Claimed, *, now: datetime) -> None:
    handler = handlers().get(message.kind, {}).get(message.handler, _nothing_handles_it)
    error: Exception | None = None
    try:
        handler(message.payload, now)
    except Exception as raised:  # noqa: BLE001 - a handler's failure must never stop the worker
        error = raised
        # The kind of error only: its text could carry an address.
        log.warning("outbox message %s: %s", message.id, type(raised).__name__)
    finally:
        # Nothing that a handler left in the session goes into what follows.
        end_reading(session())
    _settle(message, error=error, now=now)


def _nothing_handles_it(_payload: Mapping[str, Any], _now: datetime) -> None:
    """The room that answered this kind of message is gone."""
    raise GiveUp


def _settle(message: _Claimed, *, error: Exception | None, now: datetime) -> None:
    """Write how it went. A failure counts only while the lease is ours: someone else may be on."""
    settled = update(OutboxMessage).where(
        OutboxMessage.id == message.id, OutboxMessage.done_at.is_(None)
    )
    if error is not None:
        settled = settled.where(OutboxMessage.leased_until == message.leased_until)
    values = _outcome(message.attempts + 1, error, now=now)
    with transaction() as current:
        current.execute(settled.values(leased_until=None, **values))


def _outcome(attempts: int, error: Exception | None, *, now: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {"attempts": attempts}
    if error is None:
        return values | {"done_at": now, "dead_at": None, "last_error": None}
    values["last_error"] = type(error).__name__
    if isinstance(error, FINAL) or attempts > len(WAITS_SECONDS):
        return values | {"dead_at": now}
    asked = min(getattr(error, "retry_after", None) or 0, WAITS_SECONDS[-1])
    return values | {"due_at": now + timedelta(seconds=max(WAITS_SECONDS[attempts - 1], asked))}


def redeliver(message_id: int, *, now: datetime) -> None:
    """Send a dead or waiting message again at once. Raises `NotFound`."""
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
    dead = session().scalar(select(func.count()).where(open_, OutboxMessage.dead_at.is_not(None)))
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
