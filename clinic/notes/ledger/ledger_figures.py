"""The derived measures, each by its definition and edge rules. Source: domain 2.4.

Ratios and slopes are kept as exact fractions until they are shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from clinic.notes.ledger.ledger_facts import AttemptFact, LedgerInput, RuptureFacts, SessionFact
from clinic.notes.rules.rupture_events import UNMENDED, EventKind, RuptureStatus
from clinic.notes.rules.rupture_history import Episode

NOTHING_TO_SHOW = "—"
LAST_SESSIONS_FOR_RATIO = 5
LAST_SESSIONS_FOR_TREND = 6
MIN_POINTS_FOR_TREND = 3
MIN_REPAIRED_FOR_RATE = 3
SAFETY_GAP_PROMPT = 4
_HALVES = {"received": 2, "partly": 1, "ignored": 0, "rejected": 0}


@dataclass(frozen=True, slots=True)
class EpisodeRow:
    """One episode; `days` and `sessions` only when it was repaired."""

    rupture: str
    episode: int
    opened: date
    opened_session: int | None
    reason: str | None
    ended: str | None
    ended_on: date | None
    ended_session: int | None
    days: int | None
    sessions: int | None


@dataclass(frozen=True, slots=True)
class Ratio:
    """Repair attempts counted: received whole, partly by half, among `n`."""

    received: int
    partly: int
    n: int
    sessions: tuple[int, ...] = ()

    @property
    def value(self) -> Fraction | None:
        """The share, None where there is nothing to divide by."""
        return Fraction(2 * self.received + self.partly, 2 * self.n) if self.n else None


@dataclass(frozen=True, slots=True)
class SessionRow:
    """Ruptures at the end of one session; `load` is the summed significance of the open ones."""

    session: int
    open: int
    parked: int
    load: int


@dataclass(frozen=True, slots=True)
class Trend:
    """Slope of defensiveness per session over `n` points."""

    partner: str
    slope: Fraction | None
    n: int


def ordered_sessions(facts: LedgerInput) -> tuple[SessionFact, ...]:
    """The sessions by number."""
    return tuple(sorted(facts.sessions, key=lambda session: session.number))


def episode_rows(facts: LedgerInput) -> tuple[EpisodeRow, ...]:
    """Time to repair of each episode of each rupture."""
    return tuple(
        _episode_row(facts, rupture, episode)
        for rupture in facts.ruptures
        for episode in rupture.state.episodes
    )


def repair_ratio(facts: LedgerInput, *, last: int | None) -> Ratio:
    """Attempts inside the `last` sessions (all for None), those at home between them included."""
    window = ordered_sessions(facts)
    if last is not None:
        window = window[-last:]
    numbers = tuple(session.number for session in window)
    counted = [
        attempt
        for attempt in facts.attempts
        if last is None or _inside(facts, attempt, window, numbers)
    ]
    receipts = [attempt.receipt for attempt in counted]
    unknown = sorted(set(receipts) - set(_HALVES))
    if unknown:
        raise ValueError(f"unknown receipt: {', '.join(unknown)}")
    return Ratio(receipts.count("received"), receipts.count("partly"), len(receipts), numbers)


def session_rows(facts: LedgerInput) -> tuple[SessionRow, ...]:
    """Open and parked ruptures, and the load, at the end of each session."""
    rows = []
    for session in ordered_sessions(facts):
        states = [(rupture, standing_at(rupture, session)) for rupture in facts.ruptures]
        opened = [r for r, status in states if status in UNMENDED]
        parked = sum(status is RuptureStatus.PARKED for _, status in states)
        load = sum(rupture.significance for rupture in opened)
        rows.append(SessionRow(session.number, len(opened), parked, load))
    return tuple(rows)


def standing_at(rupture: RuptureFacts, session: SessionFact) -> RuptureStatus | None:
    """The status at the end of `session`; None before the opening and after a merge.

    An event that names its session counts there, whenever it was written; one between sessions
    counts from the first session that ends after it took effect.
    """
    status: RuptureStatus | None = None
    for event in rupture.line:
        if event.session_number is None:
            reached = event.effective_at <= session.ends_at
        else:
            reached = event.session_number <= session.number
        if reached and event.kind is EventKind.STATUS:
            status = event.to_status
        if reached and event.kind is EventKind.MERGED_INTO:
            return None
    return status


def reopened_and_repaired(facts: LedgerInput) -> tuple[int, int]:
    """Episodes that began by reopening, and episodes that were repaired."""
    episodes = [episode for rupture in facts.ruptures for episode in rupture.state.episodes]
    reopened = sum(episode.number > 1 for episode in episodes)
    return reopened, sum(episode.ended == "repaired" for episode in episodes)


def defensiveness_trend(facts: LedgerInput, *, partner: str) -> Trend:
    """Least-squares slope over the end ratings of the last sessions; blanks are left out."""
    points = [
        (session.number, value)
        for session in ordered_sessions(facts)[-LAST_SESSIONS_FOR_TREND:]
        if (value := _end(facts, partner, session.number, "defensiveness")) is not None
    ]
    enough = len(points) >= MIN_POINTS_FOR_TREND
    return Trend(partner, slope(points) if enough else None, len(points))


def slope(points: Sequence[tuple[int, int]]) -> Fraction:
    """The exact least-squares slope of at least two points with different x."""
    n = len(points)
    sum_x = sum(x for x, _ in points)
    sum_y = sum(y for _, y in points)
    sum_xy = sum(x * y for x, y in points)
    sum_xx = sum(x * x for x, _ in points)
    return Fraction(n * sum_xy - sum_x * sum_y, n * sum_xx - sum_x * sum_x)


def recovery(facts: LedgerInput, *, partner: str, session: int) -> int | None:
    """Peak minus end defensiveness inside a session, None unless both were told."""
    peak = facts.rating(partner, session=session, point="peak", measure="defensiveness")
    end = _end(facts, partner, session, "defensiveness")
    return None if peak is None or end is None else peak - end


def safety_gap(facts: LedgerInput, *, session: int) -> int | None:
    """The distance between the partners' felt safety at the end, None unless both were told."""
    first, second = (_end(facts, partner, session, "felt_safety") for partner in facts.partners[:2])
    return None if first is None or second is None else abs(first - second)


def rounded(value: Fraction | None, *, places: int) -> float | None:
    """`value` rounded half away from nought, for JSON."""
    if value is None:
        return None
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return float(exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)) + 0.0


def _episode_row(facts: LedgerInput, rupture: RuptureFacts, episode: Episode) -> EpisodeRow:
    opened = facts.local_date(episode.opened_at)
    ended_on = facts.local_date(episode.ended_at) if episode.ended_at else None
    repaired = episode.ended == "repaired" and ended_on is not None
    return EpisodeRow(
        rupture=rupture.ref,
        episode=episode.number,
        opened=opened,
        opened_session=episode.opened_session,
        reason=episode.reopen_reason,
        ended=episode.ended,
        ended_on=ended_on,
        ended_session=episode.ended_session,
        days=(ended_on - opened).days if repaired and ended_on else None,
        sessions=_sessions_between(facts, episode) if repaired else None,
    )


def _sessions_between(facts: LedgerInput, episode: Episode) -> int:
    """Sessions after the opening one, up to and with the one of the repair."""
    ended = _sessions_until(facts, episode.ended_session, episode.ended_at or episode.opened_at)
    return ended - _sessions_until(facts, episode.opened_session, episode.opened_at)


def _sessions_until(facts: LedgerInput, number: int | None, instant: datetime) -> int:
    if number is not None:
        return sum(session.number <= number for session in facts.sessions)
    return sum(session.starts_at <= instant for session in facts.sessions)


def _inside(
    facts: LedgerInput,
    attempt: AttemptFact,
    window: tuple[SessionFact, ...],
    numbers: tuple[int, ...],
) -> bool:
    if not window:
        return False
    if attempt.session_number is not None:
        return attempt.session_number in numbers
    first = facts.local_date(window[0].starts_at)
    last = facts.local_date(window[-1].starts_at)
    return first <= attempt.date <= last


def _end(facts: LedgerInput, partner: str, session: int, measure: str) -> int | None:
    return facts.rating(partner, session=session, point="end", measure=measure)
