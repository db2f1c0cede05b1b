"""From the axis of a chart onto paper: frames, scales, and which words have room under it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from clinic.notes.charts.shapes import Axis

HEAD = 10.0
FOOT = 44.0
TICK_ROOM = 38.0
"""Labels of the axis stand at least this far apart; those between are left out."""


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
