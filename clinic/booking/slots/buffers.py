"""Leave the buffers between sessions: which starts are too close to what is booked or busy. Pure.

Ranges are of epoch minutes. Two buffers are not added up: the larger one counts.
"""

from __future__ import annotations

from collections.abc import Iterable

from clinic.booking.slots.inputs import Claim, ClaimKind, Offer
from clinic.booking.slots.instant_ranges import Interval
from clinic.foundation.epoch_minutes import ceil_minute, floor_minute


def starts_too_close(
    intervals: Iterable[Interval], reach_before: int, reach_after: int
) -> Iterable[tuple[int, int]]:
    """Return the starts that are too close to an interval, before or after it.

    Too close is less than `reach_before` minutes before it, or `reach_after` minutes after it.
    Seconds count as the whole minute, which changes nothing as starts are whole minutes.
    """
    return (
        (floor_minute(busy.start) - reach_before + 1, ceil_minute(busy.end) + reach_after)
        for busy in intervals
    )


def starts_too_close_to_claims(
    claims: Iterable[Claim], *, offer: Offer, kind: ClaimKind
) -> Iterable[tuple[int, int]]:
    """Return the starts too close to the claims of one kind.

    Between two sessions lies the larger of the first's buffer after and the second's before.
    """
    length, before, after = (
        offer.length_minutes,
        offer.buffer_before_minutes,
        offer.buffer_after_minutes,
    )
    for claim in claims:
        if claim.kind == kind:
            reach_before = length + max(after, claim.buffer_before_minutes)
            reach_after = max(before, claim.buffer_after_minutes)
            yield from starts_too_close((claim.interval,), reach_before, reach_after)
