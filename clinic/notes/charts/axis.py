"""The horizontal axis of a chart: the couple's sessions, by number or by date. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from clinic.notes.charts import svg
from clinic.notes.charts.picture import Scale
from clinic.notes.charts.svg import Mark, Point
from clinic.notes.ledger.ledger_facts import LedgerInput
from clinic.notes.ledger.ledger_figures import ordered_sessions

HEAD = 10.0
"""What is left free above a chart."""
FOOT = 44.0
"""What the numbers and dates below an axis take."""
LABEL_WIDTH = 38.0
"""Labels of the axis stand at least this far apart; those between are left out."""
DAY_WITHOUT_NEIGHBOUR = 1 / 7
"""What a day is beside the one session there is: as if sessions were a week apart."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on the axis with its date, and its session number where it is one."""

    x: float
    session: int | None
    on: date


@dataclass(frozen=True, slots=True)
class Axis:
    """Sessions from 0 to `length`: one unit each for the kind `session`, one a day for `date`."""

    kind: str
    length: float
    ticks: tuple[Tick, ...]

    def at(self, session: int | None, on: date) -> float:
        """Return the x of a session, or of the day where it was in none of these sessions."""
        return next((tick.x for tick in self.ticks if tick.session == session), self.at_day(on))

    def at_day(self, on: date) -> float:
        """Return the x of a day: between two sessions its share, never beyond the ends."""
        if not self.ticks or on <= self.ticks[0].on:
            return 0.0
        for before, after in pairwise(self.ticks):
            if on <= after.on:
                share = (on - before.on).days / max((after.on - before.on).days, 1)
                return before.x + share * (after.x - before.x)
        return self.length

    def beyond(self, on: date) -> float:
        """Return the x of a day, also before the first and after the last session."""
        if not self.ticks:
            return 0.0
        first, last = self.ticks[0], self.ticks[-1]
        a_day = self.length / ((last.on - first.on).days or 1) or DAY_WITHOUT_NEIGHBOUR
        early, late = min((on - first.on).days, 0), max((on - last.on).days, 0)
        return self.at_day(on) + (early + late) * a_day


@dataclass(frozen=True, slots=True)
class Frame:
    """The paper of a chart: its width, the margins at both sides, the least width of a session."""

    width: float
    left: float
    right: float
    per_session: float = 30.0

    def scale(self, axis: Axis) -> Scale:
        """Return the scale of this axis; wider than the frame when there are many sessions."""
        wanted = self.per_session * max(len(axis.ticks) - 1, 1)
        inner = max(self.width - self.left - self.right, wanted)
        return Scale(0.0, max(axis.length, 1.0), self.left, self.left + inner)


WIDE = Frame(980.0, 76.0, 84.0, 40.0)
NARROW = Frame(292.0, 42.0, 34.0, 28.0)
SMALL = Frame(360.0, 30.0, 22.0, 14.0)


def axis_of(facts: LedgerInput, *, kind: str = "session") -> Axis:
    """Return the axis by session (one unit each) or by date (one unit a day)."""
    sessions = ordered_sessions(facts)
    if not sessions:
        return Axis(kind, 0.0, ())
    days = [facts.local_date(session.starts_at) for session in sessions]
    ticks = tuple(
        Tick(float(place) if kind == "session" else float((on - days[0]).days), one.number, on)
        for place, (one, on) in enumerate(zip(sessions, days, strict=True))
    )
    return Axis(kind, ticks[-1].x, ticks)


def axis_mark(ticks: Iterable[Tick], scale: Scale, *, ends: Point, baseline: float) -> Mark:
    """Return the axis at the height `baseline`, with labels where they do not overlap."""
    marks = [svg.horizontal("", ends, baseline)]
    last = float("-inf")
    for tick in ticks:
        x = scale(tick.x)
        marks.append(svg.vertical("", x, (baseline, baseline + 5)))
        if x - last >= LABEL_WIDTH:
            last = x
            marks += _labels(tick, x, baseline)
    return svg.group("axis", *marks)


def _labels(tick: Tick, x: float, baseline: float) -> list[Mark]:
    day = ("day", tick.on)
    if tick.session is None:
        return [svg.text("tick-day", (x, baseline + 19), day, anchor="middle")]
    return [
        svg.text("tick-no", (x, baseline + 19), str(tick.session), anchor="middle"),
        svg.text("tick-day", (x, baseline + 35), day, anchor="middle"),
    ]
