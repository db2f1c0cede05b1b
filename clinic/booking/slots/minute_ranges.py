"""Sets of half-open spans, as sorted lists of pairs.

Intervals are spans of instants; the slot rules work on spans of epoch minutes (see
`foundation/epoch_minutes.py`), so that no date-time is made in an inner loop.
Every list taken or given back, except what `merge_spans` takes, is sorted and free of overlaps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar

Bound = TypeVar("Bound", int, datetime)


def merge_spans(spans: Iterable[tuple[Bound, Bound]]) -> list[tuple[Bound, Bound]]:
    """The same time as sorted spans that neither overlap nor touch; empty spans vanish."""
    merged: list[tuple[Bound, Bound]] = []
    for start, end in sorted(spans):
        if not start < end:
            continue
        if merged and start <= merged[-1][1]:
            if end > merged[-1][1]:
                merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def subtract_spans(
    whole: Iterable[tuple[Bound, Bound]], removed: Sequence[tuple[Bound, Bound]]
) -> list[tuple[Bound, Bound]]:
    """What is left of `whole` outside `removed`, in one sweep over both."""
    left: list[tuple[Bound, Bound]] = []
    at = 0
    for start, end in whole:
        free_from = start
        while at < len(removed) and removed[at][0] < end:
            if removed[at][0] > free_from:
                left.append((free_from, removed[at][0]))
            free_from = max(free_from, removed[at][1])
            if removed[at][1] > end:
                break  # it reaches into the next span as well
            at += 1
        if free_from < end:
            left.append((free_from, end))
    return left


def intersect_spans(
    first: Sequence[tuple[Bound, Bound]], second: Sequence[tuple[Bound, Bound]]
) -> list[tuple[Bound, Bound]]:
    """The time in both, cut at every boundary of either, in one sweep over both."""
    common: list[tuple[Bound, Bound]] = []
    at_first = at_second = 0
    while at_first < len(first) and at_second < len(second):
        start = max(first[at_first][0], second[at_second][0])
        end = min(first[at_first][1], second[at_second][1])
        if start < end:
            common.append((start, end))
        if first[at_first][1] < second[at_second][1]:
            at_first += 1
        else:
            at_second += 1
    return common


def covers(spans: Iterable[tuple[Bound, Bound]], point: Bound) -> bool:
    """Whether any of the spans, in any order, holds `point`."""
    return any(start <= point < end for start, end in spans)
