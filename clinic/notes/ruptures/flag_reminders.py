"""The promise that a safety flag is brought to mind on the day it is to be looked at again."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from clinic.foundation import outbox
from clinic.notes.record.restricted_models import SafetyFlag

FLAG_DUE = "safety_flag.due"
IN_THE_MORNING = time(8)


def promise_reminder(current: Session, flag: SafetyFlag, *, zone: str, now: datetime) -> None:
    """Promise the reminder for the morning of the day, on the clinic's clocks."""
    morning = datetime.combine(flag.review_on, IN_THE_MORNING, tzinfo=ZoneInfo(zone))
    due_at = max(now, morning.astimezone(UTC))
    outbox.promise(current, FLAG_DUE, {"flag": flag.id}, now=now, due_at=due_at)
