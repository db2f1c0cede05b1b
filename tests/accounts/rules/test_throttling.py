from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.accounts.rules.throttling import (
    Question,
    Scope,
    Tries,
    blocked_for,
    failures_so_far,
    longest_block,
    request_wait,
    wait_after,
)

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("scope", "failures", "seconds"),
    [
        (Scope.PAIR, 0, 0),
        (Scope.PAIR, 4, 0),
        (Scope.PAIR, 5, 30),
        (Scope.PAIR, 6, 60),
        (Scope.PAIR, 7, 120),
        (Scope.PAIR, 11, 1920),
        (Scope.PAIR, 12, 3600),
        (Scope.PAIR, 10_000, 3600),
        (Scope.ADDRESS, 29, 0),
        (Scope.ADDRESS, 30, 30),
        (Scope.ADDRESS, 33, 240),
        (Scope.ADDRESS, 34, 300),
        (Scope.ADDRESS, 10_000, 300),
        (Scope.DEVICE, 4, 0),
        (Scope.DEVICE, 5, 30),
        (Scope.DEVICE, 12, 3600),
        (Scope.ACCOUNT, 49, 0),
        (Scope.ACCOUNT, 50, 30),
    ],
)
def test_waits_begin_after_the_free_tries_and_double_up_to_an_hour(scope, failures, seconds):
    assert wait_after(scope, failures) == timedelta(seconds=seconds)


def test_a_wait_is_over_at_its_end_and_not_before():
    tries = Tries(5, NOW)
    assert [
        blocked_for(Scope.PAIR, tries, now=NOW + timedelta(seconds=s)) for s in (0, 29, 30, 31)
    ] == [timedelta(seconds=30), timedelta(seconds=1), timedelta(0), timedelta(0)]


def test_a_clock_set_back_makes_no_wait_longer():
    tries = Tries(5, NOW)
    assert blocked_for(Scope.PAIR, tries, now=NOW - timedelta(days=1)) == timedelta(seconds=30)


def test_an_account_stops_taking_tries_after_a_hundred_whatever_the_time():
    later = NOW + timedelta(days=365)
    assert blocked_for(Scope.ACCOUNT, Tries(99, NOW), now=later) == timedelta(0)
    assert blocked_for(Scope.ACCOUNT, Tries(100, NOW), now=later) == timedelta(hours=1)


def test_the_longest_wait_binds():
    counts = {
        Scope.PAIR: Tries(5, NOW),
        Scope.ADDRESS: Tries(31, NOW),
        Scope.ACCOUNT: Tries(1, NOW),
    }
    assert longest_block(counts, has_signed_in_before=False, now=NOW) == timedelta(seconds=60)


def test_the_count_of_an_account_does_not_bind_an_address_its_owner_is_known_at():
    counts = {
        Scope.PAIR: Tries(1, NOW),
        Scope.ADDRESS: Tries(1, NOW),
        Scope.ACCOUNT: Tries(100, NOW),
    }
    assert longest_block(counts, has_signed_in_before=True, now=NOW) == timedelta(0)
    assert longest_block(counts, has_signed_in_before=False, now=NOW) == timedelta(hours=1)


failed = st.builds(
    Tries,
    failures=st.integers(0, 200),
    last_failed_at=st.integers(-7200, 0).map(lambda seconds: NOW + timedelta(seconds=seconds)),
)
elsewhere = st.fixed_dictionaries({one: failed for one in Scope if one is not Scope.DEVICE})


@given(elsewhere, failed, st.booleans())
def test_nothing_that_happens_elsewhere_binds_the_owners_device(counts, own, has_signed_in_before):
    with_device = counts | {Scope.DEVICE: own}

    assert longest_block(
        with_device, has_signed_in_before=has_signed_in_before, now=NOW
    ) == blocked_for(Scope.DEVICE, own, now=NOW)


@given(elsewhere, failed)
def test_one_more_failure_never_makes_a_wait_shorter(counts, own):
    for scope, tries in (counts | {Scope.DEVICE: own}).items():
        more = Tries(tries.failures + 1, NOW)
        waits = [blocked_for(scope, one, now=NOW) for one in (tries, more)]
        assert waits == sorted(waits)


def test_only_an_address_starts_anew_after_a_quiet_day():
    tries, day_later = Tries(31, NOW), NOW + timedelta(hours=24)
    assert {scope: failures_so_far(scope, tries, now=day_later) for scope in Scope} == {
        Scope.ACCOUNT: 31,
        Scope.ADDRESS: 0,
        Scope.PAIR: 31,
        Scope.DEVICE: 31,
    }
    assert failures_so_far(Scope.ADDRESS, tries, now=day_later - timedelta(seconds=1)) == 31


@pytest.mark.parametrize(
    ("question", "asked", "minutes", "wait"),
    [
        (Question.ASKED, 2, 0, 0),
        (Question.ASKED, 3, 0, 60),
        (Question.ASKED, 3, 59, 1),
        (Question.ASKED, 3, 60, 0),
        (Question.ASKED, 3, -10, 60),
        (Question.ASKED_FROM, 19, 0, 0),
        (Question.ASKED_FROM, 20, 15, 45),
    ],
)
def test_requests_for_a_new_password_wait_out_the_hour_after_the_last_one_let_through(
    question, asked, minutes, wait
):
    at = NOW + timedelta(minutes=minutes)
    assert request_wait(question, Tries(asked, NOW), now=at) == timedelta(minutes=wait)
