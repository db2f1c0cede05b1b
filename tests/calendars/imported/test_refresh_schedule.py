from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from clinic.calendars.imported.refresh_schedule import is_stale, wait_before_refresh

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def wait(failures, key="a"):
    return wait_before_refresh(failures=failures, key=key)


@pytest.mark.parametrize(
    ("failures", "minutes"),
    [(0, 15), (1, 30), (2, 60), (3, 120), (4, 240), (5, 360), (6, 360), (1000, 360)],
)
def test_wait_doubles_with_every_failure_up_to_six_hours_and_a_tenth(failures, minutes):
    waits = [wait(failures, str(n)) / MINUTE for n in range(200)]
    assert minutes <= min(waits) < minutes * 1.02
    assert minutes * 1.08 < max(waits) <= minutes * 1.1


def test_same_key_waits_the_same_and_another_one_differently():
    assert wait(0, "a") == wait(0, "a")
    assert wait(0, "a") != wait(0, "b")


@pytest.mark.parametrize(
    ("last_ok", "since", "stale"),
    [
        (None, 3 * DAY - MINUTE, False),
        (None, 3 * DAY, True),
        (3 * DAY - MINUTE, 9 * DAY, False),
        (3 * DAY, 9 * DAY, True),
    ],
)
def test_silence_counts_from_the_last_good_reading_or_from_the_start(last_ok, since, stale):
    good = None if last_ok is None else NOW - last_ok
    assert is_stale(good, since=NOW - since, now=NOW) is stale
