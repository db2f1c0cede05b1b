"""Break-glass: a clinician opens one joint chart that is not theirs, for an hour, with a reason.

It is audited, and the couple's therapist is told at once. It opens neither process notes nor
disclosures nor anything restricted, and it cannot write or export.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.accounts.rules.session_rules import is_proof_recent
from clinic.couples.models import Couple
from clinic.foundation import audit, outbox
from clinic.foundation.database.transactions import lock_name, new_id, transaction
from clinic.foundation.errors import N_, InvalidInput, NotFound, ProofNeeded
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import require
from clinic.notes.record.restricted_models import EmergencyAccess
from clinic.notes.rules.clinical_checks import refuse
from clinic.notes.rules.repeated_submission import repeats_since
from clinic.notes.rules.text_limits import REASON_MAX, length_problems

LASTS = timedelta(minutes=60)
REASON_MIN = 10
EMERGENCY_OPENED = "chart.opened_in_emergency"


def check_reason(reason: str) -> None:
    """Raises `InvalidInput` for what is no sentence."""
    if len(reason.strip()) < REASON_MIN:
        raise InvalidInput({"reason": [N_("Say in a sentence why this cannot wait.")]})
    refuse(length_problems(("reason", reason.strip(), REASON_MAX)))


def break_glass(
    code: str, reason: str, *, proved_at: datetime, actor: Actor, now: datetime
) -> datetime:
    """Open the joint chart of one couple; until when. Raises `NotFound`, `InvalidInput`."""
    require(actor, Permission.BREAK_GLASS)
    if not is_proof_recent(proved_at, now=now):
        raise ProofNeeded
    check_reason(reason)
    with transaction() as current:
        couple = current.scalar(
            select(Couple).where(Couple.code == code, Couple.clinic_id == actor.clinic_id)
        )
        if couple is None:
            raise NotFound
        lock_name(current, f"emergency access {actor.name} {couple.id}".encode())
        if (again := _sent_again(current, couple, reason, actor=actor, now=now)) is not None:
            return again
        row = EmergencyAccess(
            id=new_id(),
            clinic_id=couple.clinic_id,
            couple_id=couple.id,
            account=actor.name,
            opened_at=now,
            ends_at=now + LASTS,
        )
        row.reason = reason.strip()
        current.add(row)
        audit.record(
            current, EMERGENCY_OPENED, kind="couple", object_id=couple.id, actor=actor, now=now
        )
        outbox.promise(current, EMERGENCY_OPENED, {"access": row.id}, now=now)
        return row.ends_at


def _sent_again(
    current: Session, couple: Couple, reason: str, *, actor: Actor, now: datetime
) -> datetime | None:
    """Until when the access lasts that the same form opened a moment ago."""
    lately = select(EmergencyAccess).where(
        EmergencyAccess.couple_id == couple.id,
        EmergencyAccess.account == actor.name,
        EmergencyAccess.opened_at >= repeats_since(now),
    )
    rows = current.scalars(lately)
    return next((row.ends_at for row in rows if row.reason == reason.strip()), None)
