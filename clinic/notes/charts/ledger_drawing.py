"""The ledger's other charts scaled onto paper: lines, steps and dots. Pure.

Units are those of the picture's view box. No words and no colours here: codes, which the page
translates and the style sheet paints. Source: domain 2.5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from clinic.notes.charts.scales import FOOT, HEAD, SMALL, Across, Frame, TickDrawn, ticks_of
from clinic.notes.charts.shapes import DotChart, LinesChart, StepChart


@dataclass(frozen=True, slots=True)
class PointDrawn:
    """One rating."""

    x: float
    y: float
    value: int


@dataclass(frozen=True, slots=True)
class LineDrawn:
    """One measure: runs as point lists (a gap parts two), points, and where its name stands."""

    measure: str
    runs: tuple[str, ...]
    points: tuple[PointDrawn, ...]
    label_x: float
    label_y: float


@dataclass(frozen=True, slots=True)
class PartnerDrawn:
    """One partner's lines (chart 2)."""

    partner: str
    width: float
    height: float
    top: float
    floor: float
    left: float
    right: float
    guide_y: float
    guide: int
    ticks: tuple[TickDrawn, ...]
    lines: tuple[LineDrawn, ...]


PLOT_HEIGHT = 190.0


def draw_partner(chart: LinesChart, *, partner: str, frame: Frame = SMALL) -> PartnerDrawn:
    """Lay one partner's lines out."""
    across = frame.across(chart.axis)
    top, floor = HEAD + 4, HEAD + 4 + PLOT_HEIGHT

    def down(value: float) -> float:
        return round(floor - value / 10 * PLOT_HEIGHT, 1)

    lines = [
        _line(line.measure, line.runs, across, down)
        for line in chart.lines
        if line.partner == partner and line.runs
    ]
    return PartnerDrawn(
        partner=partner,
        width=round(across.end + frame.right, 1),
        height=floor + FOOT,
        top=top,
        floor=floor,
        left=across.left,
        right=across.end,
        guide_y=down(chart.guide),
        guide=chart.guide,
        ticks=ticks_of(chart.axis, across),
        lines=tuple(_apart(lines)),
    )


def _line(
    measure: str,
    runs: Iterable[Sequence[tuple[float, int]]],
    across: Across,
    down: Callable[[float], float],
) -> LineDrawn:
    points = [PointDrawn(across(x), down(value), value) for run in runs for x, value in run]
    drawn = [" ".join(f"{across(x)},{down(value)}" for x, value in run) for run in runs]
    last = points[-1]
    return LineDrawn(measure, tuple(drawn), tuple(points), last.x, last.y)


def _apart(lines: Sequence[LineDrawn]) -> list[LineDrawn]:
    """Names at the lines' ends, moved so that none covers another."""
    placed: list[LineDrawn] = []
    for line in sorted(lines, key=lambda one: one.label_y):
        y = line.label_y if not placed else max(line.label_y, placed[-1].label_y + 14)
        placed.append(LineDrawn(line.measure, line.runs, line.points, line.label_x, round(y, 1)))
    return placed


@dataclass(frozen=True, slots=True)
class StepDrawn:
    """Open ruptures and load (chart 3)."""

    width: float
    height: float
    floor: float
    left: float
    right: float
    open: str
    load: str
    levels: tuple[tuple[float, int], ...]
    ticks: tuple[TickDrawn, ...]


def draw_steps(chart: StepChart, *, frame: Frame = SMALL) -> StepDrawn:
    """Lay the steps out; the last value holds to the end of the axis."""
    across = frame.across(chart.axis)
    plot, highest = 130.0, max(chart.highest, 2)
    floor = HEAD + plot

    def points(corners: Sequence[tuple[float, int]]) -> str:
        return " ".join(f"{across(x)},{round(floor - v / highest * plot, 1)}" for x, v in corners)

    step = max(1, -(-highest // 4))
    return StepDrawn(
        width=round(across.end + frame.right, 1),
        height=floor + FOOT,
        floor=floor,
        left=across.left,
        right=across.end,
        open=points(chart.open),
        load=points(chart.load),
        levels=tuple(
            (round(floor - v / highest * plot, 1), v) for v in range(0, highest + 1, step)
        ),
        ticks=ticks_of(chart.axis, across),
    )


@dataclass(frozen=True, slots=True)
class DotDrawn:
    """One repaired episode."""

    x: float
    y: float
    days: int
    ref: str
    episode: int


@dataclass(frozen=True, slots=True)
class DotsDrawn:
    """Days to repair (chart 5)."""

    width: float
    height: float
    floor: float
    left: float
    right: float
    dots: tuple[DotDrawn, ...]
    levels: tuple[tuple[float, int], ...]
    median_x: float | None


def draw_dots(chart: DotChart, *, median: float | None, frame: Frame = SMALL) -> DotsDrawn:
    """Lay the dots out over days."""
    longest = max(chart.length, 7)
    step = next(s for s in (7, 14, 28, 56, 112, 365, 3650) if longest / s <= 6)
    length = -(-longest // step) * step
    across = Across(frame.left, frame.width - frame.left - frame.right, float(length))
    rows = max((dot.y for dot in chart.dots), default=0)
    floor = HEAD + 56.0 + rows * 34
    return DotsDrawn(
        width=frame.width,
        height=floor + FOOT,
        floor=floor,
        left=across.left,
        right=across.end,
        dots=tuple(
            DotDrawn(across(dot.x), floor - 14 - dot.y * 34, dot.x, dot.ref, dot.episode)
            for dot in chart.dots
        ),
        levels=tuple((across(v), v) for v in range(0, length + 1, step)),
        median_x=None if median is None else across(median),
    )
