"""The ledger's charts scaled onto paper: plain numbers for the templates to print as SVG.

Units are those of the picture's view box. No words and no colours here: codes, which the page
translates and the style sheet paints. Source: domain 2.5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from clinic.notes.chart_shapes import (
    Axis,
    DotChart,
    Lane,
    LanesChart,
    LinesChart,
    StepChart,
)

LANE_HEIGHT = 76.0
HEAD = 10.0
FOOT = 44.0
TICK_ROOM = 38.0
"""Labels of the axis stand at least this far apart; those between are left out."""
MARK_ROOM = 17.0
_UNEVEN = (-1.6, 1.9, -0.6, 1.2, -2.1, 0.9, -1.1, 2.2, -0.3, 1.4)


@dataclass(frozen=True, slots=True)
class Frame:
    """The room a chart has: its width, what is kept free at both sides, and room per session."""

    width: float
    left: float
    right: float
    per_session: float = 30.0

    def across(self, axis: Axis) -> Across:
        """The scale from the axis onto this frame; wider when there are many sessions."""
        wanted = self.per_session * max(len(axis.ticks) - 1, 1)
        inner = max(self.width - self.left - self.right, wanted)
        return Across(self.left, inner, max(axis.length, 1.0), self.right * 0.75)


@dataclass(frozen=True, slots=True)
class Across:
    """A scale from 0..length onto left..left+inner."""

    left: float
    inner: float
    length: float
    tail: float = 0.0
    """How far the last state of a lane is drawn beyond the end."""

    def __call__(self, x: float) -> float:
        """Where `x` stands on paper."""
        return round(self.left + x / self.length * self.inner, 1)

    @property
    def end(self) -> float:
        """Where the scale ends."""
        return self.left + self.inner


WIDE = Frame(980.0, 76.0, 84.0, 40.0)
NARROW = Frame(292.0, 42.0, 34.0, 28.0)
SMALL = Frame(360.0, 30.0, 22.0, 14.0)


@dataclass(frozen=True, slots=True)
class TickDrawn:
    """A session on the axis; `labelled` when there is room for its words."""

    x: float
    session: int
    on: date
    labelled: bool


@dataclass(frozen=True, slots=True)
class BandDrawn:
    """A stretch of a lane."""

    x: float
    width: float
    middle: float
    status: str
    episode: int
    seam: bool
    has_room: bool
    """Whether its status can be written under it."""
    vein: str
    """The mended line as a point list, a little uneven as such lines are."""


@dataclass(frozen=True, slots=True)
class MarkDrawn:
    """A repair attempt."""

    x: float
    y: float
    receipt: str
    fill: str
    by: str
    at_home: bool


@dataclass(frozen=True, slots=True)
class NotchDrawn:
    """Where a rupture opened again, as the corners of the cut."""

    x: float
    points: str
    episode: int
    reason: str


@dataclass(frozen=True, slots=True)
class LaneDrawn:
    """One rupture: its line is at `y`, its marks above it, its words below."""

    ref: str
    y: float
    top: float
    bands: tuple[BandDrawn, ...]
    marks: tuple[MarkDrawn, ...]
    notches: tuple[NotchDrawn, ...]


@dataclass(frozen=True, slots=True)
class LanesDrawn:
    """Rupture trajectories (chart 1)."""

    width: float
    height: float
    floor: float
    left: float
    right: float
    ticks: tuple[TickDrawn, ...]
    lanes: tuple[LaneDrawn, ...]


def draw_lanes(chart: LanesChart, *, frame: Frame) -> LanesDrawn:
    """Lay the lanes out."""
    across = frame.across(chart.axis)
    floor = HEAD + LANE_HEIGHT * max(len(chart.lanes), 1)
    return LanesDrawn(
        width=round(across.end + frame.right, 1),
        height=floor + FOOT,
        floor=floor,
        left=across.left,
        right=across.end,
        ticks=ticks_of(chart.axis, across),
        lanes=tuple(_lane(lane, across) for lane in chart.lanes),
    )


def ticks_of(axis: Axis, across: Across) -> tuple[TickDrawn, ...]:
    """The sessions on the axis, words only where they do not run into each other."""
    drawn: list[TickDrawn] = []
    last = float("-inf")
    for tick in axis.ticks:
        x = across(tick.x)
        labelled = x - last >= TICK_ROOM or not drawn
        last = x if labelled else last
        drawn.append(TickDrawn(x, tick.session, tick.on, labelled))
    return tuple(drawn)


def _lane(lane: Lane, across: Across) -> LaneDrawn:
    top = HEAD + LANE_HEIGHT * lane.y
    y = top + LANE_HEIGHT * 0.58
    bands = []
    for place, band in enumerate(lane.bands, start=1):
        x0, x1 = across(band.x0), across(band.x1)
        if place == len(lane.bands) and x1 >= across.end:
            x1 += across.tail  # what stands now goes on past the last session
        width = max(x1 - x0, 3.0)
        room = width >= 6.2 * len(band.status) + 6
        middle = round(x0 + width / 2, 1)
        bands.append(
            BandDrawn(
                x=x0,
                width=round(width, 1),
                middle=middle,
                status=band.status,
                episode=band.episode,
                seam=band.seam,
                has_room=room,
                vein=_vein(x0, x0 + width, y) if band.seam else "",
            )
        )
    notches = [
        NotchDrawn(across(n.x), _cut(across(n.x), y), n.episode, n.reason) for n in lane.notches
    ]
    return LaneDrawn(lane.ref, y, top, tuple(bands), _marks(lane, across, y), tuple(notches))


def _vein(x0: float, x1: float, y: float) -> str:
    points, at = [(x0, y)], x0
    for place in range(int((x1 - x0) // 20)):
        at += (16.0, 29.0, 21.0, 25.0)[place % 4]
        if at < x1 - 8:
            points.append((at, y + _UNEVEN[place % len(_UNEVEN)]))
    points.append((x1, y))
    return " ".join(f"{round(a, 1)},{round(b, 1)}" for a, b in points)


def _cut(x: float, y: float) -> str:
    corners = ((x - 6, y - 9), (x, y + 1), (x + 6, y - 9))
    return " ".join(f"{round(a, 1)},{round(b, 1)}" for a, b in corners)


def _marks(lane: Lane, across: Across, y: float) -> tuple[MarkDrawn, ...]:
    """Marks at one place stand beside each other."""
    drawn = []
    taken: dict[float, int] = {}
    for mark in lane.marks:
        x = across(mark.x)
        beside = taken.get(x, 0)
        taken[x] = beside + 1
        shifted = round(x + beside * MARK_ROOM, 1)
        drawn.append(MarkDrawn(shifted, y - 25, mark.receipt, mark.fill, mark.by, mark.at_home))
    return tuple(drawn)


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
