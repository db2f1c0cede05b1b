"""Chart 1: a lane for each rupture over the sessions: states, attempts, reopenings. Pure.

What is repaired is a mended line of gold, a little uneven as such lines are. Source: domain 2.5.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from clinic.notes.charts import svg
from clinic.notes.charts.axis import FOOT, HEAD, WIDE, Axis, Frame, axis_mark, axis_of
from clinic.notes.charts.picture import Picture, Scale, Table
from clinic.notes.charts.svg import Mark, Point
from clinic.notes.ledger.ledger_facts import AttemptFact, LedgerInput, RuptureFacts
from clinic.notes.ledger.ledger_figures import NOTHING_TO_SHOW
from clinic.notes.rules.rupture_events import RuptureStatus
from clinic.notes.rules.rupture_history import Span

LANE_HEIGHT = 76.0
MARK_WIDTH = 17.0
LETTER_WIDTH = 6.2
LEAST_BAND = 3.0
FILLS = {"received": "full", "partly": "half", "ignored": "empty", "rejected": "crossed"}
UNEVEN = (-1.6, 1.9, -0.6, 1.2, -2.1, 0.9, -1.1, 2.2, -0.3, 1.4)
STEPS = (16.0, 29.0, 21.0, 25.0)


@dataclass(frozen=True, slots=True)
class _Course:
    """A couple's course with its axis, and the scale and margin it is drawn with."""

    facts: LedgerInput
    axis: Axis
    scale: Scale
    tail: float
    """How far what stands now is drawn beyond the last session."""


def rupture_lanes(
    facts: LedgerInput, *, axis_kind: str = "session", frame: Frame = WIDE
) -> Picture:
    """Return the picture of the ruptures, one below the other."""
    axis = axis_of(facts, kind=axis_kind)
    scale = frame.scale(axis)
    course = _Course(facts, axis, scale, frame.right * 0.75)
    baseline = HEAD + LANE_HEIGHT * max(len(facts.ruptures), 1)
    return Picture(
        css="lanes",
        width=round(scale.end + frame.right, 1),
        height=baseline + FOOT,
        marks=(
            *(svg.vertical("grid", scale(tick.x), (4, baseline)) for tick in axis.ticks),
            *(_lane(course, one, place) for place, one in enumerate(facts.ruptures)),
            axis_mark(axis.ticks, scale, ends=scale.ends, baseline=baseline),
        ),
        table=_table(facts),
    )


def _lane(course: _Course, rupture: RuptureFacts, place: int) -> Mark:
    y = HEAD + LANE_HEIGHT * place + LANE_HEIGHT * 0.58
    return svg.group(
        "lane",
        svg.text("lane-ref", (0, y + 5), rupture.ref),
        *_bands(course, rupture, y),
        *_reopenings(course, rupture, y),
        *_attempts(course, rupture.ref, y),
    )


def _bands(course: _Course, rupture: RuptureFacts, y: float) -> list[Mark]:
    """Return a band for each status; one that lasted no time is left out unless it lasts still."""
    found = []
    for span in rupture.state.spans:
        x0 = course.axis.at(span.since_session, course.facts.local_date(span.since))
        x1 = course.axis.length
        if span.until is not None:
            x1 = course.axis.at(span.until_session, course.facts.local_date(span.until))
        if x1 > x0 or span.until is None:
            found.append((span, course.scale(x0), course.scale(max(x0, x1))))
    if found and found[-1][2] >= course.scale.end:
        span, start, end = found.pop()
        found.append((span, start, end + course.tail))
    return [_band(span, start, end, y) for span, start, end in found]


def _band(span: Span, x0: float, x1: float, y: float) -> Mark:
    status = span.status.value
    exact = max(x1 - x0, LEAST_BAND)
    width = round(exact, 1)
    marks = _band_marks(span.status, (x0, x0 + width), width, y)
    if span.status is RuptureStatus.REPAIRED:
        marks[1:1] = [svg.polyline("gold", _gold(x0, x0 + exact, y))]
    if exact >= LETTER_WIDTH * len(status) + 6:
        middle = round(x0 + exact / 2, 1)
        marks.append(svg.text("band-name", (middle, y + 23), ("status", status), anchor="middle"))
    return svg.group(f"band {status}", *marks, title=("band", status, span.episode))


def _band_marks(status: RuptureStatus, x: Point, width: float, y: float) -> list[Mark]:
    start, end = x
    hull = svg.rect("hull", (start, y - 6), width, 12, rx=2)
    if status is RuptureStatus.REPAIRED:
        return [svg.horizontal("bed", x, y), svg.circle("gold-end", (start, y), 4)]
    if status is RuptureStatus.IN_REPAIR:
        return [hull, svg.horizontal("stitch", (start + 4, end - 2), y)]
    if status is RuptureStatus.PARKED:
        return [svg.horizontal("dots", (start + 3, end), y)]
    if status is RuptureStatus.CLOSED_UNREPAIRED:
        return [svg.horizontal("closed", x, y), svg.vertical("closed end", start, (y - 7, y + 7))]
    return [hull]


def _gold(x0: float, x1: float, y: float) -> list[Point]:
    points, at = [(x0, y)], x0
    for place in range(int((x1 - x0) // 20)):
        at += STEPS[place % len(STEPS)]
        if at < x1 - 8:
            points.append((at, y + UNEVEN[place % len(UNEVEN)]))
    return _rounded(*points, (x1, y))


def _reopenings(course: _Course, rupture: RuptureFacts, y: float) -> list[Mark]:
    """Return a notch wherever the rupture opened again."""
    marks = []
    for episode in rupture.state.episodes[1:]:
        on = course.facts.local_date(episode.opened_at)
        x = course.scale(course.axis.at(episode.opened_session, on))
        corners = _rounded((x - 6, y - 9), (x, y + 1), (x + 6, y - 9))
        cut = (svg.polyline("cut-out", corners), svg.polyline("cut", corners))
        marks.append(svg.group("notch", *cut, title=("reopened", episode.reopen_reason or "")))
    return marks


def _rounded(*points: Point) -> list[Point]:
    return [(round(x, 1), round(y, 1)) for x, y in points]


def _attempts(course: _Course, ref: str, y: float) -> list[Mark]:
    """Return the attempts above the lane; those at one place stand beside each other."""
    placed = [
        (course.axis.at(one.session_number, one.date), one)
        for one in course.facts.attempts
        if one.rupture == ref
    ]
    taken: Counter[float] = Counter()
    marks = []
    for place, one in sorted(placed, key=lambda at: (at[0], at[1].by, at[1].receipt)):
        x = course.scale(place)
        marks.append(_attempt(one, round(x + taken[x] * MARK_WIDTH, 1), y - 25))
        taken[x] += 1
    return marks


def _attempt(attempt: AttemptFact, x: float, y: float) -> Mark:
    fill, at_home = FILLS[attempt.receipt], attempt.session_number is None
    marks = [svg.circle("ring", (x, y), 7.5)]
    if at_home:
        turned = f"rotate(45 {x} {y})"
        marks = [svg.rect("ring", (x - 6, y - 6), 12, 12, rx=1.5, transform=turned)]
    if fill == "half":
        marks.append(svg.path("fill", f"M{x} {y - 7.5}a7.5 7.5 0 0 0 0 15z"))
    if fill == "crossed":
        falling = f"M{x - 3.6} {y - 3.6}l7.2 7.2"
        marks.append(svg.path("cross", f"{falling}M{x + 3.6} {y - 3.6}l-7.2 7.2"))
    marks.append(svg.text("by", (x, y - 12), attempt.by, anchor="middle"))
    css = f"mark {fill} home" if at_home else f"mark {fill}"
    return svg.group(css, *marks, title=("attempt", attempt.by, attempt.receipt, at_home))


def _table(facts: LedgerInput) -> Table:
    """Return a row for each status of each rupture, with the attempts that fell into it."""
    rows = [_row(facts, one, span) for one in facts.ruptures for span in one.state.spans]
    return Table(("rupture", "episode", "status", "from", "until", "attempts"), tuple(rows))


def _row(facts: LedgerInput, rupture: RuptureFacts, span: Span) -> tuple[str, ...]:
    since = facts.local_date(span.since)
    until = facts.local_date(span.until) if span.until else None
    inside = [
        one.receipt
        for one in sorted(facts.attempts, key=_by_day)
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


def _by_day(attempt: AttemptFact) -> tuple[object, ...]:
    return attempt.date, attempt.by, attempt.receipt
