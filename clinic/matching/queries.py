"""The therapists of a clinic as the matching rules see them, in a fixed number of queries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select

from clinic.booking.appointments.queries import next_slots
from clinic.booking.slots.open_slots import Slot
from clinic.couples.models import Couple
from clinic.foundation.database.transactions import session
from clinic.matching.rules.inquiry import Candidate
from clinic.practice.models import SessionType, Therapist

NEW_COUPLES_WITHIN = timedelta(days=30)


def candidates(
    therapists: Sequence[Therapist], session_type: SessionType, *, now: datetime
) -> tuple[tuple[Candidate, ...], Mapping[str, list[Slot]]]:
    """Every therapist as a candidate, and the first free times of each by therapist id."""
    free = next_slots(therapists, session_type, now=now, count=3)
    new = _new_couples([one.id for one in therapists], now=now)
    offering = {one.id for one in session_type.therapists}
    found = tuple(
        Candidate(
            id=position,
            slug=one.slug,
            languages=tuple(one.languages),
            formats=tuple(code for code in one.formats if code in session_type.formats),
            modalities=tuple(one.modalities),
            concerns=tuple(one.concerns),
            takes_couples=one.id in offering,
            accepts_new_couples=one.accepts_new_couples,
            next_slot_at=free[one.id][0].start if free[one.id] else None,
            new_couples_30_days=new[one.id],
        )
        for position, one in enumerate(therapists)
    )
    return found, free


def _new_couples(therapist_ids: list[str], *, now: datetime) -> Counter[str]:
    rows = session().execute(
        select(Couple.lead_therapist_id, func.count())
        .where(
            Couple.lead_therapist_id.in_(therapist_ids),
            Couple.created_at > now - NEW_COUPLES_WITHIN,
        )
        .group_by(Couple.lead_therapist_id)
    )
    return Counter({therapist_id: count for therapist_id, count in rows if therapist_id})
