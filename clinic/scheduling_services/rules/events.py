"""One shape for everything a scheduling service can tell us."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

OUR_METADATA_KEY = "clinic_appointment"  # under which our own reference travels there and back


class Provider(StrEnum):
    """The services we speak with."""

    CALCOM = "calcom"
    CALENDLY = "calendly"


class EventKind(StrEnum):
    """What an event means here, whatever it was called there."""

    REQUESTED = "requested"  # waits for the host's yes
    CREATED = "created"  # stands: booked outright, or a request that was confirmed
    RESCHEDULED = "rescheduled"  # stands at another time, usually under a new id
    CANCELLED = "cancelled"
    REJECTED = "rejected"  # the host said no to a request
    NO_SHOW = "no-show"  # a person marked, or unmarked, somebody's absence
    COMPLETED = "completed"  # its time is over; says nothing about who came
    OUT_OF_OFFICE = "out-of-office"
    PING = "ping"
    IGNORED = "ignored"  # `reason` says why


#: Kinds that tell of a booking that exists (or did).
MAKING = frozenset({EventKind.REQUESTED, EventKind.CREATED, EventKind.RESCHEDULED})
#: Kinds that belong to a chain at all.
FOLDED = MAKING | {EventKind.CANCELLED, EventKind.REJECTED, EventKind.NO_SHOW, EventKind.COMPLETED}


@dataclass(frozen=True, slots=True)
class Attendee:
    """A person on the booking. `email` is None when the service invented one."""

    email: str | None
    name: str = ""
    time_zone: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class AbsenceMark:
    """Whether the person with this address was marked as absent (False: unmarked)."""

    email: str
    absent: bool


@dataclass(frozen=True, slots=True)
class ServiceEvent:
    """What one verified delivery says. Instants are aware UTC.

    `external_id` is the booking's own id (Cal.com `uid`, Calendly invitee), `supersedes` the id it
    replaces, `superseded_by` the one that replaces it. `seat_leaving`: one person of several left,
    the booking itself may live on. `rescheduled_away`: cancelled only to be booked anew.
    """

    provider: Provider
    kind: EventKind
    trigger: str
    occurred_at: datetime
    external_id: str | None = None
    reason: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    supersedes: str | None = None
    superseded_by: str | None = None
    sequence: int = 0
    organizer_emails: tuple[str, ...] = ()
    organizer_ids: tuple[str, ...] = ()
    event_type_id: str | None = None
    attendees: tuple[Attendee, ...] = ()
    status: str | None = None
    cancel_reason: str | None = None
    cancelled_by: str | None = None
    request_reschedule: bool = False
    rescheduled_away: bool = False
    has_seats: bool = False
    seat_leaving: bool = False
    series_cancelled: bool = False
    cancelled_dates: tuple[datetime, ...] = ()
    no_shows: tuple[AbsenceMark, ...] = ()
    our_reference: str | None = None
    recurring_id: str | None = None
    _digest: str = field(init=False, default="", repr=False, compare=False)

    def __post_init__(self) -> None:
        told = repr(self).encode()
        object.__setattr__(self, "_digest", hashlib.sha256(told).hexdigest())

    @property
    def digest(self) -> str:
        """A fingerprint of everything the event says; the last word when all else is equal."""
        return self._digest
