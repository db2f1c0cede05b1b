"""Derive the course as partners may see it, before any figure, chart, list, page or file. Pure.

Left out are restricted ruptures, the ratings of the other partner, and whatever a safety flag did:
a rupture that is parked for safety keeps, for partners, the status it had. A course with flags and
the same course without them give equal values, so that nothing made of them can differ.
Source: domain 2.4, 2.5, 2.7, 2.10 (11), 3.5.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from clinic.notes.ledger.ledger_facts import AttemptFact, LedgerInput, RuptureFacts, SessionFact
from clinic.notes.ledger.ledger_figures import standing_at
from clinic.notes.rules.rupture_events import (
    EventKind,
    RuptureEvent,
    RuptureStatus,
    counting_events,
)


def partner_safe(facts: LedgerInput, *, viewer: str | None = None) -> LedgerInput:
    """Return the facts that may be shown or handed to partners, of the ratings `viewer`'s own.

    Restricted ruptures go, with their attempts and every link to them, and so do the changes that
    safety flags caused. What stays is numbered anew, so that no gap tells of them.
    """
    refs = partner_refs(facts)
    return replace(
        facts,
        ruptures=tuple(_shown(one, refs) for one in facts.ruptures if one.ref in refs),
        attempts=tuple(_renamed(one, refs) for one in facts.attempts if _is_shown(one, refs)),
        ratings=tuple(r for r in facts.ratings if viewer is not None and r.person == viewer),
        variant="partner-safe",
    )


def partner_refs(facts: LedgerInput) -> dict[str, str]:
    """Return the refs of the joint ruptures, each with the ref that partners see."""
    joint = (one.ref for one in facts.ruptures if one.visibility == "joint")
    return {ref: f"R-{place:02}" for place, ref in enumerate(joint, start=1)}


def without_safety_parking(events: Iterable[RuptureEvent]) -> tuple[RuptureEvent, ...]:
    """Return the events that count, in order, without what safety flags caused.

    Left out are a parking for safety and the event that takes the rupture back to the status it
    had. A rupture that is closed or merged while it is parked goes there from that status.
    """
    kept, _is_parked = _split_off_flags(events)
    return kept


def as_of(facts: LedgerInput, *, at: datetime) -> LedgerInput:
    """Return the course with its ruptures' logs as far as they were written `at` an instant."""
    return replace(
        facts,
        ruptures=tuple(
            replace(one, events=tuple(e for e in one.events if e.entered_at <= at))
            for one in facts.ruptures
        ),
    )


def standing_for_partners(
    facts: LedgerInput, *, session: SessionFact
) -> Mapping[str, RuptureStatus | None]:
    """Return how each joint rupture, by its own ref, stands for partners when `session` ends."""
    return {
        one.ref: standing_at(replace(one, events=without_safety_parking(one.events)), session)
        for one in _joint(facts)
    }


def parked_for_safety(facts: LedgerInput) -> frozenset[str]:
    """Return the refs of the joint ruptures that safety flags hold."""
    return frozenset(one.ref for one in _joint(facts) if _split_off_flags(one.events)[1])


def _split_off_flags(events: Iterable[RuptureEvent]) -> tuple[tuple[RuptureEvent, ...], bool]:
    """The events that count without what flags caused, and whether a flag parks it at their end."""
    kept: list[RuptureEvent] = []
    status: RuptureStatus | None = None
    is_parked = False
    for event in counting_events(events):
        if event.kind is EventKind.STATUS:
            returns = is_parked and event.to_status is status
            is_parked = event.parks_for_safety
            if is_parked or returns:
                continue
            status = event.to_status
        kept.append(event)
    return tuple(kept), is_parked


def _joint(facts: LedgerInput) -> Iterable[RuptureFacts]:
    return (one for one in facts.ruptures if one.visibility == "joint")


def _shown(rupture: RuptureFacts, refs: Mapping[str, str]) -> RuptureFacts:
    links_only = {EventKind.ABSORBED, EventKind.SPLIT_INTO}
    counted = [
        event
        for event in without_safety_parking(rupture.events)
        if event.kind not in links_only or event.link in refs
    ]
    events = tuple(_bare(one, place, refs) for place, one in enumerate(counted, start=1))
    return replace(rupture, ref=refs[rupture.ref], events=events)


def _bare(event: RuptureEvent, place: int, refs: Mapping[str, str]) -> RuptureEvent:
    """What partners are told of an event: neither who wrote it nor when, no words, no old number.

    Of the reasons only that of a reopening stays; it is part of an episode.
    """
    is_reopening = event.to_status is RuptureStatus.REOPENED
    return replace(
        event,
        id=place,
        entered_at=event.effective_at,
        by="",
        text="",
        reason=event.reason if is_reopening else None,
        link=refs.get(event.link) if event.link else None,
    )


def _is_shown(attempt: AttemptFact, refs: Mapping[str, str]) -> bool:
    return attempt.rupture is None or attempt.rupture in refs


def _renamed(attempt: AttemptFact, refs: Mapping[str, str]) -> AttemptFact:
    return replace(attempt, rupture=refs[attempt.rupture] if attempt.rupture else None)
