from __future__ import annotations

from datetime import UTC, datetime
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


def test_notice_counts_from_now_in_real_minutes() -> None:
    now = datetime(2026, 10, 24, 23, 30, 15, tzinfo=UTC)
    found = offer(notice_minutes=90).earliest_start(now)
    assert found == datetime(2026, 10, 25, 1, 0, 15, tzinfo=UTC)


def test_staff_are_free_of_notice_and_of_the_clients_horizon_only() -> None:
    for_clients = offer(notice_minutes=60, horizon_days=90, grid_minutes=30, max_per_day=4)
    for_staff = offer(notice_minutes=0, horizon_days=730, grid_minutes=30, max_per_day=4)
    assert for_clients.for_staff() == for_staff
