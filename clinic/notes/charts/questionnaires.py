"""Chart 6: questionnaire scores over time, a picture for each partner and scale. Pure.

A response without a total leaves a gap. The band of too little change lies round the first score;
it is there only where the definition names the source of its norms. Source: domain 2.5 and 3.6.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import groupby

from clinic.notes.charts import svg
from clinic.notes.charts.axis import FOOT, Axis, Frame, Tick, axis_mark
from clinic.notes.charts.picture import Picture, Scale, Table
from clinic.notes.charts.svg import Mark, Words
from clinic.notes.ledger.figure_json import shown
from clinic.notes.ledger.ledger_figures import NOTHING_TO_SHOW
from clinic.notes.rules.questionnaire_responses import MeasureDetails
from clinic.practice.rules import instruments

FRAME = Frame(360.0, 38.0, 22.0)
LEFT, RIGHT = FRAME.left, FRAME.width - FRAME.right
TOP = 20.0
FLOOR = TOP + 150.0
DATES_FOOT = 26.0
EDGE = 14.0
"""The first and the last response stand so far inside the frame."""
LEVEL_HEIGHT = 13.0
"""Numbers at the side stand at least this far apart; a cut-off goes before an end."""

Definitions = Mapping[tuple[str, str, str], instruments.Instrument]
Response = tuple[date, MeasureDetails]
Band = tuple[Fraction, Fraction]


@dataclass(frozen=True, slots=True)
class QuestionnaireChart:
    """One partner's scores on one scale. `definition` is None where the clinic knows none."""

    partner: str
    name: str
    scale: str
    definition: instruments.Scale | None
    has_band: bool
    picture: Picture


@dataclass(frozen=True, slots=True)
class _Score:
    """A response's score on a scale, None where it has no total, and how many items it lacks."""

    x: float
    on: date
    value: Fraction | None
    missing: int


def questionnaire_charts(
    responses: Iterable[Response],
    *,
    definitions: Definitions,
    partners: Sequence[str],
    axis: Axis | None = None,
) -> tuple[QuestionnaireChart, ...]:
    """Return the charts of these partners, each from its first response on.

    On an axis by session a response stands where its day lies among the couple's sessions;
    otherwise a day is a unit.
    """
    counted = sorted((one for one in responses if one[1].partner in partners), key=_order)
    return tuple(
        chart
        for _key, found in groupby(counted, key=lambda one: _order(one)[:3])
        for chart in _charts(list(found), definitions=definitions, axis=axis)
    )


def _order(response: Response) -> tuple[str, str, str, date]:
    on, details = response
    return details.instrument, details.version, details.partner, on


def _charts(
    responses: Sequence[Response], *, definitions: Definitions, axis: Axis | None
) -> Iterable[QuestionnaireChart]:
    newest = responses[-1][1]
    definition = definitions.get((newest.instrument, newest.version, newest.language))
    scales = {one.code: one for one in definition.scales} if definition else {}
    for code in dict.fromkeys(one.scale for _on, details in responses for one in details.scores):
        yield _chart(responses, code, scales.get(code), axis=axis)


def _chart(
    responses: Sequence[Response], code: str, scale: instruments.Scale | None, *, axis: Axis | None
) -> QuestionnaireChart:
    newest = responses[-1][1]
    names = [s.name for _on, details in responses for s in details.scores if s.scale == code]
    places, sessions = _places([on for on, _details in responses], axis)
    scores = []
    for x, (on, details) in zip(places, responses, strict=True):
        found = next((one for one in details.scores if one.scale == code), None)
        scores.append(_Score(x, on, *((found.number, found.missing) if found else (None, 0))))
    first = next((one.value for one in scores if one.value is not None), None)
    band = None
    if first is not None and scale is not None and scale.change is not None:
        band = max(scale.lowest, first - scale.change), min(scale.highest, first + scale.change)
    picture = _picture(scores, sessions, scale, band, first)
    return QuestionnaireChart(
        newest.partner, newest.name, names[-1], scale, band is not None, picture
    )


def _places(days: Sequence[date], axis: Axis | None) -> tuple[list[float], list[Tick]]:
    """Return where these days stand, the first at 0, and the sessions between them."""
    if axis is None or axis.kind != "session" or not axis.ticks:
        return [float((on - days[0]).days) for on in days], []
    start = axis.beyond(days[0])
    held = [one for one in axis.ticks if days[0] <= one.on <= days[-1]]
    ticks = [Tick(one.x - start, one.session, one.on) for one in held]
    return [axis.beyond(on) - start for on in days], ticks


def _picture(
    scores: Sequence[_Score],
    sessions: Sequence[Tick],
    definition: instruments.Scale | None,
    band: Band | None,
    first: Fraction | None,
) -> Picture:
    cut_offs = definition.cut_offs if definition else ()
    length = max(1.0, *(one.x for one in scores))
    scale = Scale(0.0, length, LEFT + EDGE, RIGHT - EDGE)
    height = _height(scores, definition)
    ticks = sessions or [Tick(one.x, None, one.on) for one in scores]
    return Picture(
        css="measure",
        width=FRAME.width,
        height=FLOOR + (FOOT if sessions else DATES_FOOT),
        marks=(
            *([] if band is None else [_band_mark(height(band[1]), height(band[0]))]),
            svg.horizontal("grid", (LEFT, RIGHT), TOP),
            *_levels(height, [height(one.value) for one in cut_offs]),
            *(_cut_off(one.value, height) for one in cut_offs),
            _line(scores, scale, height),
            axis_mark(ticks, scale, ends=(LEFT, RIGHT), baseline=FLOOR),
        ),
        table=_table(scores, first, cut_offs),
    )


def _height(scores: Sequence[_Score], definition: instruments.Scale | None) -> Scale:
    """Return the scale upwards; without a definition from 0, or below, to the highest score."""
    if definition is not None:
        return Scale(definition.lowest, definition.highest, FLOOR, TOP)
    values = [one.value for one in scores if one.value is not None]
    return Scale(min([Fraction(0), *values]), max([Fraction(1), *values]), FLOOR, TOP)


def _band_mark(top: float, end: float) -> Mark:
    return svg.rect("change-band", (LEFT, top), RIGHT - LEFT, round(end - top, 1))


def _levels(height: Scale, occupied: Sequence[float]) -> list[Mark]:
    return [
        svg.level_number(LEFT, height(end), _number(end))
        for end in (height.low, height.high)
        if all(abs(height(end) - y) >= LEVEL_HEIGHT for y in occupied)
    ]


def _cut_off(value: Fraction, height: Scale) -> Mark:
    y = height(value)
    number = svg.text("", (LEFT - 8, y + 4), _number(value), anchor="end")
    return svg.group("cut-off", svg.horizontal("", (LEFT, RIGHT), y), number)


def _line(scores: Sequence[_Score], scale: Scale, height: Scale) -> Mark:
    """Return the scores joined by a line, parted where a total is missing."""
    runs: list[list[tuple[float, float]]] = [[]]
    dots = []
    for one in scores:
        if one.value is None:
            runs.append([])
            continue
        x, y = scale(one.x), height(one.value)
        runs[-1].append((x, y))
        title = ("score", one.on, shown(one.value, places=2))
        dots.append(svg.group("dot", svg.circle("", (x, y), 4), title=title))
        dots.append(svg.text("", (x, y - 9), _number(one.value), anchor="middle"))
    return svg.group("measured", *(svg.polyline("", run) for run in runs if len(run) > 1), *dots)


def _number(value: float | Fraction) -> Words:
    return "figure", shown(value, places=2)


def _table(
    scores: Sequence[_Score], first: Fraction | None, cut_offs: Sequence[instruments.CutOff]
) -> Table:
    rows = []
    for one in scores:
        since = None if one.value is None or first is None else one.value - first
        meant = [c.meaning for c in cut_offs if one.value is not None and c.holds(one.value)]
        rows.append(
            (
                one.on,
                shown(one.value, places=2),
                shown(since, places=2),
                "; ".join(meant) or NOTHING_TO_SHOW,
                str(one.missing),
            )
        )
    return Table(("day", "score", "change", "meaning", "missing"), tuple(rows))
