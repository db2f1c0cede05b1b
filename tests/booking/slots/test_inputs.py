from __future__ import annotations

from typing import Any

import pytest

from tests.support.booking.slot_cases import offer


@pytest.mark.parametrize(
    "wrong",
    [
        {"length_minutes": 0},
        {"length_minutes": 1441},
        {"buffer_before_minutes": -1},
        {"buffer_after_minutes": -1},
        {"notice_minutes": -1},
        {"horizon_days": -1},
        {"grid_minutes": 4},
        {"grid_minutes": 241},
        {"grid_offset_minutes": -1},
        {"grid_offset_minutes": 1440},
        {"max_per_day": 0},
        {"max_sessions_per_day": 0},
    ],
    ids=str,
)
def test_rules_that_cannot_be_meant_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        offer(**wrong)


def test_the_bounds_themselves_are_taken() -> None:
    least = offer(length_minutes=1, horizon_days=0, grid_minutes=5, max_per_day=1)
    most = offer(grid_minutes=240, grid_offset_minutes=1439)
    assert (least.grid_minutes, most.grid_minutes) == (5, 240)
