"""What happened to a rupture: the append-only events its status is derived from.

An event keeps two instants: when it took effect (`effective_at`) and when it was written
(`entered_at`). Events are read in the order they took effect. Source: domain 2.2, 2.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from clinic.foundation.errors import N_, Conflict
from clinic.notes.rules.clinical_values import EventDetails


class RuptureStatus(StrEnum):
    """Where a rupture stands."""

    OPEN = "open"
    IN_REPAIR = "in_repair"
    REPAIRED = "repaired"
    REOPENED = "reopened"
    PARKED = "parked"
    CLOSED_UNREPAIRED = "closed_unrepaired"


UNMENDED = (RuptureStatus.OPEN, RuptureStatus.IN_REPAIR, RuptureStatus.REOPENED)
"""The statuses that count as an open rupture at the end of a session (domain 2.4)."""


SAFETY_PARKING = "safety_flag"
"""The reason (vocabulary `park_reason`) of a parking that a safety flag caused."""


class EventKind(StrEnum):
    """What an event does: change the status, undo another event, or link two ruptures."""

    STATUS = "status"
    REVERSAL = "reversal"
    MERGED_INTO = "merged_into"
    ABSORBED = "absorbed"
    SPLIT_INTO = "split_into"


class HistoryBroken(Conflict):
    """The events of this rupture do not follow from one another."""

    code = "rupture-history-broken"

    def __init__(self, message: str, terms: Mapping[str, tuple[str, str]] | None = None) -> None:
        super().__init__(message)
        self.terms = terms or {}


@dataclass(frozen=True, slots=True)
class RuptureEvent:
    """One entry of a rupture's log.

    `id` rises with the order of writing. `link` is the ref of the other rupture of a merge or
    split; on an opening event it names the rupture this one was split from. `session_number` is
    None for what happened between sessions. Instants are aware.
    """

    id: int
    kind: EventKind
    effective_at: datetime
    entered_at: datetime
    by: str
    to_status: RuptureStatus | None = None
    session_number: int | None = None
    reason: str | None = None
    text: str = ""
    reverses: int | None = None
    link: str | None = None

    @property
    def parks_for_safety(self) -> bool:
        """Whether it parks the rupture because of a safety flag."""
        return self.to_status is RuptureStatus.PARKED and self.reason == SAFETY_PARKING

    @property
    def backdated(self) -> bool:
        """Written on a later UTC day than it took effect."""
        return self.entered_at.date() > self.effective_at.date()


def counting_events(events: Iterable[RuptureEvent]) -> tuple[RuptureEvent, ...]:
    """The events that still count, in the order they took effect.

    Reversals and what they undo are left out. Ties are broken by the time of writing, then by id.
    """
    given = tuple(events)
    undone = {event.reverses for event in given if event.kind is EventKind.REVERSAL}
    kept = [e for e in given if e.kind is not EventKind.REVERSAL and e.id not in undone]
    return tuple(sorted(kept, key=lambda event: (event.effective_at, event.entered_at, event.id)))


def stored_event(
    number: int,
    details: EventDetails,
    *,
    effective_at: datetime,
    entered_at: datetime,
    by: str,
    session_number: int | None = None,
) -> RuptureEvent:
    """An event as it is kept, for the rules to read. Raises `ValueError` for what is not known."""
    return RuptureEvent(
        id=number,
        kind=EventKind(details.kind),
        effective_at=effective_at,
        entered_at=entered_at,
        by=by,
        to_status=RuptureStatus(details.to_status) if details.to_status else None,
        session_number=session_number,
        reason=details.reason,
        text=details.text,
        reverses=details.reverses,
        link=details.link,
    )


def merge_events(
    source: str,
    *,
    target: str,
    ids: tuple[int, int],
    by: str,
    session_number: int | None = None,
    text: str = "",
    effective_at: datetime,
    now: datetime,
) -> tuple[RuptureEvent, RuptureEvent]:
    """The pair of events that merges `source` into `target`: first for the source's log."""
    if source == target:
        raise Conflict(N_("A rupture cannot be merged into itself."), code="merge-with-itself")

    def linked(event_id: int, kind: EventKind, link: str) -> RuptureEvent:
        return RuptureEvent(
            id=event_id,
            kind=kind,
            effective_at=effective_at,
            entered_at=now,
            by=by,
            session_number=session_number,
            text=text,
            link=link,
        )

    return (
        linked(ids[0], EventKind.MERGED_INTO, target),
        linked(ids[1], EventKind.ABSORBED, source),
    )


def split_events(
    source: str,
    *,
    new: str,
    ids: tuple[int, int],
    by: str,
    session_number: int | None = None,
    text: str = "",
    effective_at: datetime,
    now: datetime,
) -> tuple[RuptureEvent, RuptureEvent]:
    """The pair of events that splits `new` off `source`: a link, and the new one's opening."""
    if source == new:
        raise Conflict(N_("A rupture cannot be split into itself."), code="split-from-itself")
    link = RuptureEvent(
        id=ids[0],
        kind=EventKind.SPLIT_INTO,
        effective_at=effective_at,
        entered_at=now,
        by=by,
        session_number=session_number,
        text=text,
        link=new,
    )
    opening = RuptureEvent(
        id=ids[1],
        kind=EventKind.STATUS,
        to_status=RuptureStatus.OPEN,
        effective_at=effective_at,
        entered_at=now,
        by=by,
        session_number=session_number,
        text=text,
        link=source,
    )
    return link, opening
