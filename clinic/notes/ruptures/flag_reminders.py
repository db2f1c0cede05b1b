"""The promise that a safety flag is brought to mind on the day it is to be looked at again."""

from __future__ import annotations

from datetime import datetime, time

from sqlalchemy.orm import Session

from clinic.foundation import outbox
from clinic.foundation.wall_clock import instant_from
from clinic.notes.record.restricted_models import SafetyFlag

FLAG_DUE = "safety_flag.due"
IN_THE_MORNING = time(8)


def promise_reminder(current: Session, flag: SafetyFlag, *, zone: str, now: datetime) -> None:
    """Promise the reminder for the morning of the day, on the clinic's clocks."""
    due_at = max(now, instant_from(flag.review_on, IN_THE_MORNING, zone=zone))
    outbox.promise(current, FLAG_DUE, {"flag": flag.id}, now=now, due_at=due_at)
