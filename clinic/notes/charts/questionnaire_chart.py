"""Measures over time, one picture a partner and scale, with cut-offs and change band (chart 6).

Pure. A response without a total leaves a gap. The band lies round the first score; it is there
only where the definition names the source of its norms. Source: domain 2.5 and 3.6.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import groupby

from clinic.notes.charts.shapes import Axis, Table, Tick
from clinic.notes.ledger.figure_json import shown
from clinic.notes.ledger.figures import NOTHING_TO_SHOW
from clinic.notes.rules.questionnaire_responses import MeasureDetails
from clinic.practice.rules.instruments import CutOff, Instrument, Scale

Definitions = Mapping[tuple[str, str, str], Instrument]
Taken = tuple[date, MeasureDetails]


@dataclass(frozen=True, slots=True)
class MeasurePoint:
    """A response: where it stands across, its day, its score or None."""

    x: float
    on: date
    value: Fraction | None


@dataclass(frozen=True, slots=True)
class MeasureChart:
    """One partner's scores on one scale."""

    partner: str
    name: str
    scale: str
    lowest: Fraction
    highest: Fraction
    better: str
    points: tuple[MeasurePoint, ...]
    cut_offs: tuple[CutOff, ...]
    band: tuple[Fraction, Fraction] | None
    change: Fraction | None
    norm_source: str | None
    table: Table
    ticks: tuple[Tick, ...] = ()
    """The sessions between the first response and the last, on the axis by session."""

    @property
    def length(self) -> float:
        """How far the axis goes."""
        return max((one.x for one in self.points), default=0.0)


def measure_charts(
    taken: Iterable[Taken],
    *,
    shelf: Definitions,
    partners: Sequence[str],
    axis: Axis | None = None,
) -> tuple[MeasureChart, ...]:
    """The charts of these partners, each from its first response on.

    On an axis by session a response stands where its day lies among the couple's sessions;
    otherwise a day is a unit.
    """
    mine = sorted((one for one in taken if one[1].partner in partners), key=_place)
    return tuple(
        chart
        for _key, group in groupby(mine, key=lambda one: _place(one)[:3])
        for chart in _charts(list(group), shelf=shelf, axis=axis)
    )


def _place(one: Taken) -> tuple[str, str, str, date]:
    return one[1].instrument, one[1].version, one[1].partner, one[0]


def _charts(
    taken: Sequence[Taken], *, shelf: Definitions, axis: Axis | None
) -> Iterable[MeasureChart]:
    newest = taken[-1][1]
    definition = shelf.get((newest.instrument, newest.version, newest.language))
    scales = {one.code: one for one in definition.scales} if definition else {}
    codes = dict.fromkeys(one.scale for _on, told in taken for one in told.scores)
    for code in codes:
        yield _chart(taken, code, scales.get(code), axis=axis)


def _chart(
    taken: Sequence[Taken], code: str, scale: Scale | None, *, axis: Axis | None
) -> MeasureChart:
    newest, points, missing = taken[-1][1], [], []
    across, ticks = _across([on for on, _told in taken], axis)
    for x, (on, told) in zip(across, taken, strict=True):
        score = next((one for one in told.scores if one.scale == code), None)
        points.append(MeasurePoint(x, on, score.number if score else None))
        missing.append(score.missing if score else 0)
    values = [one.value for one in points if one.value is not None]
    first = values[0] if values else None
    change = scale.change if scale else None
    lowest, highest = (scale.lowest, scale.highest) if scale else _range(values)
    return MeasureChart(
        partner=newest.partner,
        name=newest.name,
        scale=_scale_name(taken, code),
        lowest=lowest,
        highest=highest,
        better=scale.better if scale else "neither",
        points=tuple(points),
        cut_offs=scale.cut_offs if scale else (),
        band=_band(first, change, lowest, highest),
        change=change,
        norm_source=scale.norm_source if scale else None,
        table=_table(points, missing, first, scale.cut_offs if scale else ()),
        ticks=ticks,
    )


def _across(days: Sequence[date], axis: Axis | None) -> tuple[list[float], tuple[Tick, ...]]:
    """Where these days stand, the first at 0, and the sessions between them."""
    if axis is None or axis.kind != "session" or not axis.ticks:
        return [float((on - days[0]).days) for on in days], ()
    start = axis.beyond(days[0])
    held = [one for one in axis.ticks if days[0] <= one.on <= days[-1]]
    ticks = tuple(Tick(one.x - start, one.session, one.on) for one in held)
    return [axis.beyond(on) - start for on in days], ticks


def _range(values: Sequence[Fraction]) -> tuple[Fraction, Fraction]:
    """Without its definition a scale goes from 0, or below, to the highest score told."""
    return min([Fraction(0), *values]), max([Fraction(1), *values])


def _band(
    first: Fraction | None, change: Fraction | None, lowest: Fraction, highest: Fraction
) -> tuple[Fraction, Fraction] | None:
    if first is None or change is None:
        return None
    return max(lowest, first - change), min(highest, first + change)


def _scale_name(taken: Sequence[Taken], code: str) -> str:
    names = [one.name for _on, told in taken for one in told.scores if one.scale == code]
    return names[-1]


def _table(
    points: Sequence[MeasurePoint],
    missing: Sequence[int],
    first: Fraction | None,
    cut_offs: Sequence[CutOff],
) -> Table:
    rows = []
    for point, left_out in zip(points, missing, strict=True):
        value = point.value
        since = None if value is None or first is None else value - first
        meant = [one.meaning for one in cut_offs if value is not None and one.holds(value)]
        rows.append(
            (
                point.on.isoformat(),
                shown(value, places=2),
                shown(since, places=2),
                "; ".join(meant) or NOTHING_TO_SHOW,
                str(left_out),
            )
        )
    return Table(("day", "score", "change", "meaning", "missing"), tuple(rows))
