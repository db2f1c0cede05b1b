"""The couple's ledger: what broke, what was tried, how it was received, what mended.

`build_ledger` works every measure out once; `Ledger.to_json` is what `flask ledger CODE --json`
prints and stays the same for the same facts. Source: domain 2.4, with the worked example 2.9.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from statistics import median
from typing import Any

from clinic.notes.ledger.figure_json import (
    episode_json,
    ratio_json,
    shown,
    shown_percent,
    trend_json,
)
from clinic.notes.ledger.ledger_facts import (
    AttemptFact,
    LedgerInput,
    RatingFact,
    RuptureFacts,
    SessionFact,
    WindowRunFact,
)
from clinic.notes.ledger.ledger_figures import (
    LAST_SESSIONS_FOR_RATIO,
    MIN_REPAIRED_FOR_RATE,
    SAFETY_GAP_PROMPT,
    EpisodeRow,
    Ratio,
    SessionRow,
    Trend,
    defensiveness_trend,
    episode_rows,
    ordered_sessions,
    recovery,
    reopened_and_repaired,
    repair_ratio,
    rounded,
    safety_gap,
    session_rows,
)

__all__ = [
    "AttemptFact",
    "Ledger",
    "LedgerInput",
    "LedgerRupture",
    "RatingFact",
    "RuptureFacts",
    "SessionFact",
    "WindowRunFact",
    "build_ledger",
    "shown",
    "shown_percent",
]

LEDGER_FORMAT = "couple-ledger/1"


@dataclass(frozen=True, slots=True)
class LedgerRupture:
    """One rupture as it stands now."""

    ref: str
    significance: int
    visibility: str
    status: str | None
    episode: int
    merged: bool
    merged_into: str | None
    split_from: str | None


@dataclass(frozen=True, slots=True)
class WindowTolerance:
    """Transparency Windows held: a pause is the rule at work, so it is told, not blamed."""

    started: int
    without_pause: int
    first_pauses_s: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Ledger:
    """Every derived measure of one couple's course."""

    couple: str
    variant: str
    sessions: tuple[tuple[int, date], ...]
    ruptures: tuple[LedgerRupture, ...]
    episodes: tuple[EpisodeRow, ...]
    ratio_last: Ratio
    ratio_course: Ratio
    session_rows: tuple[SessionRow, ...]
    reopened: int
    repaired: int
    trends: tuple[Trend, ...]
    recoveries: tuple[tuple[int, tuple[tuple[str, int | None], ...]], ...]
    gaps: tuple[tuple[int, int | None], ...]
    windows: WindowTolerance

    @property
    def median_days(self) -> float | None:
        """The median days to repair over the repaired episodes."""
        return _median([row.days for row in self.episodes if row.days is not None])

    @property
    def median_sessions(self) -> float | None:
        """The median sessions to repair over the repaired episodes."""
        return _median([row.sessions for row in self.episodes if row.sessions is not None])

    @property
    def reopen_rate(self) -> Fraction | None:
        """Reopened among repaired episodes, None below three repaired ones."""
        enough = self.repaired >= MIN_REPAIRED_FOR_RATE
        return Fraction(self.reopened, self.repaired) if enough else None

    def to_json(self) -> dict[str, Any]:
        """The ledger as JSON values, keys in a fixed order."""
        return {
            "format": LEDGER_FORMAT,
            "couple": self.couple,
            "variant": self.variant,
            "sessions": [{"session": n, "date": on.isoformat()} for n, on in self.sessions],
            "ruptures": [_rupture_json(row) for row in self.ruptures],
            "time_to_repair": self._time_to_repair_json(),
            "repair_ratio": {
                "last_5": {"sessions": list(self.ratio_last.sessions)}
                | ratio_json(self.ratio_last),
                "whole_course": ratio_json(self.ratio_course),
            },
            "open_ruptures": [
                {"session": r.session, "open": r.open, "parked": r.parked, "load": r.load}
                for r in self.session_rows
            ],
            "reopen_rate": self._reopen_json(),
            "defensiveness_trend": {trend.partner: trend_json(trend) for trend in self.trends},
            "recovery": [{"session": n, **dict(values)} for n, values in self.recoveries],
            "safety_gap": [
                {"session": n, "gap": gap, "prompt": gap is not None and gap >= SAFETY_GAP_PROMPT}
                for n, gap in self.gaps
            ],
            "window_tolerance": _windows_json(self.windows),
        }

    def _time_to_repair_json(self) -> dict[str, Any]:
        repaired = sum(row.days is not None for row in self.episodes)
        return {
            "episodes": [episode_json(row) for row in self.episodes],
            "median_days": self.median_days,
            "median_sessions": self.median_sessions,
            "n": repaired,
            "shown": shown(self.median_days),
        }

    def _reopen_json(self) -> dict[str, Any]:
        return {
            "reopened": self.reopened,
            "n": self.repaired,
            "value": rounded(self.reopen_rate, places=4),
            "shown": shown_percent(self.reopen_rate),
        }


def build_ledger(facts: LedgerInput) -> Ledger:
    """Work out every measure from the facts."""
    sessions = ordered_sessions(facts)
    reopened, repaired = reopened_and_repaired(facts)
    return Ledger(
        couple=facts.couple,
        variant=facts.variant,
        sessions=tuple((s.number, facts.local_date(s.starts_at)) for s in sessions),
        ruptures=tuple(_rupture_row(rupture) for rupture in facts.ruptures),
        episodes=episode_rows(facts),
        ratio_last=repair_ratio(facts, last=LAST_SESSIONS_FOR_RATIO),
        ratio_course=repair_ratio(facts, last=None),
        session_rows=session_rows(facts),
        reopened=reopened,
        repaired=repaired,
        trends=tuple(defensiveness_trend(facts, partner=partner) for partner in facts.partners),
        recoveries=tuple(
            (
                s.number,
                tuple((p, recovery(facts, partner=p, session=s.number)) for p in facts.partners),
            )
            for s in sessions
        ),
        gaps=tuple((s.number, safety_gap(facts, session=s.number)) for s in sessions),
        windows=_window_tolerance(facts),
    )


def _median(values: Sequence[int]) -> float | None:
    """A whole median stays a whole number, so that JSON says 21 and not 21.0."""
    if not values:
        return None
    middle = median(values)
    return int(middle) if middle == int(middle) else middle


def _window_tolerance(facts: LedgerInput) -> WindowTolerance:
    started = sorted(
        (run for run in facts.windows if run.end_state != "not_started"), key=lambda run: run.date
    )
    calm = [r for r in started if r.end_state == "completed" and r.first_pause_s is None]
    pauses = tuple(run.first_pause_s for run in started if run.first_pause_s is not None)
    return WindowTolerance(len(started), len(calm), pauses)


def _rupture_row(rupture: RuptureFacts) -> LedgerRupture:
    state = rupture.state
    return LedgerRupture(
        ref=rupture.ref,
        significance=rupture.significance,
        visibility=rupture.visibility,
        status=state.status.value if state.status else None,
        episode=state.episode,
        merged=state.merged,
        merged_into=state.merged_into,
        split_from=state.split_from,
    )


def _rupture_json(row: LedgerRupture) -> dict[str, Any]:
    told: dict[str, Any] = {
        "ref": row.ref,
        "significance": row.significance,
        "visibility": row.visibility,
        "status": "merged" if row.merged else row.status,
        "episode": row.episode,
    }
    links = {"merged_into": row.merged_into, "split_from": row.split_from}
    return told | {key: ref for key, ref in links.items() if ref is not None}


def _windows_json(windows: WindowTolerance) -> dict[str, Any]:
    value = Fraction(windows.without_pause, windows.started) if windows.started else None
    return {
        "started": windows.started,
        "without_pause": windows.without_pause,
        "value": rounded(value, places=4),
        "shown": shown_percent(value),
        "first_pauses_s": list(windows.first_pauses_s),
    }
