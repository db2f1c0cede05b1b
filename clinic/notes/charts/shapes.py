"""The shapes the ledger's charts are made of, in abstract units, with the table beside each.

A renderer scales and draws them and needs nothing else. Source: domain 2.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

A_DAY_ALONE = 1 / 7
"""What a day is beside the one session there is: as if sessions were a week apart."""


@dataclass(frozen=True, slots=True)
class Table:
    """The table beside a chart. `head` holds codes for the view to translate."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on the axis with its session number and date."""

    x: float
    session: int
    on: date


@dataclass(frozen=True, slots=True)
class Axis:
    """The way across: `kind` is `session` or `date`; x runs from 0 to `length`."""

    kind: str
    length: float
    ticks: tuple[Tick, ...]

    def at_session(self, number: int) -> float:
        """The x of a session."""
        return next(tick.x for tick in self.ticks if tick.session == number)

    def at_day(self, on: date) -> float:
        """The x of a day: between two sessions its share of the way, held inside the axis."""
        if not self.ticks or on <= self.ticks[0].on:
            return 0.0
        for before, after in pairwise(self.ticks):
            if on <= after.on:
                share = (on - before.on).days / max((after.on - before.on).days, 1)
                return before.x + share * (after.x - before.x)
        return self.length

    def beyond(self, on: date) -> float:
        """The x of a day, before the first and after the last session at their usual distance."""
        if not self.ticks:
            return 0.0
        first, last = self.ticks[0], self.ticks[-1]
        a_day = self.length / ((last.on - first.on).days or 1) or A_DAY_ALONE
        early, late = min((on - first.on).days, 0), max((on - last.on).days, 0)
        return self.at_day(on) + (early + late) * a_day


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of a lane in one status; `seam` marks what has been repaired."""

    x0: float
    x1: float
    status: str
    episode: int
    seam: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """A repair attempt on a lane; `fill` is full, half, empty or crossed."""

    x: float
    receipt: str
    fill: str
    by: str
    at_home: bool


@dataclass(frozen=True, slots=True)
class Notch:
    """Where a rupture opened again."""

    x: float
    episode: int
    reason: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One rupture across the sessions, `y` counted from the top."""

    ref: str
    y: int
    bands: tuple[Band, ...]
    marks: tuple[Mark, ...]
    notches: tuple[Notch, ...]


@dataclass(frozen=True, slots=True)
class LanesChart:
    """Rupture trajectories (chart 1)."""

    axis: Axis
    lanes: tuple[Lane, ...]
    table: Table


@dataclass(frozen=True, slots=True)
class Line:
    """One partner's measure as runs of neighbouring points; a gap parts two runs."""

    partner: str
    measure: str
    runs: tuple[tuple[tuple[float, int], ...], ...]


@dataclass(frozen=True, slots=True)
class LinesChart:
    """Ratings at the end of sessions (chart 2), with the line at 5."""

    axis: Axis
    lines: tuple[Line, ...]
    guide: int
    table: Table


@dataclass(frozen=True, slots=True)
class StepChart:
    """Open ruptures and load (chart 3); each series is the corners of its steps."""

    axis: Axis
    open: tuple[tuple[float, int], ...]
    load: tuple[tuple[float, int], ...]
    highest: int
    table: Table


@dataclass(frozen=True, slots=True)
class Cell:
    """How often an act of a partner met with a receipt; `x` and `y` count cells."""

    x: int
    y: int
    count: int


@dataclass(frozen=True, slots=True)
class MatrixChart:
    """What lands (chart 4): acts down, receipts across, for one partner."""

    partner: str
    acts: tuple[str, ...]
    receipts: tuple[str, ...]
    cells: tuple[Cell, ...]
    table: Table


@dataclass(frozen=True, slots=True)
class Dot:
    """One repaired episode; dots with the same days are stacked by `y`."""

    x: int
    y: int
    ref: str
    episode: int


@dataclass(frozen=True, slots=True)
class DotChart:
    """Days to repair (chart 5); `median_x` is None where nothing was repaired yet."""

    dots: tuple[Dot, ...]
    open: tuple[tuple[str, int, date], ...]
    length: int
    table: Table
