"""A Transparency Window scaled onto paper. Pure.

Units are those of the picture's view box; the page adds words, the style sheet the paint.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from clinic.notes.charts.ledger_drawing import PointDrawn
from clinic.notes.charts.scales import FOOT, SMALL, Across, Frame
from clinic.notes.charts.window_chart import Trace, WindowChart
from clinic.notes.rules.transparency_window import clock_text, window_rules

HEAD = 26.0
PLOT_HEIGHT = 170.0
LABEL_GAP = 14.0
HIGHEST = 10


@dataclass(frozen=True, slots=True)
class TraceDrawn:
    """One partner's line: stretches as point lists, its points, and where its letter stands."""

    person: str
    place: int
    """0 for the first partner, 1 for the second: how the line is drawn."""
    stretches: tuple[str, ...]
    points: tuple[PointDrawn, ...]
    label_x: float
    label_y: float


@dataclass(frozen=True, slots=True)
class PauseDrawn:
    """The two strokes of a pause, with its time."""

    x: float
    time: str
    because: str | None


@dataclass(frozen=True, slots=True)
class WindowDrawn:
    """One window (chart 8)."""

    width: float
    height: float
    top: float
    floor: float
    left: float
    right: float
    limit: int
    limit_y: float
    levels: tuple[tuple[float, int], ...]
    ticks: tuple[tuple[float, str], ...]
    traces: tuple[TraceDrawn, ...]
    pauses: tuple[PauseDrawn, ...]
    ended_x: float | None
    """Where it was ended before its time; None where the time was used."""


def draw_window(
    chart: WindowChart, *, places: tuple[str, ...], frame: Frame = SMALL
) -> WindowDrawn:
    """Lay one window out; `places` are all partners, so that each keeps their kind of line."""
    inner = frame.width - frame.left - frame.right
    across = Across(frame.left, inner, float(chart.duration_s))
    floor = HEAD + PLOT_HEIGHT

    def down(value: float) -> float:
        return round(floor - value / HIGHEST * PLOT_HEIGHT, 1)

    traces = [
        _trace(one, places.index(one.person), across, down) for one in chart.traces if one.stretches
    ]
    return WindowDrawn(
        width=frame.width,
        height=floor + FOOT,
        top=HEAD,
        floor=floor,
        left=across.left,
        right=across.end,
        limit=chart.limit,
        limit_y=down(chart.limit),
        levels=tuple((down(v), v) for v in (0, chart.limit, HIGHEST)),
        ticks=tuple((across(t_s), clock_text(t_s)) for t_s in window_rules().prompts_s),
        traces=tuple(_apart(traces)),
        pauses=tuple(
            PauseDrawn(across(one.at_s), clock_text(one.at_s), one.because) for one in chart.pauses
        ),
        ended_x=across(chart.ended_s) if chart.ended_s < chart.duration_s else None,
    )


def _trace(trace: Trace, place: int, across: Across, down: Callable[[float], float]) -> TraceDrawn:
    points = [PointDrawn(across(t), down(v), v) for run in trace.stretches for t, v in run]
    drawn = [" ".join(f"{across(t)},{down(v)}" for t, v in run) for run in trace.stretches]
    last = points[-1]
    return TraceDrawn(trace.person, place, tuple(drawn), tuple(points), last.x, last.y)


def _apart(traces: list[TraceDrawn]) -> list[TraceDrawn]:
    """Letters at the lines' ends, moved so that none covers another."""
    placed: list[TraceDrawn] = []
    for one in sorted(traces, key=lambda trace: trace.label_y):
        near = placed and placed[-1].label_x == one.label_x
        y = max(one.label_y, placed[-1].label_y + LABEL_GAP) if near else one.label_y
        placed.append(
            TraceDrawn(one.person, one.place, one.stretches, one.points, one.label_x, round(y, 1))
        )
    return placed
