"""A chart as a picture on paper, with the table beside it and its key. Pure. Source: domain 2.5."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from clinic.notes.charts import svg
from clinic.notes.charts.svg import Mark, Point, Words

Number = float | Fraction


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear scale from values onto paper: `low` lies at `start`, `high` at `end`."""

    low: Number
    high: Number
    start: float
    end: float

    def __call__(self, value: Number) -> float:
        """Return where `value` lies, to a tenth of a unit."""
        share = float((value - self.low) / (self.high - self.low or 1))
        return round(self.start + share * (self.end - self.start), 1)

    @property
    def ends(self) -> tuple[float, float]:
        """Return where the scale begins and ends on paper."""
        return self.start, self.end


@dataclass(frozen=True, slots=True)
class Table:
    """The table beside a picture. `head` holds codes for the page to translate."""

    head: tuple[str, ...]
    rows: tuple[tuple[str | date, ...], ...]


@dataclass(frozen=True, slots=True)
class Key:
    """An entry of a picture's key: what it explains, and the class and marks of its sample."""

    of: str
    css: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart: its class and size, its marks from back to front, its table and its key."""

    css: str
    width: float
    height: float
    marks: tuple[Mark, ...]
    table: Table
    key: tuple[Key, ...] = ()


def lines_with_dots(
    runs: Sequence[Sequence[tuple[float, int]]],
    *,
    scale: Scale,
    height: Scale,
    dot: Callable[[Point], Mark],
    title: Words,
) -> list[Mark]:
    """Return a line for each run of values and a dot for each value, which its title ends with."""
    lines = [svg.polyline("", [(scale(x), height(value)) for x, value in run]) for run in runs]
    dots = [
        svg.group("dot", dot((scale(x), height(value))), title=(*title, value))
        for run in runs
        for x, value in run
    ]
    return [*lines, *dots]
