"""Generated courses in pairs: one without safety flags, and the same one with flags in it.

Both are grown step by step by the rules of the product, so each is a course that the service could
have written. What is only in the second is what flags cause: ruptures are parked when a flag opens
and are taken up again, or left as they are, when it is cleared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from clinic.notes.ledger.ledger_facts import (
    AttemptFact,
    LedgerInput,
    RatingFact,
    RuptureFacts,
    SessionFact,
    WindowRunFact,
)
from clinic.notes.rules.rupture_events import EventKind, RuptureEvent, RuptureStatus
from clinic.notes.rules.rupture_history import RuptureState, derive_status
from clinic.notes.rules.rupture_lifecycle import (
    TransitionFacts,
    TransitionRefused,
    check_transition,
)

FIRST = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)
REFS = ("R-01", "R-02", "R-03")
READY = TransitionFacts(has_attempt=True, therapist_confirms=True, partners_confirmed=(True, True))
REASONS = {
    RuptureStatus.PARKED: "agreement",
    RuptureStatus.CLOSED_UNREPAIRED: "left_therapy",
    RuptureStatus.REOPENED: "recurrence",
}
Turn = tuple[str, str, int, bool, int]
"""What is done to which rupture; which entry a reversal is of; in a session; how many days late."""
_TURNS = [*RuptureStatus, "merge", "split", "reverse", "flag", "clear", "take_up", "reverse_flag"]


@dataclass(frozen=True, slots=True)
class Pair:
    """The same course without flags and with them, and the sessions that both were held in."""

    plain: LedgerInput
    flagged: LedgerInput


@dataclass
class World:
    """The logs of one of the two courses while they grow."""

    logs: dict[str, tuple[RuptureEvent, ...]] = field(default_factory=dict)
    number: int = 0
    flag_open: bool = False

    def state(self, ref: str) -> RuptureState:
        return derive_status(self.logs.get(ref, ()))

    def add(self, ref: str, **values) -> int | None:
        """Write an event if it may follow; its number, None when it is refused."""
        event = RuptureEvent(id=self.number + 1, by="account:t", **values)
        facts = replace(READY, safety_flag_open=self.flag_open)
        log = self.logs.get(ref, ())
        try:
            check_transition(log, proposed=event, facts=facts)
        except TransitionRefused:
            return None
        self.number += 1
        self.logs[ref] = (*log, event)
        return event.id

    def move(self, ref: str, to: RuptureStatus, now: datetime, **values) -> int | None:
        told = {"kind": EventKind.STATUS, "effective_at": now, "entered_at": now} | values
        return self.add(ref, to_status=to, **told)


@dataclass
class Growing:
    """Both courses, and which event of the one is which of the other."""

    plain: World = field(default_factory=World)
    flagged: World = field(default_factory=World)
    twins: dict[tuple[str, int], int] = field(default_factory=dict)
    flag_events: list[tuple[str, int]] = field(default_factory=list)

    def open_flag(self, now: datetime) -> None:
        self.flagged.flag_open = True
        for ref in REFS:
            if self.flagged.state(ref).is_open:
                self._by_flag(ref, RuptureStatus.PARKED, now, reason="safety_flag")

    def resume(self, ref: str, now: datetime) -> None:
        state = self.flagged.state(ref)
        if state.before_parking and self.parked_by_flag(ref):
            self._by_flag(ref, state.before_parking, now, reason="recurrence", session_number=1)

    def parked_by_flag(self, ref: str) -> bool:
        """Parked in the course with flags, where the other course says otherwise."""
        parked = self.flagged.state(ref).status is RuptureStatus.PARKED
        return parked and self.plain.state(ref).status is not RuptureStatus.PARKED

    def reverse_flag_event(self, at: int, now: datetime) -> None:
        if not self.flag_events:
            return
        ref, number = self.flag_events[at % len(self.flag_events)]
        told = {"reason": "wrong_transition", "effective_at": now, "entered_at": now}
        self.flagged.add(ref, kind=EventKind.REVERSAL, reverses=number, **told)

    def both(self, ref: str, now: datetime, **values) -> None:
        """The same event in both courses, or in neither."""
        before = replace(self.flagged, logs=dict(self.flagged.logs)), list(self.flag_events)
        leaves = values["kind"] in {EventKind.STATUS, EventKind.MERGED_INTO}
        if leaves and self.parked_by_flag(ref):
            self.flagged.flag_open = False
            if values.get("to_status") is not RuptureStatus.CLOSED_UNREPAIRED:
                self.resume(ref, now)
        told = values
        if values["kind"] is EventKind.REVERSAL:
            told = values | {"reverses": self.twins.get((ref, values["reverses"]))}
        second = self.flagged.add(ref, entered_at=now, **told)
        first = self.plain.add(ref, entered_at=now, **values) if second else None
        if first is None or second is None:
            self.flagged, self.flag_events = before
            return
        self.twins[ref, first] = second

    def _by_flag(self, ref: str, to: RuptureStatus, now: datetime, **values) -> None:
        number = self.flagged.move(ref, to, now, **values)
        if number is not None:
            self.flag_events.append((ref, number))


def sessions(count: int) -> tuple[SessionFact, ...]:
    starts = [FIRST + timedelta(days=7 * at) for at in range(count)]
    return tuple(
        SessionFact(number, at, at + timedelta(minutes=50))
        for number, at in enumerate(starts, start=1)
    )


turns = st.lists(
    st.tuples(
        st.sampled_from(_TURNS),
        st.sampled_from(REFS),
        st.integers(0, 20),
        st.booleans(),
        st.integers(0, 6),
    ),
    min_size=4,
    max_size=24,
)
days = st.integers(0, 50).map(lambda after: FIRST.date() + timedelta(days=after))
attempts = st.builds(
    AttemptFact,
    receipt=st.sampled_from(["received", "partly", "ignored", "rejected"]),
    session_number=st.none(),
    date=days,
    acts=st.just(("i_statement",)),
    by=st.sampled_from("AB"),
    rupture=st.sampled_from([None, *REFS]),
)
ratings = st.builds(
    RatingFact,
    person=st.sampled_from("AB"),
    point=st.sampled_from(["peak", "end"]),
    session=st.integers(1, 5),
    felt_safety=st.none() | st.integers(0, 10),
    defensiveness=st.none() | st.integers(0, 10),
)
windows = st.builds(
    WindowRunFact, date=st.just(date(2026, 3, 5)), end_state=st.sampled_from(["completed"])
)


EMPTY = LedgerInput("C-0042", sessions(5))


@st.composite
def course_pairs(draw: st.DrawFn) -> Pair:
    """A course of five sessions, without flags and with them."""
    shared = replace(
        EMPTY,
        attempts=tuple(draw(st.lists(attempts, max_size=4))),
        ratings=tuple(draw(st.lists(ratings, max_size=4))),
        windows=tuple(draw(st.lists(windows, max_size=1))),
    )
    visibilities = {
        ref: draw(st.sampled_from(["joint", "joint", "joint", "restricted"])) for ref in REFS
    }
    return pair_of(draw(turns), shared, visibilities)


def pair_of(
    turns: Iterable[Turn],
    shared: LedgerInput = EMPTY,
    visibilities: Mapping[str, str] = dict.fromkeys(REFS, "joint"),
) -> Pair:
    """The pair that grows from these turns, one every second day; three ruptures open first."""
    growing = Growing()
    opening = {"kind": EventKind.STATUS, "to_status": RuptureStatus.OPEN, "effective_at": FIRST}
    for ref in REFS:
        growing.both(ref, FIRST, session_number=1, **opening)
    for at, turn in enumerate(turns, start=1):
        _grow(growing, turn, FIRST + timedelta(days=2 * at, minutes=30))
    return Pair(
        _facts(shared, growing.plain, visibilities), _facts(shared, growing.flagged, visibilities)
    )


def _grow(growing: Growing, turn: Turn, now: datetime) -> None:
    what, ref, number, in_session, back = turn
    session = min(5, 1 + (now - FIRST).days // 7)
    moment = {
        "effective_at": now - timedelta(days=back),
        "session_number": session if in_session or what == RuptureStatus.REOPENED else None,
    }
    if what == "flag":
        growing.open_flag(now)
    elif what == "clear":
        growing.flagged.flag_open = False
    elif what == "take_up":
        growing.resume(ref, now)
    elif what == "reverse_flag":
        growing.reverse_flag_event(number, now)
    elif what == "reverse":
        growing.both(ref, now, kind=EventKind.REVERSAL, reason="wrong_transition",
                     reverses=1 + number, **moment | {"effective_at": now})  # fmt: skip
    elif what in {"merge", "split"}:
        kind = EventKind.MERGED_INTO if what == "merge" else EventKind.SPLIT_INTO
        growing.both(ref, now, kind=kind, link=REFS[(REFS.index(ref) + 1) % 3], **moment)
    else:
        to = RuptureStatus(what)
        told = {"to_status": to, "reason": REASONS.get(to, "attempt_made")}
        growing.both(ref, now, kind=EventKind.STATUS, **told, **moment)


def _facts(shared: LedgerInput, world: World, visibilities: Mapping[str, str]) -> LedgerInput:
    ruptures = tuple(
        RuptureFacts(ref, place, world.logs[ref], visibilities[ref], f"Matter {place}")
        for place, ref in enumerate(REFS, start=1)
    )
    return replace(shared, ruptures=ruptures)
