"""Instants and dates counted from 1970, before it, too."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from clinic.foundation.epoch_minutes import (
    ceil_minute,
    day_date,
    day_number,
    floor_minute,
    instant_at,
)


def test_instants_are_rounded_to_whole_minutes_down_or_up() -> None:
    whole = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    assert floor_minute(whole) == ceil_minute(whole) == 29923740
    odd = whole.replace(second=59, microsecond=1)
    assert (floor_minute(odd), ceil_minute(odd)) == (29923740, 29923741)
    assert instant_at(29923740) == whole


def test_minutes_before_1970_are_rounded_the_same_way() -> None:
    odd = datetime(1969, 12, 31, 23, 58, 30, tzinfo=UTC)
    assert (floor_minute(odd), ceil_minute(odd)) == (-2, -1)


@pytest.mark.parametrize(("on", "number"), [(date(1970, 1, 1), 0), (date(2026, 11, 23), 20780)])
def test_days_are_counted_from_1970(on: date, number: int) -> None:
    assert (day_number(on), day_date(number)) == (number, on)
