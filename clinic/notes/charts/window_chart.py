"""One Transparency Window as traces over its ten minutes, with the limit (chart 8). Pure.

Across are seconds of the window's clock, up are ratings of 0 to 10. A pause parts a trace.
With a viewer only what that partner told is there, and what both saw: the pauses and the end.
Source: domain 2.5.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from clinic.notes.charts.shapes import Table
from clinic.notes.ledger.figures import NOTHING_TO_SHOW
from clinic.notes.rules.transparency_window import (
    Happening,
    RunDetails,
    clock_text,
    replay,
    window_rules,
)


@dataclass(frozen=True, slots=True)
class Trace:
    """One partner's ratings; a pause parts two stretches."""

    person: str
    stretches: tuple[tuple[tuple[int, int], ...], ...]


@dataclass(frozen=True, slots=True)
class PauseMark:
    """Where the clock stood still."""

    at_s: int
    because: str | None
    is_resumed: bool


@dataclass(frozen=True, slots=True)
class WindowChart:
    """The two traces, the limit, the pauses, and where the talking ended."""

    duration_s: int
    limit: int
    traces: tuple[Trace, ...]
    pauses: tuple[PauseMark, ...]
    ended_s: int
    end_state: str
    table: Table


def window_chart(
    details: RunDetails, *, partners: Iterable[str], viewer: str | None = None
) -> WindowChart:
    """The chart of one run, of everything or of what `viewer` may see."""
    rules, state = window_rules(), replay(details.log)
    shown = [who for who in partners if viewer in {None, who}]
    last = state.phases[-1] if state.phases else None
    return WindowChart(
        duration_s=rules.duration_s,
        limit=rules.threshold,
        traces=tuple(Trace(who, _stretches(details.log, who)) for who in shown),
        pauses=tuple(
            PauseMark(one.from_s, one.because if viewer is None else None, one is not last)
            for one in state.pauses
        ),
        ended_s=state.elapsed_s,
        end_state=state.end_state or "",
        table=_table(details.log, shown),
    )


def _stretches(log: Iterable[Happening], who: str) -> tuple[tuple[tuple[int, int], ...], ...]:
    found: list[list[tuple[int, int]]] = [[]]
    for one in log:
        if one.kind == "resume":
            found.append([])
        elif one.kind == "tick" and one.person == who and one.value is not None:
            found[-1].append((one.t_s, one.value))
    return tuple(tuple(stretch) for stretch in found if stretch)


def _table(log: Iterable[Happening], shown: list[str]) -> Table:
    """A row for each moment: a rating that comes after a pause stands in a row of its own."""
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
                *(str(told.get(who, NOTHING_TO_SHOW)) for who in shown),
                ", ".join(happened) or NOTHING_TO_SHOW,
            )
            for t_s, told, happened in rows
            if happened or any(who in told for who in shown)
        ),
    )


def _done(one: Happening) -> tuple[str, ...]:
    """What an entry did with the clock: a rating above the limit pauses it, before its end."""
    rules = window_rules()
    if one.kind != "tick" or one.value is None:
        return (one.kind,)
    return ("pause",) if rules.pauses(one.value) and one.t_s < rules.duration_s else ()
