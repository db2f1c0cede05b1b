"""Merging and splitting ruptures: both refs and the link between them stay."""

from __future__ import annotations

from datetime import datetime

from clinic.foundation.errors import N_
from clinic.foundation.permissions.actors import Actor
from clinic.notes.record.rupture_models import Rupture, ref_of
from clinic.notes.rules.clinical_checks import refuse, rupture_problems
from clinic.notes.rules.clinical_values import RuptureDetails
from clinic.notes.rules.repeated_submission import repeats_since
from clinic.notes.rules.rupture_events import merge_events, split_events
from clinic.notes.rules.rupture_lifecycle import (
    TransitionFacts,
    TransitionRefused,
    allowed_transitions,
)
from clinic.notes.rules.text_limits import TEXT_MAX, length_problems
from clinic.notes.ruptures.event_log import add_rupture
from clinic.notes.ruptures.service import Change, changing_course, write_checked
from clinic.notes.ruptures.signed_ruptures import safety_flag_open


def merge_ruptures(
    code: str,
    source: str,
    target: str,
    *,
    text: str = "",
    note_id: str | None = None,
    effective_at: datetime | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """Let `source` go on in `target`. Raises `TransitionRefused`, `Conflict`, `NotFound`.

    A restricted rupture merges into a restricted one only, so that nothing becomes joint by it.
    """
    refuse(length_problems(("text", text, TEXT_MAX)))
    with changing_course(code, actor=actor, now=now) as change:
        first, second = change.course.rupture(source), change.course.rupture(target)
        if (first.details.visibility, second.details.visibility) == ("restricted", "joint"):
            raise TransitionRefused(
                N_("A restricted rupture does not go on in a joint one."),
                allowed=allowed_transitions(first.state),
                cause="visibility",
            )
        number = change.next_number()
        gone, taken = merge_events(
            source,
            target=target,
            ids=(number, number + 1),
            by=actor.name,
            session_number=change.session_number(note_id),
            text=text,
            effective_at=change.instant(effective_at, note_id),
            now=now,
        )
        facts = _facts(change)
        write_checked(change, first, gone, facts, note_id=note_id)
        write_checked(change, second, taken, facts, note_id=note_id)


def split_rupture(
    code: str,
    source: str,
    details: RuptureDetails,
    *,
    text: str = "",
    note_id: str | None = None,
    effective_at: datetime | None = None,
    actor: Actor,
    now: datetime,
) -> str:
    """Open a rupture of its own for a part of `source`; the new ref."""
    refuse(length_problems(("text", text, TEXT_MAX)))
    with changing_course(code, actor=actor, now=now) as change:
        known = change.course.rupture(source)
        refuse(rupture_problems(details, choosable=change.choosable(), today=change.chart.day(now)))
        if (again := _split_before(change, source, details)) is not None:
            return again
        number = change.next_number()
        link, opening = split_events(
            source,
            new=_next_ref(change),
            ids=(number, number + 1),
            by=actor.name,
            session_number=change.session_number(note_id),
            text=text,
            effective_at=change.instant(effective_at, note_id),
            now=now,
        )
        write_checked(change, known, link, _facts(change), note_id=note_id)
        row: Rupture = add_rupture(change.session, change.chart, details, opening, note_id=note_id)
        change.note("opened", row.id)
        return row.ref


def _split_before(change: Change, source: str, details: RuptureDetails) -> str | None:
    """The ref of the part that the same form split off a moment ago."""
    for one in change.course.ruptures:
        first = one.events[0]
        own = (first.by, first.link) == (change.actor.name, source)
        if own and first.entered_at >= repeats_since(change.now) and one.details == details:
            return one.ref
    return None


def _facts(change: Change) -> TransitionFacts:
    flag = safety_flag_open(change.session, change.chart.couple_id)
    return TransitionFacts(safety_flag_open=flag)


def _next_ref(change: Change) -> str:
    known = [int(one.ref.removeprefix("R-")) for one in change.course.ruptures]
    return ref_of(max(known, default=0) + 1)
