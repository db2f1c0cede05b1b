"""A note without what its reader may not learn: for an emergency reader, or for partners. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from clinic.notes.ledger.ledger_facts import LedgerInput, SessionFact
from clinic.notes.redaction.partner_course import (
    as_of,
    parked_for_safety,
    partner_refs,
    standing_for_partners,
)
from clinic.notes.rules.note_content import NewRupture, NoteContent, RuptureEntry, SafetyCheck
from clinic.notes.rules.rupture_events import SAFETY_PARKING, UNMENDED, RuptureStatus

_ABOUT_SAFETY = frozenset({"safety_planning"})
"""Interventions that tell of a safety flag by their name."""


def for_emergency(content: NoteContent, hidden: Collection[str]) -> NoteContent:
    """Return a note for who opened the joint record in an emergency.

    The ruptures of the refs in `hidden` are left out. Of the safety check the answer stays and its
    words go, whatever the answer: they may be what one partner said.
    """
    bare = without_ruptures(content, hidden)
    return replace(bare, safety=SafetyCheck(content.safety.result))


def for_partners(
    content: NoteContent, *, facts: LedgerInput, session: SessionFact | None, signed_at: datetime
) -> NoteContent:
    """Return a signed note as it may be handed to partners, with the refs that they know.

    `facts` is the whole course, `session` the note's own in it (None when it does not count). The
    safety check is left out as if it were not asked. A rupture that a flag held when the note was
    signed, so that it was not asked about, stands as the partners' ledger says.
    """
    refs = partner_refs(facts)
    shown = without_ruptures(content, _refs_in(content) - refs.keys())
    entries = _entries(shown, facts, session, signed_at)
    return replace(
        shown,
        safety=SafetyCheck(),
        ruptures=tuple(replace(one, ref=refs[one.ref]) for one in entries),
        new_ruptures=tuple(_renamed(one, refs) for one in shown.new_ruptures),
        attempts=tuple(
            replace(one, rupture=refs[one.rupture] if one.rupture else None)
            for one in shown.attempts
        ),
        interventions=tuple(one for one in shown.interventions if one.code not in _ABOUT_SAFETY),
    )


def without_ruptures(content: NoteContent, hidden: Collection[str]) -> NoteContent:
    """Return the content without entries, attempts and new ruptures of the refs in `hidden`."""
    if not hidden:
        return content
    return replace(
        content,
        ruptures=tuple(one for one in content.ruptures if one.ref not in hidden),
        new_ruptures=tuple(one for one in content.new_ruptures if one.key not in hidden),
        attempts=tuple(one for one in content.attempts if one.rupture not in hidden),
    )


def _refs_in(content: NoteContent) -> set[str]:
    entries = {one.ref for one in content.ruptures} | {one.key for one in content.new_ruptures}
    return entries | {one.rupture for one in content.attempts if one.rupture}


def _entries(
    content: NoteContent, facts: LedgerInput, session: SessionFact | None, signed_at: datetime
) -> tuple[RuptureEntry, ...]:
    """The note's entries, and one for each rupture that a flag kept out of the note."""
    known = as_of(facts, at=signed_at)
    standing = standing_for_partners(known, session=session) if session else {}
    held = {ref for ref in parked_for_safety(known) if standing.get(ref) in UNMENDED}
    entries = [
        _entry(one, standing.get(one.ref), is_held=one.ref in held) for one in content.ruptures
    ]
    named = {one.ref for one in entries} | {one.key for one in content.new_ruptures}
    order = [one.ref for one in facts.ruptures]
    entries += [RuptureEntry(ref, status=standing[ref]) for ref in held - named]
    return tuple(sorted(entries, key=lambda one: order.index(one.ref)))


def _entry(one: RuptureEntry, standing: RuptureStatus | None, *, is_held: bool) -> RuptureEntry:
    """An entry that a flag left without a status, or parked, with the status for partners."""
    parks = one.status == RuptureStatus.PARKED and one.reason == SAFETY_PARKING
    if not parks and not (is_held and one.status is None):
        return one
    return replace(one, status=standing, reason=None, reason_text="")


def _renamed(one: NewRupture, refs: Mapping[str, str]) -> NewRupture:
    return replace(one, key=refs[one.key])
