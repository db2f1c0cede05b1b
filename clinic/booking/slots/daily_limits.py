"""Limit the sessions of a day: on which days a therapist's daily limits are reached. Pure.

A day is the therapist's local date of the start. One limit counts every session, the other those of
one session type; appointments and holds count alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from clinic.booking.slots.inputs import Claim, Offer
from clinic.foundation.epoch_minutes import floor_minute
from clinic.foundation.zone_offsets import ZoneOffsets


def full_days(offer: Offer, *, claims: Iterable[Claim], offsets: ZoneOffsets) -> frozenset[int]:
    """Return the day numbers on which no further session of this type may start."""
    if offer.max_per_day is None and offer.max_sessions_per_day is None:
        return frozenset()
    sessions: Counter[int] = Counter()
    of_this_type: Counter[int] = Counter()
    for claim in claims:
        day = offsets.day_of(floor_minute(claim.interval.start))
        if day is not None:
            sessions[day] += 1
            of_this_type[day] += claim.session_type == offer.session_type
    return frozenset(
        _reached(sessions, offer.max_sessions_per_day) | _reached(of_this_type, offer.max_per_day)
    )


def _reached(counts: Counter[int], limit: int | None) -> set[int]:
    return set() if limit is None else {day for day, count in counts.items() if count >= limit}
