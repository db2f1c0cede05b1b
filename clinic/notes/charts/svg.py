"""SVG elements as plain values, and short ways to make them. Pure.

Lengths are in units of a picture's view box. Marks hold no colours, and no words but codes: the
style sheet paints by class, `templates/notes/record/_picture.html` translates and writes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

Point = tuple[float, float]
Words = tuple[str | int | date, ...]
"""What the page writes in the reader's language: a code, then the values it speaks of."""


@dataclass(frozen=True, slots=True)
class Mark:
    """An SVG element, as its name and attributes; a group holds other marks and may have a title.

    `words` is text as it stands, or a code for the page to translate.
    """

    shape: str
    attributes: Mapping[str, float | str] = field(default_factory=dict)
    words: str | Words = ""
    title: Words = ()
    marks: tuple[Mark, ...] = ()


def horizontal(css: str, x: Point, y: float) -> Mark:
    """Return a line from `x[0]` to `x[1]` at the height `y`."""
    return Mark("line", _of(css) | {"x1": x[0], "x2": x[1], "y1": y, "y2": y})


def vertical(css: str, x: float, y: Point) -> Mark:
    """Return a line at `x` from `y[0]` to `y[1]`."""
    return Mark("line", _of(css) | {"x1": x, "x2": x, "y1": y[0], "y2": y[1]})


def rect(css: str, corner: Point, width: float, height: float, **more: float | str) -> Mark:
    """Return a rectangle from its upper left corner."""
    x, y = corner
    return Mark("rect", _of(css) | {"x": x, "y": y, "width": width, "height": height} | more)


def circle(css: str, centre: Point, radius: float) -> Mark:
    """Return a circle."""
    return Mark("circle", _of(css) | {"cx": centre[0], "cy": centre[1], "r": radius})


def path(css: str, d: str) -> Mark:
    """Return a path."""
    return Mark("path", _of(css) | {"d": d})


def polyline(css: str, points: Iterable[Point]) -> Mark:
    """Return a line through points."""
    return Mark("polyline", _of(css) | {"points": " ".join(f"{x},{y}" for x, y in points)})


def text(css: str, at: Point, words: str | Words, *, anchor: str = "") -> Mark:
    """Return words on their baseline; `anchor` is middle or end, else they begin there."""
    anchored = {"text-anchor": anchor} if anchor else {}
    return Mark("text", _of(css) | {"x": at[0], "y": at[1]} | anchored, words)


def group(css: str, *marks: Mark, title: Words = ()) -> Mark:
    """Return marks as a group, with the title that is shown on pointing at it."""
    return Mark("g", _of(css), title=title, marks=marks)


def level_number(left: float, y: float, words: str | Words) -> Mark:
    """Return a number beside the vertical axis."""
    return text("y-no", (left - 8, y + 4), words, anchor="end")


def _of(css: str) -> dict[str, float | str]:
    return {"class": css} if css else {}
