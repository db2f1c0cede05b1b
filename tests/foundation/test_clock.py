from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from clinic.foundation.clock import Clock

pytestmark = pytest.mark.one_database
INSTANT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def test_running_clock_tells_the_present_in_utc():
    before = datetime.now(UTC)

    told = Clock().now()

    assert before <= told <= datetime.now(UTC)
    assert told.tzinfo is UTC


def test_frozen_clock_stands_still_until_it_is_moved():
    clock = Clock()
    clock.freeze(INSTANT)

    assert (clock.now(), clock.now()) == (INSTANT, INSTANT)
    clock.move(timedelta(hours=2))
    assert clock.now() == INSTANT + timedelta(hours=2)


def test_clock_frozen_in_another_offset_tells_utc():
    clock = Clock()
    clock.freeze(datetime(2026, 11, 23, 10, 0, tzinfo=timezone(timedelta(hours=1))))

    assert clock.now() == INSTANT
    assert clock.now().tzinfo is UTC


def test_clock_runs_again():
    clock = Clock()
    clock.freeze(INSTANT)
    clock.run()

    assert clock.now() != INSTANT


def test_naive_instant_and_a_running_clock_that_is_moved_are_refused():
    clock = Clock()

    with pytest.raises(ValueError, match="aware"):
        clock.freeze(datetime(2026, 11, 23, 9, 0))
    with pytest.raises(ValueError, match="frozen"):
        clock.move(timedelta(1))
