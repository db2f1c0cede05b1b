"""The pure rules of what one network and one e-mail address may hold and book."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.booking.rules.visitor_limits import (
    HELD_TIME_OF_DIARY,
    HOLDS_ALWAYS_LEFT,
    HOLDS_OF_NETWORK,
    LIMITS,
    Counted,
    HeldTime,
    is_over,
    wait_for_hold,
    wait_for_window,
    window_start,
)

NOW = datetime(2026, 11, 30, 9, 7, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)
MINUTE = timedelta(minutes=1)

lengths = st.integers(10, 600).map(lambda minutes: timedelta(minutes=minutes))
holds = st.builds(
    HeldTime,
    therapist_id=st.sampled_from(["ines", "rui", "marta"]),
    length=lengths,
    expires_at=st.integers(-5, 10).map(lambda minutes: NOW + minutes * MINUTE),
)


def held(count, *, length=HALF_HOUR, therapist_id="ines", minutes=10):
    return [HeldTime(therapist_id, length, NOW + minutes * MINUTE) for _ in range(count)]


def wait(held, *, length=HALF_HOUR, therapist_id="ines"):
    return wait_for_hold(held, therapist_id=therapist_id, length=length, now=NOW)


def test_waiting_room_of_eight_couples_with_one_therapist_waits_for_nothing():
    assert [wait(held(count)) for count in range(9)] == [timedelta(0)] * 8 + [10 * MINUTE]


def test_two_sessions_of_any_length_can_be_held_with_one_therapist():
    whole_day = timedelta(hours=8)

    assert wait([], length=whole_day) == timedelta(0)
    assert wait(held(1, length=whole_day), length=whole_day) == timedelta(0)
    assert wait(held(2, length=whole_day), length=whole_day) == 10 * MINUTE
    assert wait(held(2, length=whole_day), therapist_id="rui") == timedelta(0)


def test_network_holds_a_dozen_times_over_all_therapists():
    eleven = [one for name in "abcdefghijk" for one in held(1, therapist_id=name)]

    assert wait(eleven) == timedelta(0)
    assert wait([*eleven, *held(1, therapist_id="l", minutes=3)]) == 3 * MINUTE


def test_hold_that_has_run_out_counts_no_more():
    assert wait(held(100, minutes=0)) == timedelta(0)


@given(st.lists(holds, max_size=30), lengths)
def test_after_the_wait_there_is_room_and_not_a_moment_before(held, length):
    waited = wait_for_hold(held, therapist_id="ines", length=length, now=NOW)

    later = {
        moment: wait_for_hold(held, therapist_id="ines", length=length, now=moment)
        for moment in (NOW + waited, NOW + waited - timedelta(microseconds=1))
    }

    assert later[NOW + waited] == timedelta(0)
    if waited:
        assert later[NOW + waited - timedelta(microseconds=1)] == timedelta(microseconds=1)


@given(st.lists(st.tuples(st.sampled_from(["ines", "rui", "marta"]), lengths), max_size=40))
def test_network_that_takes_what_it_gets_never_holds_more_than_its_share(wishes):
    taken = []
    for therapist_id, length in wishes:
        if not wait_for_hold(taken, therapist_id=therapist_id, length=length, now=NOW):
            taken.append(HeldTime(therapist_id, length, NOW + 10 * MINUTE))

    assert len(taken) <= HOLDS_OF_NETWORK
    for name in {one.therapist_id for one in taken}:
        with_one = [one.length for one in taken if one.therapist_id == name]
        is_small = sum(with_one, timedelta(0)) <= HELD_TIME_OF_DIARY
        assert is_small or len(with_one) <= HOLDS_ALWAYS_LEFT


@pytest.mark.parametrize("counted", list(Counted))
def test_one_more_than_the_limit_is_over_and_the_limit_is_not(counted):
    most = LIMITS[counted].most

    assert [is_over(counted, most), is_over(counted, most + 1)] == [False, True]


def test_windows_begin_at_midnight_and_at_every_tenth_minute_of_utc():
    assert window_start(Counted.BOOKINGS_OF_NETWORK, now=NOW) == NOW.replace(hour=0, minute=0)
    assert window_start(Counted.BOOKINGS_AT_ONCE, now=NOW) == NOW.replace(minute=0)
    assert wait_for_window(Counted.BOOKINGS_AT_ONCE, now=NOW) == 3 * MINUTE


@given(st.sampled_from(Counted), st.datetimes(timezones=st.just(UTC)))
def test_every_moment_lies_in_one_window_which_ends_after_it(counted, now):
    if now.year in {1, 9999}:
        return
    start, window = window_start(counted, now=now), LIMITS[counted].window

    assert start <= now < start + window
    assert now + wait_for_window(counted, now=now) == start + window
    assert window_start(counted, now=start) == start
