"""Forgotten passwords: asked for by anybody, answered alike, and only the mail tells the truth.

Whoever asks gets the same page after the same work, whether or not there is such an account: the
question is counted and promised, and looked up by the worker.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from clinic.accounts.models import Account, FailedSignIn
from clinic.accounts.passwords.links import send_link
from clinic.accounts.rules.throttling import Question, Tries, questions_so_far, request_wait
from clinic.accounts.sign_in.credentials import address_index, email_index, locked_counts
from clinic.foundation import audit, outbox
from clinic.foundation.database.transactions import transaction
from clinic.foundation.errors import TooManyRequests
from clinic.foundation.permissions.actors import Actor

RESET_ASKED = "account.reset_asked"
"""An outbox kind: somebody asked for a link for the account with this index, if there is one."""


def request_reset_link(email: str, *, address: str | None, clinic_id: str, now: datetime) -> None:
    """Promise a link to whoever has this address. Raises `TooManyRequests` by network only.

    An address that was asked for several times within the hour has its mails already.
    """
    found_by, network = email_index(clinic_id, email), address_index(clinic_id, address)
    keys = {Question.ASKED: found_by, Question.ASKED_FROM: network}
    with transaction() as current:
        rows = locked_counts(current, keys, now=now)
        if wait := _wait(rows, Question.ASKED_FROM, now=now):
            raise TooManyRequests(retry_after=math.ceil(wait.total_seconds()))
        is_enough = bool(_wait(rows, Question.ASKED, now=now))
        _count(rows, Question.ASKED_FROM, now=now)
        if not is_enough:
            _count(rows, Question.ASKED, now=now)
            payload = {"clinic": clinic_id, "index": found_by.hex()}
            outbox.promise(current, RESET_ASKED, payload, now=now)


def answer_question(payload: Mapping[str, Any], now: datetime) -> None:
    """Handle `account.reset_asked`: send a link if there is an open account with this index."""
    clinic_id, found_by = payload["clinic"], bytes.fromhex(payload["index"])
    with transaction() as current:
        account = current.scalar(
            select(Account)
            .where(Account.email_index == found_by, Account.clinic_id == clinic_id)
            .with_for_update()
        )
        if account is None or not account.active:
            return
        send_link(current, account, now=now)
        audit.record(
            current,
            RESET_ASKED,
            kind="account",
            object_id=account.id,
            actor=Actor(clinic_id=clinic_id),
            now=now,
        )


def _wait(rows: Mapping[str, FailedSignIn], question: Question, *, now: datetime) -> timedelta:
    return request_wait(question, _tries(rows[question]), now=now)


def _count(rows: Mapping[str, FailedSignIn], question: Question, *, now: datetime) -> None:
    row = rows[question]
    row.failures = questions_so_far(_tries(row), now=now) + 1
    row.last_failed_at = now


def _tries(row: FailedSignIn) -> Tries:
    return Tries(row.failures, row.last_failed_at)
