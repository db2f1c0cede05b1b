"""Which change of a rupture is allowed, and on what conditions. Source: domain 2.3.

`check_transition` is the one door: it takes the log, the event someone wants to add and the plain
facts around it, and returns the state that would follow or refuses, naming what is allowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from clinic.foundation.errors import N_, Conflict
from clinic.notes.rules.rupture_events import (
    EventKind,
    HistoryBroken,
    RuptureEvent,
    RuptureStatus,
    counting_events,
    merge_events,
    split_events,
)
from clinic.notes.rules.rupture_history import (
    Episode,
    RuptureState,
    Span,
    allowed_transitions,
    cannot_follow,
    derive_status,
)

__all__ = [
    "REOPEN_REASONS",
    "Episode",
    "EventKind",
    "HistoryBroken",
    "RuptureEvent",
    "RuptureState",
    "RuptureStatus",
    "Span",
    "TransitionFacts",
    "TransitionRefused",
    "allowed_transitions",
    "check_transition",
    "derive_status",
    "merge_events",
    "split_events",
]

REOPEN_REASONS = ("recurrence", "new_information", "trust_dip", "anniversary", "other")


class TransitionRefused(Conflict):
    """This change of the rupture is not possible now; `allowed` names the ones that are."""

    code = "transition-refused"

    def __init__(
        self,
        message: str,
        *,
        allowed: tuple[RuptureStatus, ...],
        cause: str,
        terms: Mapping[str, tuple[str, str]] | None = None,
    ) -> None:
        super().__init__(message)
        self.allowed = allowed
        self.cause = cause
        self.terms = terms or {}
        self.details = {"allowed": [status.value for status in allowed], "cause": cause}

    def __str__(self) -> str:
        """With what is possible instead."""
        return f"{super().__str__()} Possible now: {', '.join(self.allowed) or 'none'}."


@dataclass(frozen=True, slots=True)
class TransitionFacts:
    """What is known around a change. `partners_confirmed` holds one answer a partner."""

    has_attempt: bool = False
    therapist_confirms: bool = False
    partners_confirmed: tuple[bool, ...] = ()
    safety_flag_open: bool = False
    reopen_reasons: tuple[str, ...] = REOPEN_REASONS


def check_transition(
    events: Iterable[RuptureEvent], *, proposed: RuptureEvent, facts: TransitionFacts
) -> RuptureState:
    """The state after `proposed`, or `TransitionRefused`.

    The whole history is read again with the new event at the place where it took effect, so a
    backdated event or a reversal is refused when what came after it would no longer follow.
    """
    log = tuple(events)
    before = derive_status(log)
    _check_form(log, before, proposed)
    at_the_time = before if proposed.kind is EventKind.REVERSAL else _state_when(log, proposed)
    _check_conditions(at_the_time, proposed, facts)
    try:
        after = derive_status((*log, proposed))
    except HistoryBroken as broken:
        raise _refused(broken.message, at_the_time, "order", broken.terms) from broken
    _check_parking(at_the_time, before, after, facts)
    return after


def _refused(
    message: str,
    state: RuptureState,
    cause: str,
    terms: Mapping[str, tuple[str, str]] | None = None,
) -> TransitionRefused:
    allowed = allowed_transitions(state)
    return TransitionRefused(message, allowed=allowed, cause=cause, terms=terms)


def _state_when(log: tuple[RuptureEvent, ...], proposed: RuptureEvent) -> RuptureState:
    """The state just before the place where `proposed` takes effect."""
    line = counting_events((*log, proposed))
    return derive_status(line[: line.index(proposed)])


def _check_form(log: tuple[RuptureEvent, ...], state: RuptureState, proposed: RuptureEvent) -> None:
    if proposed.effective_at > proposed.entered_at:
        raise _refused(N_("A change cannot take effect in the future."), state, "future")
    if any(event.id == proposed.id for event in log):
        raise _refused(N_("This event is already in the record."), state, "repeated")
    if proposed.kind is EventKind.REVERSAL:
        _check_reversal(log, state, proposed)
    elif proposed.kind is EventKind.STATUS:
        if proposed.to_status is None:
            raise _refused(N_("The new status is missing."), state, "status")
    elif not proposed.link:
        raise _refused(N_("The other rupture is missing."), state, "link")


def _check_reversal(
    log: tuple[RuptureEvent, ...], state: RuptureState, proposed: RuptureEvent
) -> None:
    meant = next((event for event in log if event.id == proposed.reverses), None)
    if meant is None:
        raise _refused(N_("There is no such event to reverse."), state, "unknown_event")
    if meant.kind is EventKind.REVERSAL:
        raise _refused(
            N_("A reversal is not reversed; enter the change again instead."), state, "reversal"
        )
    if any(event.reverses == meant.id for event in log):
        raise _refused(N_("This event has already been reversed."), state, "reversed")
    if not proposed.reason:
        raise _refused(N_("Say why the event is reversed."), state, "reason")
    if counting_events(log)[0] == meant:
        raise _refused(N_("The opening cannot be reversed; close the rupture."), state, "opening")


def _check_conditions(state: RuptureState, proposed: RuptureEvent, facts: TransitionFacts) -> None:
    to = proposed.to_status
    if proposed.kind is not EventKind.STATUS or to is None:
        return
    if to not in allowed_transitions(state):
        message, terms = cannot_follow(state, to)
        raise _refused(message, state, "order", terms)
    returning = state.status is RuptureStatus.PARKED
    if to is RuptureStatus.IN_REPAIR and not returning:
        _check_repair_begun(state, proposed, facts)
    if to is RuptureStatus.REPAIRED:
        _check_repaired(state, facts)
    if to is RuptureStatus.REOPENED and not returning:
        _check_reopened(state, proposed, facts)
    if to in {RuptureStatus.PARKED, RuptureStatus.CLOSED_UNREPAIRED} and not proposed.reason:
        raise _refused(N_("Give the reason."), state, "reason")


def _check_repair_begun(
    state: RuptureState, proposed: RuptureEvent, facts: TransitionFacts
) -> None:
    own_reason = proposed.reason not in {None, "", "attempt_made"} and proposed.text.strip()
    if not facts.has_attempt and not own_reason:
        raise _refused(
            N_("Repair begins with a repair attempt, or with the therapist's reason in words."),
            state,
            "attempt",
        )


def _check_repaired(state: RuptureState, facts: TransitionFacts) -> None:
    if not facts.therapist_confirms:
        raise _refused(N_("The therapist has not confirmed the repair."), state, "therapist")
    if len(facts.partners_confirmed) < 2 or not all(facts.partners_confirmed):
        raise _refused(N_("Each partner must have confirmed the repair."), state, "partners")


def _check_reopened(state: RuptureState, proposed: RuptureEvent, facts: TransitionFacts) -> None:
    if proposed.reason not in facts.reopen_reasons:
        raise _refused(N_("Reopening needs a reason from the list."), state, "reason")
    if proposed.reason == "other" and not proposed.text.strip():
        raise _refused(N_("Say in words why it is reopened."), state, "text")
    if proposed.session_number is None:
        raise _refused(N_("Reopening needs the session it belongs to."), state, "session")


def _check_parking(
    at_the_time: RuptureState, before: RuptureState, after: RuptureState, facts: TransitionFacts
) -> None:
    was_parked = RuptureStatus.PARKED in {at_the_time.status, before.status}
    leaves = was_parked and (after.status is not RuptureStatus.PARKED or after.merged)
    if leaves and facts.safety_flag_open:
        raise _refused(N_("The safety flag must be cleared first."), before, "safety_flag")
