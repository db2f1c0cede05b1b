"""What a chain of bookings amounts to: one appointment, however often it was moved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from clinic.scheduling_services.rules.events import Attendee, Provider, ServiceEvent

#: How long "cancelled, because moved" waits for the other half before anyone is told.
RESCHEDULE_HOLD = timedelta(minutes=10)


class ChainStatus(StrEnum):
    """Where the appointment stands with the service."""

    UNKNOWN = "unknown"  # only side events so far: an absence, an end
    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


OVER = frozenset({ChainStatus.CANCELLED, ChainStatus.REJECTED})


@dataclass(frozen=True, slots=True)
class ChainState:
    """The state all events of one chain add up to, in whatever order they came.

    `root_id` is the first booking of the chain, `current_id` the one that counts now, `ids` all of
    them. `ending` is the cancellation or rejection that ended it (reason, by whom, rest of a
    series). `is_made` is False while only a cancellation (a tombstone) or side events have arrived:
    no appointment is made from those. `revision` counts visible changes after the first
    booking, a lower bound for the appointment's SEQUENCE. `pending_reschedule` with `held_until`:
    the service cancelled in order to move, and the move has not arrived.
    """

    provider: Provider
    root_id: str
    current_id: str
    ids: tuple[str, ...]
    superseded_ids: tuple[str, ...] = ()
    status: ChainStatus = ChainStatus.UNKNOWN
    is_made: bool = False
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    revision: int = 0
    sequence: int = 0
    organizer_emails: tuple[str, ...] = ()
    organizer_ids: tuple[str, ...] = ()
    event_type_id: str | None = None
    attendees: tuple[Attendee, ...] = ()
    no_shows: tuple[str, ...] = ()
    completed: bool = False
    ending: ServiceEvent | None = None
    pending_reschedule: bool = False
    held_until: datetime | None = None
    our_reference: str | None = None

    def settled(self, now: datetime) -> ChainState:
        """This state once the hold is over: a move that never arrived was a cancellation."""
        if self.held_until is None or now < self.held_until:
            return self
        return replace(
            self, status=ChainStatus.CANCELLED, pending_reschedule=False, held_until=None,
            revision=self.revision + 1,
        )  # fmt: skip
