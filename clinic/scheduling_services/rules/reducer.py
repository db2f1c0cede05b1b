"""One reducer for all services: a chain's events in, one state out, whatever order they came in.

Nothing here remembers what was applied before. The state is a function of the *set* of events, so
duplicates, crossings and late arrivals cannot matter. What has to be done about a
new state is in `appointment_effects.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple, TypeVar

from clinic.scheduling_services.rules.appointment_effects import diff
from clinic.scheduling_services.rules.booking_row import BookingRow, age, read_row
from clinic.scheduling_services.rules.events import MAKING, Attendee, EventKind, ServiceEvent
from clinic.scheduling_services.rules.reschedule_chain_state import (
    OVER,
    RESCHEDULE_HOLD,
    ChainState,
    ChainStatus,
)
from clinic.scheduling_services.rules.reschedule_chains import (
    chains,
    ids_of,
    latest,
    links,
    ordered_ids,
)

__all__ = ["ChainState", "diff", "reduce", "reduce_all"]

T = TypeVar("T")


class _Chain(NamedTuple):
    """`path` holds what is told of each id, oldest first; `counting` the booking that counts."""

    ids: list[str]
    rows: dict[str, BookingRow]
    path: list[BookingRow]
    current: str
    counting: BookingRow


def reduce_all(events: Iterable[ServiceEvent]) -> list[ChainState]:
    """The state of every chain in `events`."""
    return [_state(chain) for chain in chains(events)]


def reduce(events: Iterable[ServiceEvent]) -> ChainState:
    """The state that the events of one chain add up to.

    Raises ValueError when the events are of no chain or of several.
    """
    found = chains(events)
    if len(found) != 1:
        raise ValueError(f"expected the events of one chain, got {len(found)}")
    return _state(found[0])


def _state(events: Sequence[ServiceEvent]) -> ChainState:
    chain = _read(events)
    away = chain.counting.away
    if away is None:
        return _filled(chain)
    # Cancelled only to be booked anew, and the new booking has not arrived: it stands as it
    # was, for a while.
    return replace(
        _filled(chain),
        status=_standing(chain),
        revision=_revision(chain, over=False),
        pending_reschedule=True,
        held_until=away.occurred_at + RESCHEDULE_HOLD,
    )


def _read(events: Sequence[ServiceEvent]) -> _Chain:
    replaced_by = links(events)
    named = (one for event in events for one in ids_of(event))
    ids = ordered_ids(named, replaced_by=replaced_by)
    by_id: dict[str, list[ServiceEvent]] = {}
    for event in events:
        by_id.setdefault(event.external_id or "", []).append(event)
    rows = {one: read_row(by_id[one]) for one in ids if one in by_id}
    newest = _newest(latest(ids, replaced_by=replaced_by), rows=rows)
    current = _telling(newest, ids=ids, rows=rows)
    return _Chain(ids, rows, list(rows.values()), current, rows[current])


def _newest(candidates: Sequence[str], *, rows: dict[str, BookingRow]) -> str:
    """The booking nothing replaces; of one moved twice at once, the branch that still stands."""

    def weight(one: str) -> tuple[bool, bool, str, str]:
        row = rows.get(one)
        if row is None:
            return (False, False, "", one)
        return (row.is_made, row.status not in OVER, row.told[0].occurred_at.isoformat(), one)

    return max(candidates, key=weight)


def _telling(newest: str, *, ids: Sequence[str], rows: dict[str, BookingRow]) -> str:
    """`newest`, or while only its id is known, the last booking before it that tells a status."""
    telling = [one for one in ids if one in rows and rows[one].status is not ChainStatus.UNKNOWN]
    if newest in telling or not telling:
        return newest if newest in rows else next(one for one in reversed(ids) if one in rows)
    return telling[-1]


def _filled(chain: _Chain) -> ChainState:
    row = chain.counting
    event = row.told[-1]
    timed = row if row.starts_at else _last(chain, lambda one: one.starts_at is not None)
    return ChainState(
        provider=event.provider,
        root_id=chain.ids[0],
        current_id=chain.current,
        ids=tuple(chain.ids),
        superseded_ids=tuple(one for one in chain.ids if one != chain.current),
        status=row.status,
        is_made=any(one.is_made for one in chain.path),
        starts_at=timed.starts_at,
        ends_at=timed.ends_at,
        revision=_revision(chain, over=row.status in OVER),
        sequence=max(one.sequence for each in chain.path for one in each.told),
        organizer_emails=_newest_reported(chain, lambda one: one.organizer_emails) or (),
        organizer_ids=_newest_reported(chain, lambda one: one.organizer_ids) or (),
        event_type_id=_newest_reported(chain, lambda one: one.event_type_id),
        attendees=_attendees(chain),
        no_shows=_no_shows(row),
        completed=_completed(row),
        our_reference=_first_reported(chain, lambda one: one.our_reference),
        ending=row.ending if row.away is None else None,
    )


def _standing(chain: _Chain) -> ChainStatus:
    return next((row.standing for row in reversed(chain.path) if row.is_made), ChainStatus.UNKNOWN)


def _last(chain: _Chain, wanted: Callable[[BookingRow], bool]) -> BookingRow:
    return next((row for row in reversed(chain.path) if wanted(row)), chain.counting)


def _revision(chain: _Chain, *, over: bool) -> int:
    times = [(row.starts_at, row.ends_at) for row in chain.path if row.is_made]
    moves = sum(1 for before, after in pairwise(times) if before != after)
    return moves + sum(row.changes for row in chain.path) + (1 if over else 0)


def _by_weight(chain: _Chain) -> Iterator[ServiceEvent]:
    """All events, those that count most first: the booking that counts, then older ones."""
    rows = [chain.counting, *(row for row in reversed(chain.path) if row is not chain.counting)]
    for making in (True, False):
        for row in rows:
            yield from (e for e in reversed(row.told) if (e.kind in MAKING) is making)


def _newest_reported(chain: _Chain, read: Callable[[ServiceEvent], T]) -> T | None:
    return next((read(event) for event in _by_weight(chain) if read(event)), None)


def _first_reported(chain: _Chain, read: Callable[[ServiceEvent], T]) -> T | None:
    told = sorted((event for row in chain.path for event in row.told), key=age)
    return next((read(event) for event in told if read(event)), None)


def _attendees(chain: _Chain) -> tuple[Attendee, ...]:
    if chain.counting.attendees:
        return chain.counting.attendees
    # A thin payload, or a cancellation that names nobody: the people of the booking before it.
    return _last(chain, lambda row: bool(row.attendees)).attendees


def _no_shows(row: BookingRow) -> tuple[str, ...]:
    marks = {mark.email: mark.absent for event in row.told for mark in event.no_shows}
    return tuple(sorted(email for email, absent in marks.items() if absent))


def _completed(row: BookingRow) -> bool:
    # Sent from a snapshot made when it was booked: it counts only for the time that still holds.
    return row.status not in OVER and any(
        event.kind is EventKind.COMPLETED and event.starts_at == row.starts_at for event in row.told
    )
