"""The lanes of the ledger scaled onto paper: bands, the mended line, marks, notches. Pure.

Units are those of the picture's view box. No words and no colours here: codes, which the page
translates and the style sheet paints. Source: domain 2.5.
"""

from __future__ import annotations

from dataclasses import dataclass

from clinic.notes.charts.scales import FOOT, HEAD, Across, Frame, TickDrawn, ticks_of
from clinic.notes.charts.shapes import Lane, LanesChart

LANE_HEIGHT = 76.0
MARK_ROOM = 17.0
_UNEVEN = (-1.6, 1.9, -0.6, 1.2, -2.1, 0.9, -1.1, 2.2, -0.3, 1.4)


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
