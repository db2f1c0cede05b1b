from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given

from clinic.booking.slots.availability import Schedule
from clinic.booking.slots.explanation import explain, explain_wall
from clinic.booking.slots.inputs import ClaimKind
from clinic.booking.slots.instant_ranges import Interval
from clinic.booking.slots.open_slots import open_slots
from clinic.booking.slots.start_restrictions import RestrictionRule
from tests.support.booking.slot_cases import (
    Situation,
    between,
    claim,
    clock_minutes,
    daily,
    offer,
    situations,
    thorough,
    whole_day,
)
from tests.support.booking.slot_oracle import SlotOracle

ZONE = "America/New_York"
BUSY_DAY = Situation(
    schedule=Schedule(
        ZONE,
        daily("09:00-19:00"),
        time_off=(between(ZONE, "2027-03-16 12:00", "2027-03-16 13:00"),),
        closures=(between(ZONE, "2027-03-16 13:00", "2027-03-16 14:00"),),
    ),
    offer=offer(notice_minutes=60, horizon_days=2, max_sessions_per_day=3, buffer_after_minutes=10),
    claims=(
        claim(between(ZONE, "2027-03-16 15:00", "2027-03-16 16:00"), after=10),
        claim(between(ZONE, "2027-03-16 17:10", "2027-03-16 18:00"), kind=ClaimKind.HOLD),
        *(
            claim(between(ZONE, f"2027-03-15 {hour}:00", f"2027-03-15 {hour + 1}:00"))
            for hour in (16, 17, 18)
        ),
    ),
    outside_busy=(between(ZONE, "2027-03-16 18:05", "2027-03-16 18:10"),),
    now=between(ZONE, "2027-03-15 09:30", "2027-03-15 10:00").start,
)


@pytest.mark.parametrize(
    ("on", "at", "rule"),
    [
        ("2027-03-15", "09:00", RestrictionRule.PAST),
        ("2027-03-15", "10:00", RestrictionRule.NOTICE),
        ("2027-03-15", "11:00", RestrictionRule.DAILY_LIMIT),
        ("2027-03-15", "16:00", RestrictionRule.APPOINTMENT),
        ("2027-03-16", "10:30", RestrictionRule.OFF_GRID),
        ("2027-03-16", "08:00", RestrictionRule.CLOSED),
        ("2027-03-16", "10:00", None),
        ("2027-03-16", "12:00", RestrictionRule.TIME_OFF),
        ("2027-03-16", "13:00", RestrictionRule.CLOSURE),
        ("2027-03-16", "14:00", RestrictionRule.APPOINTMENT),
        ("2027-03-16", "15:00", RestrictionRule.APPOINTMENT),
        ("2027-03-16", "16:00", RestrictionRule.APPOINTMENT),
        ("2027-03-16", "17:00", RestrictionRule.HOLD),
        ("2027-03-16", "18:00", RestrictionRule.OUTSIDE_BUSY),
        ("2027-03-17", "18:00", None),
        ("2027-03-18", "09:00", RestrictionRule.HORIZON),
        ("2027-03-14", "02:30", RestrictionRule.NONEXISTENT_TIME),
    ],
)
def test_the_first_rule_against_a_time_is_named(
    on: str, at: str, rule: RestrictionRule | None
) -> None:
    found = explain_wall(date.fromisoformat(on), clock_minutes(at), **BUSY_DAY.arguments())
    assert found == rule


def test_where_all_rules_are_against_a_time_they_are_named_in_their_order() -> None:
    start = between(ZONE, "2027-03-16 10:30", "2027-03-16 11:00")
    closed = Schedule(ZONE, time_off=(start,), closures=(start,))
    everything = Situation(
        schedule=closed,
        offer=offer(notice_minutes=60, horizon_days=0, max_per_day=1),
        claims=(claim(start), claim(start, kind=ClaimKind.HOLD)),
        outside_busy=(start,),
        now=start.start + timedelta(minutes=1),
    )
    lift = {
        RestrictionRule.PAST: {"now": start.start - timedelta(minutes=10)},
        RestrictionRule.NOTICE: {"now": start.start - timedelta(days=1)},
        RestrictionRule.HORIZON: {"offer": offer(max_per_day=1, horizon_days=1)},
        RestrictionRule.OFF_GRID: {"offer": offer(max_per_day=1, horizon_days=1, grid_minutes=30)},
        RestrictionRule.CLOSED: {"schedule": replace(closed, weekly=daily("09:00-19:00"))},
        RestrictionRule.TIME_OFF: {
            "schedule": Schedule(ZONE, daily("09:00-19:00"), closures=(start,))
        },
        RestrictionRule.CLOSURE: {"schedule": Schedule(ZONE, daily("09:00-19:00"))},
        RestrictionRule.APPOINTMENT: {"claims": (claim(start, kind=ClaimKind.HOLD),)},
        RestrictionRule.HOLD: {
            "claims": (claim(between(ZONE, "2027-03-16 18:00", "2027-03-16 19:00")),)
        },
        RestrictionRule.OUTSIDE_BUSY: {"outside_busy": ()},
        RestrictionRule.DAILY_LIMIT: {"claims": ()},
    }
    named: list[RestrictionRule | None] = []
    for change in lift.values():
        named.append(explain(start.start, **everything.arguments()))
        everything = replace(everything, **change)
    assert named == list(lift) == list(RestrictionRule)[1:]
    assert explain(start.start, **everything.arguments()) is None


def test_a_time_within_the_buffer_is_refused_also_when_typed_in() -> None:
    """cal#14868: the page hid it, the booking took it."""
    booked = claim(between(ZONE, "2027-03-16 15:00", "2027-03-16 16:00"), after=15)
    situation = Situation(
        Schedule(ZONE, daily("09:00-19:00")),
        offer(grid_minutes=5),
        (booked,),
        (),
        datetime(2027, 3, 1, tzinfo=UTC),
    )
    verdicts = [
        explain_wall(date(2027, 3, 16), clock_minutes(at), **situation.arguments())
        for at in ("14:00", "14:05", "16:10", "16:15")
    ]
    assert verdicts == [None, RestrictionRule.APPOINTMENT, RestrictionRule.APPOINTMENT, None]


def test_a_start_with_seconds_is_off_the_grid() -> None:
    start = between(ZONE, "2027-03-16 10:00", "2027-03-16 11:00").start
    verdicts = [
        explain(start + timedelta(seconds=seconds), **BUSY_DAY.arguments()) for seconds in (0, 1)
    ]
    assert verdicts == [None, RestrictionRule.OFF_GRID]


def test_the_fold_says_which_of_two_instants_is_asked_for() -> None:
    first_only = Situation(
        schedule=Schedule(
            ZONE,
            daily("00:00-06:00"),
            closures=(
                Interval(
                    datetime(2027, 11, 7, 6, 0, tzinfo=UTC), datetime(2027, 11, 7, 7, 0, tzinfo=UTC)
                ),
            ),
        ),
        offer=offer(),
        claims=(),
        outside_busy=(),
        now=datetime(2027, 11, 1, tzinfo=UTC),
    )
    verdicts = [
        explain_wall(date(2027, 11, 7), 60, fold, **first_only.arguments()) for fold in (0, 1)
    ]
    assert verdicts == [None, RestrictionRule.CLOSURE]


@pytest.mark.parametrize(
    "start", [datetime(1979, 6, 1, tzinfo=UTC), datetime(2101, 1, 1, tzinfo=UTC)]
)
def test_years_outside_1980_to_2100_are_refused(start: datetime) -> None:
    with pytest.raises(ValueError, match="1980 to 2100"):
        explain(start, **BUSY_DAY.arguments())


def test_a_whole_day_is_explained_as_it_is_offered() -> None:
    window = whole_day(ZONE, "2027-03-16")
    slots = open_slots(window=window, **BUSY_DAY.arguments())
    starts = [slot.start for slot in slots]
    open_minutes = [
        start
        for minute in range(1440)
        for start in [window.start + timedelta(minutes=minute)]
        if explain(start, **BUSY_DAY.arguments()) is None
    ]
    assert open_minutes == starts


@thorough(60)
@given(case=situations(longest_window=1440))
def test_every_minute_has_the_verdict_of_the_oracle_and_is_open_if_offered(
    case: tuple[Situation, Interval],
) -> None:
    situation, window = case
    oracle = SlotOracle(window=window, **situation.arguments())
    verdicts = {minute: explain(minute, **situation.arguments()) for minute in oracle.minutes()}
    assert verdicts == {minute: oracle.verdict(minute) for minute in oracle.minutes()}
    offered = [slot.start for slot in open_slots(window=window, **situation.arguments())]
    assert offered == [minute for minute, rule in verdicts.items() if rule is None]


@thorough(100)
@given(case=situations(longest_window=60))
def test_seconds_get_the_verdict_of_the_oracle_up_to_the_grid(
    case: tuple[Situation, Interval],
) -> None:
    situation, window = case
    oracle = SlotOracle(window=window, **situation.arguments())
    start = window.start.replace(second=0) + timedelta(seconds=17)
    assert explain(start, **situation.arguments()) == oracle.verdict(start)


def test_the_present_counts_to_the_second() -> None:
    start = between(ZONE, "2027-03-15 11:00", "2027-03-15 12:00").start
    free = replace(BUSY_DAY, claims=())
    verdicts = [
        explain(start, **replace(free, now=start - timedelta(hours=1, seconds=early)).arguments())
        for early in (0, -1, -3601)
    ]
    assert verdicts == [None, RestrictionRule.NOTICE, RestrictionRule.PAST]
