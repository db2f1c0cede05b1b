"""The geometry of the ledger's charts, before any picture: shapes in abstract units and tables.

One unit across is one session (or one day, on the date axis), one unit down is one lane or one
count; ratings keep their 0 to 10. A renderer scales and draws, and prints the table beside.
Every mark says in words what its shape says, so nothing rests on colour. Source: domain 2.5.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise

from clinic.notes.charts.shapes import (
    Axis,
    Band,
    Cell,
    Dot,
    DotChart,
    Lane,
    LanesChart,
    Line,
    LinesChart,
    Mark,
    MatrixChart,
    Notch,
    StepChart,
    Table,
    Tick,
)
from clinic.notes.ledger.facts import AttemptFact, LedgerInput, RuptureFacts, SessionFact
from clinic.notes.ledger.figures import (
    NOTHING_TO_SHOW,
    episode_rows,
    ordered_sessions,
    session_rows,
)
from clinic.notes.rules.rupture_events import RuptureStatus
from clinic.notes.rules.rupture_history import Span

FILLS = {"received": "full", "partly": "half", "ignored": "empty", "rejected": "crossed"}
RECEIPTS = ("rejected", "ignored", "partly", "received")
MEASURES = ("felt_safety", "defensiveness", "regulation")
RATING_LINE = 5


def axis_of(facts: LedgerInput, *, kind: str = "session") -> Axis:
    """The axis by session (one unit each) or by date (one unit a day)."""
    sessions = ordered_sessions(facts)
    if not sessions:
        return Axis(kind, 0.0, ())
    days = [facts.local_date(session.starts_at) for session in sessions]
    ticks = tuple(
        Tick(float(place) if kind == "session" else float((on - days[0]).days), one.number, on)
        for place, (one, on) in enumerate(zip(sessions, days, strict=True))
    )
    return Axis(kind, ticks[-1].x, ticks)


def lanes_chart(facts: LedgerInput, *, axis_kind: str = "session") -> LanesChart:
    """One lane a rupture, with its states, attempts and reopenings."""
    axis = axis_of(facts, kind=axis_kind)
    lanes = tuple(
        Lane(
            ref=rupture.ref,
            y=y,
            bands=_bands(facts, rupture, axis),
            marks=_marks(facts, rupture.ref, axis),
            notches=_notches(facts, rupture, axis),
        )
        for y, rupture in enumerate(facts.ruptures)
    )
    rows = [
        _span_row(facts, rupture, span)
        for rupture in facts.ruptures
        for span in rupture.state.spans
    ]
    table = Table(("rupture", "episode", "status", "from", "until", "attempts"), tuple(rows))
    return LanesChart(axis, lanes, table)


def lines_chart(facts: LedgerInput, *, axis_kind: str = "session") -> LinesChart:
    """Each partner's ratings at session end, gaps left as gaps."""
    axis = axis_of(facts, kind=axis_kind)
    lines = tuple(
        Line(partner, measure, _runs(facts, partner, measure, axis))
        for partner in facts.partners
        for measure in MEASURES
    )
    head = (
        "session",
        *(f"{partner}.{measure}" for partner in facts.partners for measure in MEASURES),
    )
    rows = tuple(_rating_row(facts, session) for session in ordered_sessions(facts))
    return LinesChart(axis, lines, RATING_LINE, Table(head, rows))


def step_chart(facts: LedgerInput, *, axis_kind: str = "session") -> StepChart:
    """Open ruptures and load: each value holds until the next session."""
    axis = axis_of(facts, kind=axis_kind)
    rows = session_rows(facts)
    opened = [(axis.at_session(row.session), row.open) for row in rows]
    load = [(axis.at_session(row.session), row.load) for row in rows]
    table = Table(
        ("session", "open", "parked", "load"),
        tuple((f"{r.session}", f"{r.open}", f"{r.parked}", f"{r.load}") for r in rows),
    )
    highest = max([row.load for row in rows] + [row.open for row in rows], default=0)
    return StepChart(axis, _steps(opened), _steps(load), highest, table)


def matrix_chart(facts: LedgerInput, *, partner: str) -> MatrixChart:
    """The partner's acts against their receipts; an attempt with two acts counts for each."""
    counts = Counter(
        (act, one.receipt) for one in facts.attempts if one.by == partner for act in one.acts
    )
    acts = tuple(sorted({act for act, _ in counts}))
    cells = tuple(
        Cell(x, y, counts[act, receipt])
        for y, act in enumerate(acts)
        for x, receipt in enumerate(RECEIPTS)
    )
    rows = tuple((act, *(str(counts[act, receipt]) for receipt in RECEIPTS)) for act in acts)
    return MatrixChart(partner, acts, RECEIPTS, cells, Table(("act", *RECEIPTS), rows))


def dot_chart(facts: LedgerInput) -> DotChart:
    """Days to repair, one dot a repaired episode; lasting ones are listed, never plotted."""
    rows = episode_rows(facts)
    stacked: Counter[int] = Counter()
    dots = []
    for row in rows:
        if row.days is not None:
            dots.append(Dot(row.days, stacked[row.days], row.rupture, row.episode))
            stacked[row.days] += 1
    lasting = tuple((r.rupture, r.episode, r.opened) for r in rows if r.ended is None)
    table = Table(
        ("rupture", "episode", "opened", "days", "sessions"),
        tuple(
            (r.rupture, f"{r.episode}", r.opened.isoformat(), _told(r.days), _told(r.sessions))
            for r in rows
        ),
    )
    return DotChart(tuple(dots), lasting, max((dot.x for dot in dots), default=0), table)


def _told(value: int | None) -> str:
    return NOTHING_TO_SHOW if value is None else str(value)


def _x(axis: Axis, session: int | None, on: date) -> float:
    known = {tick.session for tick in axis.ticks}
    return axis.at_session(session) if session in known and session else axis.at_day(on)


def _bands(facts: LedgerInput, rupture: RuptureFacts, axis: Axis) -> tuple[Band, ...]:
    bands = []
    for span in rupture.state.spans:
        x0 = _x(axis, span.since_session, facts.local_date(span.since))
        until = facts.local_date(span.until) if span.until else None
        x1 = axis.length if until is None else _x(axis, span.until_session, until)
        if x1 > x0 or until is None:
            seam = span.status is RuptureStatus.REPAIRED
            bands.append(Band(x0, max(x0, x1), span.status.value, span.episode, seam))
    return tuple(bands)


def _marks(facts: LedgerInput, ref: str, axis: Axis) -> tuple[Mark, ...]:
    marks = [
        Mark(
            x=_x(axis, one.session_number, one.date),
            receipt=one.receipt,
            fill=FILLS[one.receipt],
            by=one.by,
            at_home=one.session_number is None,
        )
        for one in facts.attempts
        if one.rupture == ref
    ]
    return tuple(sorted(marks, key=lambda mark: (mark.x, mark.by, mark.receipt)))


def _notches(facts: LedgerInput, rupture: RuptureFacts, axis: Axis) -> tuple[Notch, ...]:
    return tuple(
        Notch(
            x=_x(axis, episode.opened_session, facts.local_date(episode.opened_at)),
            episode=episode.number,
            reason=episode.reopen_reason or "",
        )
        for episode in rupture.state.episodes
        if episode.number > 1
    )


def _span_row(facts: LedgerInput, rupture: RuptureFacts, span: Span) -> tuple[str, ...]:
    since = facts.local_date(span.since)
    until = facts.local_date(span.until) if span.until else None
    inside = [
        one.receipt
        for one in _by_day(facts.attempts)
        if one.rupture == rupture.ref and since <= one.date and (until is None or one.date < until)
    ]
    return (
        rupture.ref,
        str(span.episode),
        span.status.value,
        since.isoformat(),
        until.isoformat() if until else NOTHING_TO_SHOW,
        ", ".join(inside) or NOTHING_TO_SHOW,
    )


def _by_day(attempts: Iterable[AttemptFact]) -> list[AttemptFact]:
    return sorted(attempts, key=lambda one: (one.date, one.by, one.receipt))


def _runs(
    facts: LedgerInput, partner: str, measure: str, axis: Axis
) -> tuple[tuple[tuple[float, int], ...], ...]:
    runs: list[list[tuple[float, int]]] = [[]]
    for tick in axis.ticks:
        value = facts.rating(partner, session=tick.session, point="end", measure=measure)
        if value is None:
            runs.append([])
        else:
            runs[-1].append((tick.x, value))
    return tuple(tuple(run) for run in runs if run)


def _rating_row(facts: LedgerInput, session: SessionFact) -> tuple[str, ...]:
    told = [
        facts.rating(partner, session=session.number, point="end", measure=measure)
        for partner in facts.partners
        for measure in MEASURES
    ]
    return (str(session.number), *(_told(value) for value in told))


def _steps(points: Sequence[tuple[float, int]]) -> tuple[tuple[float, int], ...]:
    """The corners: along at the old value, then up or down at the next session."""
    corners: list[tuple[float, int]] = list(points[:1])
    for (_, before), (x, after) in pairwise(points):
        if after != before:
            corners.append((x, before))
        corners.append((x, after))
    return tuple(corners)
