"""Measures as JSON values and as figures for people: a dash where there is nothing to show."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from clinic.notes.ledger.ledger_figures import NOTHING_TO_SHOW, EpisodeRow, Ratio, Trend, rounded


def shown(value: float | Fraction | None, *, places: int = 3) -> str:
    """A number for people, a dash where there is none; blank is not nought."""
    if value is None:
        return NOTHING_TO_SHOW
    text = f"{rounded(Fraction(value), places=places):.{places}f}"
    trimmed = text.rstrip("0").rstrip(".") if "." in text else text
    return trimmed.replace("-", "−")


def shown_percent(value: Fraction | None) -> str:
    """A share as a percentage with one decimal, a dash where there is none."""
    if value is None:
        return NOTHING_TO_SHOW
    return f"{rounded(value * 100, places=1):.1f}%"


def episode_json(row: EpisodeRow) -> dict[str, Any]:
    """An episode, "open since" while it lasts."""
    told: dict[str, Any] = {
        "rupture": row.rupture,
        "episode": row.episode,
        "opened": {"date": row.opened.isoformat(), "session": row.opened_session},
    }
    if row.reason:
        told["reason"] = row.reason
    if row.ended is None or row.ended_on is None:
        return told | {"open_since": row.opened.isoformat()}
    told[row.ended] = {"date": row.ended_on.isoformat(), "session": row.ended_session}
    if row.days is not None:
        told |= {"days": row.days, "sessions": row.sessions}
    return told


def ratio_json(ratio: Ratio) -> dict[str, Any]:
    """A repair ratio with its n."""
    return {
        "received": ratio.received,
        "partly": ratio.partly,
        "n": ratio.n,
        "value": rounded(ratio.value, places=4),
        "shown": shown_percent(ratio.value),
    }


def trend_json(trend: Trend) -> dict[str, Any]:
    """A slope with the number of its points."""
    return {
        "slope": rounded(trend.slope, places=3),
        "n": trend.n,
        "shown": NOTHING_TO_SHOW if trend.slope is None else shown(trend.slope),
    }
