"""Chart 8: one Transparency Window as both partners' ratings over its ten minutes. Pure.

Across are seconds of the window's clock, up are ratings of 0 to 10. A pause parts a line.
With a viewer only what that partner entered is there, and what both saw: the pauses and the end.
Source: domain 2.5.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from clinic.notes.charts import svg
from clinic.notes.charts.axis import FOOT, SMALL
from clinic.notes.charts.picture import Key, Picture, Scale, Table, lines_with_dots
from clinic.notes.charts.svg import Mark, Point
from clinic.notes.ledger.ledger_figures import NOTHING_TO_SHOW
from clinic.notes.rules.transparency_window import (
    Happening,
    RunDetails,
    clock_text,
    replay,
    window_rules,
)

LEFT, RIGHT = SMALL.left, SMALL.width - SMALL.right
TOP = 26.0
FLOOR = TOP + 170.0
HIGHEST = 10
LABEL_HEIGHT = 14.0
HEIGHT = Scale(0, HIGHEST, FLOOR, TOP)


def transparency_window(
    details: RunDetails, *, partners: Sequence[str], viewer: str | None = None
) -> Picture:
    """Return the picture of one run, of everything or of what `viewer` may see."""
    state, rules = replay(details.log), window_rules()
    shown = [who for who in partners if viewer in {None, who}]
    time = Scale(0.0, float(rules.duration_s), LEFT, RIGHT)
    pauses = [one.from_s for one in state.pauses]
    return Picture(
        css="window",
        width=SMALL.width,
        height=FLOOR + FOOT,
        marks=(
            *_levels(rules.threshold),
            *_unused(state.elapsed_s, rules.duration_s, pauses, time),
            *(_pause(at_s, time(at_s)) for at_s in pauses),
            *_traces(details.log, shown, partners, time),
            _axis(rules.prompts_s, time),
        ),
        table=_table(details.log, shown),
        key=tuple(_key(who, partners.index(who)) for who in shown),
    )


def _levels(limit: int) -> list[Mark]:
    """Return what lies above the limit, and the lines at 0, at the limit and at 10."""
    marks = [
        svg.rect("above", (LEFT, TOP), RIGHT - LEFT, HEIGHT(limit) - TOP),
        svg.text("above-name", (LEFT + 6, TOP + 15), ("above", limit)),
    ]
    for value in (0, limit, HIGHEST):
        css = "guide" if value == limit else "grid"
        marks.append(svg.horizontal(css, (LEFT, RIGHT), HEIGHT(value)))
        marks.append(svg.level_number(LEFT, HEIGHT(value), str(value)))
    return marks


def _unused(ended_s: int, duration_s: int, pauses: Sequence[int], time: Scale) -> list[Mark]:
    """Return the time that was not used, where the window ended early."""
    if ended_s >= duration_s:
        return []
    x = time(ended_s)
    marks = [svg.rect("", (x, TOP), RIGHT - x, FLOOR - TOP)]
    if ended_s not in pauses:
        marks.append(svg.vertical("", x, (TOP, FLOOR)))
    return [svg.group("unused", *marks)]


def _pause(at_s: int, x: float) -> Mark:
    return svg.group(
        "paused",
        svg.vertical("", x - 2.5, (TOP, FLOOR)),
        svg.vertical("", x + 2.5, (TOP, FLOOR)),
        svg.text("", (x, TOP - 8), ("pause", clock_text(at_s)), anchor="middle"),
        title=("paused", clock_text(at_s)),
    )


def _traces(
    log: Iterable[Happening], shown: Iterable[str], partners: Sequence[str], time: Scale
) -> list[Mark]:
    """Return each partner's line with their letter; letters at one place stand apart."""
    lines = [(who, runs) for who in shown if (runs := _runs(log, who))]
    marks: list[Mark] = []
    taken: dict[float, float] = {}
    for who, runs in sorted(lines, key=lambda line: HEIGHT(line[1][-1][-1][1])):
        t_s, value = runs[-1][-1]
        x, y = time(t_s), HEIGHT(value)
        taken[x] = y = round(max(y, taken.get(x, 0.0) + LABEL_HEIGHT), 1)
        place = partners.index(who)
        dot, title = partial(_dot, place), ("own", who)
        trace = lines_with_dots(runs, scale=time, height=HEIGHT, dot=dot, title=title)
        letter = svg.text("who", (x + 9, y + 4), who)
        marks.append(svg.group(f"trace t{place}", *trace, letter))
    nothing = svg.text("", ((LEFT + RIGHT) / 2, FLOOR - 14), ("no_ratings",), anchor="middle")
    return marks or [nothing]


def _runs(log: Iterable[Happening], who: str) -> list[list[tuple[float, int]]]:
    """Return one partner's ratings by their seconds; a pause parts two runs."""
    runs: list[list[tuple[float, int]]] = [[]]
    for one in log:
        if one.kind == "resume":
            runs.append([])
        elif one.kind == "tick" and one.person == who and one.value is not None:
            runs[-1].append((one.t_s, one.value))
    return [run for run in runs if run]


def _dot(place: int, at: Point) -> Mark:
    """Return the shape of a rating of the first or the second partner."""
    if place == 0:
        return svg.circle("", at, 4)
    return svg.rect("", (at[0] - 3.6, at[1] - 3.6), 7.2, 7.2)


def _key(who: str, place: int) -> Key:
    sample = (svg.polyline("", [(0, 6), (34, 6)]), svg.group("dot", _dot(place, (17, 6))))
    return Key(who, f"trace t{place}", sample)


def _axis(prompts_s: Iterable[int], time: Scale) -> Mark:
    marks = [svg.horizontal("", (LEFT, RIGHT), FLOOR)]
    for t_s in prompts_s:
        x = time(t_s)
        marks.append(svg.vertical("", x, (FLOOR, FLOOR + 5)))
        marks.append(svg.text("tick-day", (x, FLOOR + 19), clock_text(t_s), anchor="middle"))
    marks.append(svg.text("tick-day", (RIGHT, FLOOR + 36), ("minutes",), anchor="end"))
    return svg.group("axis", *marks)


def _table(log: Iterable[Happening], shown: list[str]) -> Table:
    """Return a row for each moment; a rating after a pause stands in a row of its own."""
    rows: list[tuple[int, dict[str, int], list[str]]] = []
    for one in log:
        again = not rows or rows[-1][0] != one.t_s or "resume" in rows[-1][2]
        if again or one.person in rows[-1][1]:
            rows.append((one.t_s, {}, []))
        if one.kind == "tick" and one.person and one.value is not None:
            rows[-1][1][one.person] = one.value
        for done in _done(one):
            if done not in rows[-1][2]:
                rows[-1][2].append(done)
    return Table(
        ("time", *shown, "happened"),
        tuple(
            (
                clock_text(t_s),
                *(str(values.get(who, NOTHING_TO_SHOW)) for who in shown),
                ", ".join(happened) or NOTHING_TO_SHOW,
            )
            for t_s, values, happened in rows
            if happened or any(who in values for who in shown)
        ),
    )


def _done(one: Happening) -> tuple[str, ...]:
    """Return what an entry did to the clock; a rating above the limit pauses it before its end."""
    rules = window_rules()
    if one.kind != "tick" or one.value is None:
        return (one.kind,)
    return ("pause",) if rules.pauses(one.value) and one.t_s < rules.duration_s else ()
