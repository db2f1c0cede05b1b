"""Chart 5: days to repair, a dot for each repaired episode; lasting ones are listed only. Pure.

Source: domain 2.5.
"""

from __future__ import annotations

from collections import Counter
from datetime import date

from clinic.notes.charts import svg
from clinic.notes.charts.axis import FOOT, HEAD, SMALL, Frame
from clinic.notes.charts.picture import Picture, Scale, Table
from clinic.notes.charts.svg import Mark
from clinic.notes.ledger.ledger_facts import LedgerInput
from clinic.notes.ledger.ledger_figures import NOTHING_TO_SHOW, EpisodeRow, episode_rows

TOP = 8
STEPS = (7, 14, 28, 56, 112, 365, 3650)
ROW_HEIGHT = 34


def time_to_repair(facts: LedgerInput, *, median: float | None, frame: Frame = SMALL) -> Picture:
    """Return the dots over days, those of the same days above each other, and their median."""
    rows = episode_rows(facts)
    days = [row.days for row in rows if row.days is not None]
    longest = max([7, *days])
    step = next(one for one in STEPS if longest / one <= 6)
    length = -(-longest // step) * step
    scale = Scale(0, length, frame.left, frame.width - frame.right)
    baseline = HEAD + 56.0 + (max(Counter(days).values(), default=1) - 1) * ROW_HEIGHT
    return Picture(
        css="dots-chart",
        width=frame.width,
        height=baseline + FOOT,
        marks=(
            *_levels(scale, range(0, length + 1, step), baseline),
            svg.text("tick-day", (scale.end, baseline + 36), ("days",), anchor="end"),
            svg.group("axis", svg.horizontal("", (scale.start, scale.end), baseline)),
            *([] if median is None else [_median(scale(median), baseline)]),
            *_dots(rows, scale, baseline),
        ),
        table=_table(rows),
    )


def lasting_episodes(facts: LedgerInput) -> tuple[tuple[str, int, date], ...]:
    """Return the episodes that have not ended, with the day each was opened."""
    rows = episode_rows(facts)
    return tuple((row.rupture, row.episode, row.opened) for row in rows if row.ended is None)


def _levels(scale: Scale, values: range, baseline: float) -> list[Mark]:
    marks = []
    for value in values:
        x = scale(value)
        marks.append(svg.vertical("grid", x, (TOP, baseline)))
        marks.append(svg.text("tick-no", (x, baseline + 19), str(value), anchor="middle"))
    return marks


def _median(x: float, baseline: float) -> Mark:
    name = svg.text("", (x + 5, 18), ("median",))
    return svg.group("median", svg.vertical("", x, (TOP, baseline)), name)


def _dots(rows: tuple[EpisodeRow, ...], scale: Scale, baseline: float) -> list[Mark]:
    below: Counter[int] = Counter()
    marks = []
    for row in rows:
        if row.days is not None:
            x, y = scale(row.days), baseline - 14 - below[row.days] * ROW_HEIGHT
            name = svg.text("", (x, y - 12), f"{row.rupture}·{row.episode}", anchor="middle")
            title = ("repaired", row.rupture, row.episode, row.days)
            marks.append(svg.group("repaired-dot", svg.circle("", (x, y), 7), name, title=title))
            below[row.days] += 1
    return marks


def _table(rows: tuple[EpisodeRow, ...]) -> Table:
    return Table(
        ("rupture", "episode", "opened", "days", "sessions"),
        tuple(
            (r.rupture, f"{r.episode}", r.opened.isoformat(), _shown(r.days), _shown(r.sessions))
            for r in rows
        ),
    )


def _shown(value: int | None) -> str:
    return NOTHING_TO_SHOW if value is None else str(value)
