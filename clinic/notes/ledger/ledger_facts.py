"""What the ledger is worked out from: plain facts of one couple's course. Source: domain 2.2.

Blank means not told, and is None; it is never nought.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from clinic.foundation.wall_clock import local_date
from clinic.notes.rules.rupture_events import RuptureEvent, counting_events
from clinic.notes.rules.rupture_history import RuptureState, derive_status


@dataclass(frozen=True, slots=True)
class SessionFact:
    """A session that was held in the joint course. Instants are aware; numbers rise with time."""

    number: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class RuptureFacts:
    """One rupture with its log. `significance` is 1 to 5."""

    ref: str
    significance: int
    events: tuple[RuptureEvent, ...]
    visibility: str = "joint"
    title: str = ""

    @cached_property
    def state(self) -> RuptureState:
        """What the log says now."""
        return derive_status(self.events)

    @cached_property
    def line(self) -> tuple[RuptureEvent, ...]:
        """The events that count, in the order they took effect."""
        return counting_events(self.events)


@dataclass(frozen=True, slots=True)
class AttemptFact:
    """A repair attempt by partner `by`, its receipt told by the receiver.

    `session_number` is None for an attempt at home, `rupture` None for one tied to no rupture.
    """

    receipt: str
    session_number: int | None
    date: date
    acts: tuple[str, ...]
    by: str
    rupture: str | None = None


@dataclass(frozen=True, slots=True)
class RatingFact:
    """One partner's ratings at one point of a session, each 0 to 10 or blank."""

    person: str
    point: str
    session: int | None
    felt_safety: int | None = None
    defensiveness: int | None = None
    regulation: int | None = None
    source: str = "self"


@dataclass(frozen=True, slots=True)
class WindowRunFact:
    """One Transparency Window. `first_pause_s` counts seconds from its start."""

    date: date
    end_state: str
    first_pause_s: int | None = None


@dataclass(frozen=True)
class LedgerInput:
    """Everything the ledger needs. `zone` is the clinic's: days are counted on its calendar."""

    couple: str
    sessions: tuple[SessionFact, ...] = ()
    ruptures: tuple[RuptureFacts, ...] = ()
    attempts: tuple[AttemptFact, ...] = ()
    ratings: tuple[RatingFact, ...] = ()
    windows: tuple[WindowRunFact, ...] = ()
    partners: tuple[str, ...] = ("A", "B")
    zone: str = "Europe/Lisbon"
    variant: str = "full"

    def local_date(self, instant: datetime) -> date:
        """The calendar day of `instant` at the clinic."""
        return local_date(instant, zone=self.zone)

    def rating(self, person: str, *, session: int, point: str, measure: str) -> int | None:
        """The person's own rating, else the therapist's, else None."""
        for source in ("self", "therapist"):
            for fact in self._ratings_by_moment.get((person, session, point, source), ()):
                value: int | None = getattr(fact, measure)
                if value is not None:
                    return value
        return None

    @cached_property
    def _ratings_by_moment(self) -> Mapping[tuple[str, int | None, str, str], Sequence[RatingFact]]:
        """The ratings by partner, session, point and source: a long course asks for thousands."""
        found: dict[tuple[str, int | None, str, str], list[RatingFact]] = {}
        for fact in self.ratings:
            found.setdefault((fact.person, fact.session, fact.point, fact.source), []).append(fact)
        return found
