from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from clinic.booking.slots.minute_ranges import (
    covers,
    intersect_spans,
    merge_spans,
    subtract_spans,
)
from tests.support.booking.slot_cases import thorough

SPANS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=8)


def points(spans: list[tuple[int, int]]) -> set[int]:
    return {point for start, end in spans for point in range(start, end)}


def test_spans_that_overlap_or_touch_become_one_and_empty_ones_vanish() -> None:
    assert merge_spans([(5, 7), (1, 3), (3, 4), (6, 9), (2, 2), (9, 8)]) == [(1, 4), (5, 9)]


def test_a_removed_span_may_reach_over_several_kept_ones() -> None:
    kept = [(0, 4), (5, 8), (10, 14)]
    assert subtract_spans(kept, [(1, 2), (3, 6), (7, 11)]) == [(0, 1), (2, 3), (6, 7), (11, 14)]


def test_the_common_part_is_cut_where_either_is_cut() -> None:
    assert intersect_spans([(0, 5), (6, 9)], [(0, 2), (2, 7)]) == [(0, 2), (2, 5), (6, 7)]


@thorough(300)
@given(first=SPANS, second=SPANS)
def test_spans_are_sets_of_points(
    first: list[tuple[int, int]], second: list[tuple[int, int]]
) -> None:
    a, b = merge_spans(first), merge_spans(second)
    assert points(a) == points(first)
    assert a == merge_spans(a)
    assert all(earlier[1] < later[0] for earlier, later in pairwise(a))
    left = subtract_spans(a, b)
    assert (left, points(left)) == (merge_spans(left), points(first) - points(second))
    common = intersect_spans(a, b)
    assert (common, points(common)) == (merge_spans(common), points(first) & points(second))


@thorough(100)
@given(spans=SPANS, point=st.integers(0, 30))
def test_a_span_holds_its_start_and_not_its_end(spans: list[tuple[int, int]], point: int) -> None:
    assert covers(spans, point) == (point in points(spans))
