"""Chart 2: one partner's ratings at the end of each session, gaps left as gaps. Pure.

Source: domain 2.5.
"""

from __future__ import annotations

from functools import partial

from clinic.notes.charts import svg
from clinic.notes.charts.axis import FOOT, HEAD, SMALL, Axis, Frame, axis_mark, axis_of
from clinic.notes.charts.picture import Key, Picture, Scale, Table, lines_with_dots
from clinic.notes.charts.svg import Mark, Point
from clinic.notes.ledger.ledger_facts import LedgerInput
from clinic.notes.ledger.ledger_figures import NOTHING_TO_SHOW, ordered_sessions
from clinic.notes.rules.clinical_checks import RATINGS

HIGHEST = 10
GUIDE = 5
TOP = HEAD + 4
FLOOR = TOP + 190.0
Run = list[tuple[float, int]]


def ratings_chart(
    facts: LedgerInput, *, partner: str, axis_kind: str = "session", frame: Frame = SMALL
) -> Picture:
    """Return the picture of one partner's ratings, with the table of both partners'."""
    axis = axis_of(facts, kind=axis_kind)
    scale, height = frame.scale(axis), Scale(0, HIGHEST, FLOOR, TOP)
    ends = scale.ends
    runs = {one: _runs(facts, partner, one, axis) for one in RATINGS}
    shown = sorted((one for one in RATINGS if runs[one]), key=lambda r: height(runs[r][-1][-1][1]))
    middle = (sum(ends) / 2, height(GUIDE) - 12)
    return Picture(
        css="lines",
        width=round(scale.end + frame.right, 1),
        height=FLOOR + FOOT,
        marks=(
            *(svg.level_number(scale.start, height(value), str(value)) for value in (0, HIGHEST)),
            svg.horizontal("grid", ends, TOP),
            svg.horizontal("guide", ends, height(GUIDE)),
            svg.level_number(scale.start, height(GUIDE), str(GUIDE)),
            *([] if shown else [svg.text("", middle, ("no_ratings",), anchor="middle")]),
            *(_series(one, runs[one], scale, height) for one in shown),
            axis_mark(axis.ticks, scale, ends=ends, baseline=FLOOR),
        ),
        table=_table(facts),
        key=tuple(_key(one) for one in RATINGS),
    )


def _runs(facts: LedgerInput, partner: str, rating: str, axis: Axis) -> list[Run]:
    """Return the points of one rating; a session without it parts two runs."""
    runs: list[Run] = [[]]
    for tick in axis.ticks:
        value = _at_end(facts, partner, tick.session, rating)
        if value is None:
            runs.append([])
        else:
            runs[-1].append((tick.x, value))
    return [run for run in runs if run]


def _series(rating: str, runs: list[Run], scale: Scale, height: Scale) -> Mark:
    dot, title = partial(_dot, rating), ("rating", rating)
    return svg.group(
        f"series {rating}",
        *lines_with_dots(runs, scale=scale, height=height, dot=dot, title=title),
    )


def _dot(rating: str, at: Point) -> Mark:
    """Return the shape of a rating, so that nothing rests on colour."""
    x, y = at
    if rating == "felt_safety":
        return svg.circle("", at, 4)
    if rating == "defensiveness":
        return svg.rect("", (x - 3.5, y - 3.5), 7, 7)
    return svg.path("", f"M{x} {y - 4.6}l4.4 7.8h-8.8z")


def _key(rating: str) -> Key:
    sample = (svg.polyline("", [(0, 6), (34, 6)]), svg.group("dot", _dot(rating, (17, 6))))
    return Key(rating, f"series {rating}", sample)


def _table(facts: LedgerInput) -> Table:
    columns = [(partner, rating) for partner in facts.partners for rating in RATINGS]
    rows = []
    for session in ordered_sessions(facts):
        values = [_at_end(facts, partner, session.number, rating) for partner, rating in columns]
        shown = (NOTHING_TO_SHOW if value is None else str(value) for value in values)
        rows.append((str(session.number), *shown))
    return Table(("session", *(f"{who}.{rating}" for who, rating in columns)), tuple(rows))


def _at_end(facts: LedgerInput, partner: str, session: int | None, rating: str) -> int | None:
    if session is None:
        return None
    return facts.rating(partner, session=session, point="end", measure=rating)
