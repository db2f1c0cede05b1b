"""A measure over time scaled onto paper. Pure.

Units are those of the picture's view box; the page adds words, the style sheet the paint.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from clinic.notes.charts.questionnaire_chart import MeasureChart, MeasurePoint
from clinic.notes.charts.scales import TICK_ROOM, Across, Frame
from clinic.notes.charts.shapes import Tick
from clinic.notes.ledger.figure_json import shown

ROOM = Frame(360.0, 38.0, 22.0)
HEAD, FOOT, SESSION_FOOT = 20.0, 26.0, 44.0
PLOT_HEIGHT = 150.0
EDGE = 14.0
"""The first and the last response stand so far inside the frame."""
LEVEL_ROOM = 13.0
"""Numbers at the side stand at least this far apart; a cut-off goes before an end."""


@dataclass(frozen=True, slots=True)
class ScoreDrawn:
    """One score with the words beside it."""

    x: float
    y: float
    words: str
    on: date


@dataclass(frozen=True, slots=True)
class DayDrawn:
    """A day under the axis, with its session if it is one; `labelled` when there is room."""

    x: float
    on: date
    session: int | None
    labelled: bool


@dataclass(frozen=True, slots=True)
class MeasureDrawn:
    """One measure (chart 6)."""

    width: float
    height: float
    top: float
    floor: float
    left: float
    right: float
    levels: tuple[tuple[float, str], ...]
    cuts: tuple[tuple[float, str], ...]
    band: tuple[float, float] | None
    """Where the band begins from the top, and how high it is."""
    runs: tuple[str, ...]
    scores: tuple[ScoreDrawn, ...]
    days: tuple[DayDrawn, ...]


def draw_measure(chart: MeasureChart, *, frame: Frame = ROOM) -> MeasureDrawn:
    """Lay one measure out."""
    inner = frame.width - frame.left - frame.right - 2 * EDGE
    across = Across(frame.left + EDGE, inner, max(chart.length, 1.0))
    floor = HEAD + PLOT_HEIGHT
    whole = chart.highest - chart.lowest or Fraction(1)

    def down(value: Fraction) -> float:
        return round(floor - float((value - chart.lowest) / whole) * PLOT_HEIGHT, 1)

    cuts = tuple((down(one.value), shown(one.value, places=2)) for one in chart.cut_offs)
    return MeasureDrawn(
        width=frame.width,
        height=floor + (SESSION_FOOT if chart.ticks else FOOT),
        top=HEAD,
        floor=floor,
        left=frame.left,
        right=frame.width - frame.right,
        levels=_levels(chart, cuts, down),
        cuts=cuts,
        band=_band(chart, down),
        runs=tuple(_runs(chart.points, across, down)),
        scores=tuple(
            ScoreDrawn(across(one.x), down(one.value), shown(one.value, places=2), one.on)
            for one in chart.points
            if one.value is not None
        ),
        days=_days(chart.ticks or chart.points, across),
    )


def _levels(
    chart: MeasureChart, cuts: tuple[tuple[float, str], ...], down: Callable[[Fraction], float]
) -> tuple[tuple[float, str], ...]:
    ends = ((down(end), shown(end, places=2)) for end in (chart.lowest, chart.highest))
    return tuple(
        (y, words) for y, words in ends if all(abs(y - cut) >= LEVEL_ROOM for cut, _words in cuts)
    )


def _band(chart: MeasureChart, down: Callable[[Fraction], float]) -> tuple[float, float] | None:
    if chart.band is None:
        return None
    top, end = down(chart.band[1]), down(chart.band[0])
    return top, round(end - top, 1)


def _runs(
    points: tuple[MeasurePoint, ...], across: Across, down: Callable[[Fraction], float]
) -> list[str]:
    """The line as point lists, parted where a total is missing."""
    runs: list[list[str]] = [[]]
    for one in points:
        if one.value is None:
            runs.append([])
        else:
            runs[-1].append(f"{across(one.x)},{down(one.value)}")
    return [" ".join(run) for run in runs if len(run) > 1]


def _days(
    places: tuple[Tick, ...] | tuple[MeasurePoint, ...], across: Across
) -> tuple[DayDrawn, ...]:
    drawn: list[DayDrawn] = []
    last = float("-inf")
    for one in places:
        x = across(one.x)
        labelled = x - last >= TICK_ROOM
        last = x if labelled else last
        session = one.session if isinstance(one, Tick) else None
        drawn.append(DayDrawn(x, one.on, session, labelled))
    return tuple(drawn)
