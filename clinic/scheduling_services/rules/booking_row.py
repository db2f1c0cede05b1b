"""One booking of a chain: what its own events add up to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from operator import itemgetter

from clinic.scheduling_services.rules.events import MAKING, Attendee, EventKind, ServiceEvent
from clinic.scheduling_services.rules.reschedule_chain_state import ChainStatus

# The order of a booking's life. Later stages win over earlier ones whenever they arrive:
# nothing comes back to life under the same id, so a cancellation is a tombstone.
_STAGE = {
    EventKind.NO_SHOW: 0, EventKind.COMPLETED: 0, EventKind.REQUESTED: 1,
    EventKind.CREATED: 2, EventKind.RESCHEDULED: 2,
    EventKind.REJECTED: 3, EventKind.CANCELLED: 4,
}  # fmt: skip
_STATUS = (
    ChainStatus.UNKNOWN, ChainStatus.REQUESTED, ChainStatus.CONFIRMED,
    ChainStatus.REJECTED, ChainStatus.CANCELLED,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BookingRow:
    """A booking under its own id.

    `standing` is its status if nothing had ended it, `changes` the visible changes under this id,
    `away` the cancellation that only makes room for a new booking, `told` all events by age.
    """

    status: ChainStatus
    standing: ChainStatus
    starts_at: datetime | None
    ends_at: datetime | None
    changes: int
    attendees: tuple[Attendee, ...]
    away: ServiceEvent | None
    ending: ServiceEvent | None
    told: tuple[ServiceEvent, ...]

    @property
    def is_made(self) -> bool:
        """Whether an event told that the booking was made, not only that it ended."""
        return self.standing is not ChainStatus.UNKNOWN


def age(event: ServiceEvent) -> tuple[datetime, int, int, str]:
    """The one order of events: when it happened, stage of life, sequence, fingerprint."""
    return (event.occurred_at, _STAGE.get(event.kind, 0), event.sequence, event.digest)


def read_row(events: Iterable[ServiceEvent]) -> BookingRow:
    """Fold the events of one booking id; their order and repetition do not matter."""
    told = sorted(set(events), key=age)
    makers = [event for event in told if event.kind in MAKING]
    leavers = [event for event in told if event.seat_leaving]
    attendees = _attendees(makers, leavers)
    ends = [event for event in told if _ends(event, attendees=attendees, makers=makers)]
    status = _highest(makers + ends)
    final = [event for event in ends if _STATUS[_STAGE[event.kind]] is status]
    timed = makers or [event for event in told if event.starts_at]
    return BookingRow(
        status=status,
        standing=_highest(makers),
        starts_at=timed[-1].starts_at if timed else None,
        ends_at=timed[-1].ends_at if timed else None,
        changes=_changes(makers),
        attendees=attendees,
        away=_away(ends),
        ending=final[-1] if final else None,
        told=tuple(told),
    )


def _highest(events: Iterable[ServiceEvent]) -> ChainStatus:
    return _STATUS[max((_STAGE[event.kind] for event in events), default=0)]


def _ends(
    event: ServiceEvent, *, attendees: Sequence[Attendee], makers: Sequence[ServiceEvent]
) -> bool:
    if event.kind is EventKind.REJECTED:
        return True
    if event.kind is not EventKind.CANCELLED:
        return False
    # One person leaving ends the booking only when nobody else is on it.
    return not event.seat_leaving or bool(makers and not attendees)


def _away(ends: Sequence[ServiceEvent]) -> ServiceEvent | None:
    # A plain cancellation beside it settles the matter: then it is over, not moved.
    return ends[-1] if ends and all(event.rescheduled_away for event in ends) else None


def _changes(makers: Sequence[ServiceEvent]) -> int:
    """Visible changes under one id: confirmed after a request, moved in place."""
    times = [event.starts_at for event in makers]
    moves = sum(1 for before, after in pairwise(times) if before != after)
    kinds = {event.kind for event in makers}
    return moves + (1 if EventKind.REQUESTED in kinds and len(kinds) > 1 else 0)


def _attendees(
    makers: Sequence[ServiceEvent], leavers: Sequence[ServiceEvent]
) -> tuple[Attendee, ...]:
    with_people = [event for event in makers if event.attendees]
    if not with_people:
        return ()
    if not leavers and not any(event.has_seats for event in with_people):
        return with_people[-1].attendees
    # Seats arrive one by one: everyone who came and has not left since.
    came: dict[str, tuple[datetime, Attendee]] = {}
    for event in with_people:
        came |= {_person(one): (event.occurred_at, one) for one in event.attendees}
    left = {_person(one): event.occurred_at for event in leavers for one in event.attendees}
    return tuple(
        one
        for person, (joined, one) in sorted(came.items(), key=itemgetter(0))
        if person not in left or left[person] < joined
    )


def _person(one: Attendee) -> str:
    return one.email or f"name:{one.name}"
