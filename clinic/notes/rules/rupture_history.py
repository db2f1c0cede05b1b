"""Events read into a status, episodes and spans. Source: domain 2.3.

The reading is total over lawful histories and raises `HistoryBroken` for any other, so a record
that cannot be understood is never shown as if it could.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from clinic.foundation.errors import N_
from clinic.notes.rules.rupture_events import (
    UNMENDED,
    EventKind,
    HistoryBroken,
    RuptureEvent,
    RuptureStatus,
    counting_events,
)

_S = RuptureStatus
_AFTER: dict[RuptureStatus | None, tuple[RuptureStatus, ...]] = {
    None: (_S.OPEN,),
    _S.OPEN: (_S.IN_REPAIR, _S.PARKED, _S.CLOSED_UNREPAIRED),
    _S.IN_REPAIR: (_S.REPAIRED, _S.PARKED, _S.CLOSED_UNREPAIRED),
    _S.REPAIRED: (_S.REOPENED,),
    _S.REOPENED: (_S.IN_REPAIR, _S.PARKED, _S.CLOSED_UNREPAIRED),
    _S.CLOSED_UNREPAIRED: (),
}


@dataclass(frozen=True, slots=True)
class Episode:
    """One stretch from opening (or reopening) to its end, numbered from 1.

    `ended` is `repaired`, `closed_unrepaired`, `merged` or None while it lasts.
    """

    number: int
    opened_at: datetime
    opened_session: int | None = None
    reopen_reason: str | None = None
    ended: str | None = None
    ended_at: datetime | None = None
    ended_session: int | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """A status with the half-open stretch of time it held; `until` is None while it holds."""

    status: RuptureStatus
    episode: int
    since: datetime
    since_session: int | None
    until: datetime | None = None
    until_session: int | None = None


@dataclass(frozen=True, slots=True)
class RuptureState:
    """What the log says now. `status` is None before the opening."""

    status: RuptureStatus | None = None
    before_parking: RuptureStatus | None = None
    merged_into: str | None = None
    merged: bool = False
    split_from: str | None = None
    links: tuple[tuple[str, str], ...] = ()
    episodes: tuple[Episode, ...] = ()
    spans: tuple[Span, ...] = field(default=())

    @property
    def episode(self) -> int:
        """The number of the present episode, 0 before the opening."""
        return len(self.episodes)

    @property
    def opened_at(self) -> datetime | None:
        """When the present episode was opened or reopened."""
        return self.episodes[-1].opened_at if self.episodes else None

    @property
    def is_open(self) -> bool:
        """Counts as an open rupture: open, in repair or reopened, and not merged away."""
        return self.status in UNMENDED and not self.merged


def allowed_transitions(state: RuptureState) -> tuple[RuptureStatus, ...]:
    """The statuses that may follow. A parked rupture goes back to where it was, or is closed."""
    if state.merged:
        return ()
    if state.status is RuptureStatus.PARKED:
        back = state.before_parking or RuptureStatus.OPEN
        return (back, RuptureStatus.CLOSED_UNREPAIRED)
    return _AFTER[state.status]


def cannot_follow(
    state: RuptureState, to: RuptureStatus | None
) -> tuple[str, dict[str, tuple[str, str]]]:
    """That a status does not follow on this state: the sentence, and the terms in its places."""
    if to is None:
        return N_("The new status is missing."), {}
    if state.status is None:
        return N_("A rupture has to be opened first."), {}
    held, wanted = ("rupture_status", state.status.value), ("rupture_status", to.value)
    said = N_("A rupture that is “%(held)s” cannot become “%(wanted)s”.")
    return said, {"held": held, "wanted": wanted}


def derive_status(events: Iterable[RuptureEvent]) -> RuptureState:
    """The state that follows from the events, whatever order they were entered in."""
    state = RuptureState()
    for event in counting_events(events):
        state = _after_event(state, event)
    return state


def _after_event(state: RuptureState, event: RuptureEvent) -> RuptureState:
    if event.kind is EventKind.STATUS:
        return _after_status(state, event)
    if state.status is None or state.merged:
        raise HistoryBroken(N_("A rupture must be open before it is merged or split."))
    linked = replace(state, links=(*state.links, (event.kind.value, event.link or "")))
    return _merged(linked, event) if event.kind is EventKind.MERGED_INTO else linked


def _after_status(state: RuptureState, event: RuptureEvent) -> RuptureState:
    to = event.to_status
    if to is None or to not in allowed_transitions(state):
        raise HistoryBroken(*cannot_follow(state, to))
    return replace(
        state,
        status=to,
        before_parking=state.status if to is RuptureStatus.PARKED else None,
        split_from=event.link if state.status is None else state.split_from,
        episodes=_episodes_after(state, event, to),
        spans=_spans_after(state, event, to),
    )


def _episodes_after(
    state: RuptureState, event: RuptureEvent, to: RuptureStatus
) -> tuple[Episode, ...]:
    begins = state.status in {None, RuptureStatus.REPAIRED}
    if begins:
        begun = Episode(
            number=len(state.episodes) + 1,
            opened_at=event.effective_at,
            opened_session=event.session_number,
            reopen_reason=event.reason if state.episodes else None,
        )
        return (*state.episodes, begun)
    if to in {RuptureStatus.REPAIRED, RuptureStatus.CLOSED_UNREPAIRED}:
        return _ended(state.episodes, event, to.value)
    return state.episodes


def _ended(episodes: tuple[Episode, ...], event: RuptureEvent, how: str) -> tuple[Episode, ...]:
    last = replace(
        episodes[-1],
        ended=how,
        ended_at=event.effective_at,
        ended_session=event.session_number,
    )
    return (*episodes[:-1], last)


def _spans_after(state: RuptureState, event: RuptureEvent, to: RuptureStatus) -> tuple[Span, ...]:
    begins = state.status in {None, RuptureStatus.REPAIRED}
    number = state.episode + 1 if begins else state.episode
    begun = Span(to, number, event.effective_at, event.session_number)
    return (*_closed_spans(state.spans, event), begun)


def _closed_spans(spans: tuple[Span, ...], event: RuptureEvent) -> tuple[Span, ...]:
    if not spans:
        return ()
    last = replace(spans[-1], until=event.effective_at, until_session=event.session_number)
    return (*spans[:-1], last)


def _merged(state: RuptureState, event: RuptureEvent) -> RuptureState:
    lasting = state.episodes[-1].ended is None
    return replace(
        state,
        merged=True,
        merged_into=event.link,
        episodes=_ended(state.episodes, event, "merged") if lasting else state.episodes,
        spans=_closed_spans(state.spans, event),
    )
