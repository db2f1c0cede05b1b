"""Chart 3: open ruptures and their load after each session; a value holds until the next. Pure.

Source: domain 2.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from clinic.notes.charts import svg
from clinic.notes.charts.axis import FOOT, HEAD, SMALL, Frame, axis_mark, axis_of
from clinic.notes.charts.picture import Picture, Scale, Table
from clinic.notes.charts.svg import Point
from clinic.notes.ledger.ledger_facts import LedgerInput
from clinic.notes.ledger.ledger_figures import session_rows

FLOOR = HEAD + 130.0


def open_ruptures(
    facts: LedgerInput, *, axis_kind: str = "session", frame: Frame = SMALL
) -> Picture:
    """Return the steps of both figures; `load` is the summed significance of the open ones."""
    rows = session_rows(facts)
    axis = axis_of(facts, kind=axis_kind)
    highest = max([2, *(row.load for row in rows), *(row.open for row in rows)])
    scale, height = frame.scale(axis), Scale(0, highest, FLOOR, HEAD)
    ends = scale.ends
    places = [scale(tick.x) for tick in axis.ticks]
    levels = []
    for value in range(0, highest + 1, max(1, -(-highest // 4))):
        levels += [svg.horizontal("grid", ends, height(value))]
        levels += [svg.level_number(scale.start, height(value), str(value))]
    load = list(zip(places, (height(row.load) for row in rows), strict=True))
    opened = list(zip(places, (height(row.open) for row in rows), strict=True))
    return Picture(
        css="steps",
        width=round(scale.end + frame.right, 1),
        height=FLOOR + FOOT,
        marks=(
            *levels,
            svg.polyline("load", _steps(load)),
            svg.polyline("open", _steps(opened)),
            axis_mark(axis.ticks, scale, ends=ends, baseline=FLOOR),
        ),
        table=Table(
            ("session", "open", "parked", "load"),
            tuple((f"{r.session}", f"{r.open}", f"{r.parked}", f"{r.load}") for r in rows),
        ),
    )


def _steps(points: Sequence[Point]) -> list[Point]:
    """Return the corners: along at the old value, then up or down at the next session."""
    corners = list(points[:1])
    for (_, before), (x, after) in pairwise(points):
        if after != before:
            corners.append((x, before))
        corners.append((x, after))
    return corners
