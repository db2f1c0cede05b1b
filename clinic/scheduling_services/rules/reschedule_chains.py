"""Which bookings belong together: ids linked by "replaces" make one chain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from clinic.scheduling_services.rules.events import FOLDED, Provider, ServiceEvent

BookingKey = tuple[Provider, str]


def chains(events: Iterable[ServiceEvent]) -> list[list[ServiceEvent]]:
    """The events grouped by chain; those that belong to no booking are left out.

    Neither the groups nor their order depend on the order of `events`; duplicates are gone.
    """
    told = sorted(
        {event for event in events if event.kind in FOLDED and event.external_id},
        key=lambda event: (event.provider, event.external_id or "", event.digest),
    )
    leader: dict[BookingKey, BookingKey] = {}
    for event in told:
        first, *others = [(event.provider, one) for one in ids_of(event)]
        _find(leader, first)
        for other in others:
            _join(leader, first, other)
    groups: dict[BookingKey, list[ServiceEvent]] = {}
    for event in told:
        groups.setdefault(_find(leader, (event.provider, ids_of(event)[0])), []).append(event)
    return [groups[key] for key in sorted(groups)]


def ids_of(event: ServiceEvent) -> list[str]:
    """Every booking id that an event names, its own first."""
    named = (event.external_id, event.supersedes, event.superseded_by)
    return [one for one in named if one]


def links(events: Iterable[ServiceEvent]) -> dict[str, set[str]]:
    """Old id to the ids that replace it."""
    found: dict[str, set[str]] = {}
    for event in events:
        own = event.external_id or ""
        if event.supersedes:
            found.setdefault(event.supersedes, set()).add(own)
        if event.superseded_by:
            found.setdefault(own, set()).add(event.superseded_by)
    return found


def ordered_ids(ids: Iterable[str], *, replaced_by: Mapping[str, set[str]]) -> list[str]:
    """The ids from oldest to newest: every id after those it replaces.

    Ids in a ring (which no honest sender makes) come last, in alphabetical order.
    """
    remaining = sorted(set(ids))
    ordered: list[str] = []
    while remaining:
        blocked = {new for old in remaining for new in replaced_by.get(old, ()) if new != old}
        free = [one for one in remaining if one not in blocked] or remaining
        ordered.extend(free)
        remaining = [one for one in remaining if one not in set(free)]
    return ordered


def latest(ids: Sequence[str], *, replaced_by: Mapping[str, set[str]]) -> list[str]:
    """The ids that nothing replaces; all of them when they form a ring."""
    return [one for one in ids if not replaced_by.get(one)] or list(ids)


def _find(leader: dict[BookingKey, BookingKey], key: BookingKey) -> BookingKey:
    leader.setdefault(key, key)
    while leader[key] != key:
        leader[key] = leader[leader[key]]
        key = leader[key]
    return key


def _join(leader: dict[BookingKey, BookingKey], one: BookingKey, other: BookingKey) -> None:
    first, second = sorted((_find(leader, one), _find(leader, other)))
    leader[second] = first
