"""Open slots: each named case gives its whole expected list, the properties hold for any."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given

from clinic.booking.slots.availability import DayOverride, Schedule, WeeklyHours
from clinic.booking.slots.instant_ranges import Interval, overlaps
from clinic.booking.slots.open_slots import (
    Slot,
    claims_window,
    nearest_slots,
    open_slots,
    open_starts,
)
from clinic.foundation.epoch_minutes import instant_at
from tests.support.booking.offered_starts import BERLIN, FAR, LONG_AGO, clock_times, offered
from tests.support.booking.slot_cases import (
    Situation,
    between,
    claim,
    daily,
    situations,
    thorough,
    wall_range,
    whole_day,
)
from tests.support.booking.slot_oracle import SlotOracle

# Time off, closures, overrides


def test_time_off_for_a_local_day_takes_its_last_slot_and_no_other_day() -> None:
    """cal#14422, cal#8207, cal#15871, cal#15424: the last slot of the local day leaked."""
    for zone in (BERLIN, "America/Vancouver", "Asia/Kolkata", "Pacific/Auckland"):
        schedule = Schedule(zone, daily("00:00-24:00"), time_off=(whole_day(zone, "2026-12-22"),))
        window = between(zone, "2026-12-21 21:00", "2026-12-23 03:00")
        assert [start[:16] for start in offered(schedule, FAR, window)] == [
            "2026-12-21 21:00",
            "2026-12-21 22:00",
            "2026-12-21 23:00",
            "2026-12-23 00:00",
            "2026-12-23 01:00",
            "2026-12-23 02:00",
        ]


def test_the_last_slot_of_the_local_day_is_the_one_that_still_fits() -> None:
    schedule = Schedule(BERLIN, daily("21:00-23:30"))
    rules = replace(FAR, grid_minutes=30)
    assert clock_times(offered(schedule, rules, whole_day(BERLIN, "2026-12-22"))) == [
        "21:00",
        "21:30",
        "22:00",
        "22:30",
    ]


def test_hours_over_midnight_stop_at_time_off_on_the_following_day() -> None:
    """cal#24705: what lay past midnight was judged by the day before."""
    schedule = Schedule(
        BERLIN,
        (WeeklyHours(3, wall_range("21:00-26:00")),),
        time_off=(whole_day(BERLIN, "2026-12-18"),),
    )
    window = between(BERLIN, "2026-12-17 12:00", "2026-12-18 12:00")
    assert clock_times(offered(schedule, FAR, window)) == ["21:00", "22:00", "23:00"]


def test_time_off_is_exact_to_the_minute() -> None:
    schedule = Schedule(
        BERLIN,
        daily("09:00-13:00"),
        time_off=(between(BERLIN, "2026-12-22 10:01", "2026-12-22 11:00"),),
    )
    rules = replace(FAR, grid_minutes=30)
    assert clock_times(offered(schedule, rules, whole_day(BERLIN, "2026-12-22"))) == [
        "09:00",
        "11:00",
        "11:30",
        "12:00",
    ]


def test_a_closure_of_the_clinic_closes_every_therapist() -> None:
    schedule = Schedule(BERLIN, daily("09:00-11:00"), closures=(whole_day(BERLIN, "2026-12-25"),))
    window = between(BERLIN, "2026-12-24 00:00", "2026-12-27 00:00")
    assert [start[:16] for start in offered(schedule, FAR, window)] == [
        "2026-12-24 09:00",
        "2026-12-24 10:00",
        "2026-12-26 09:00",
        "2026-12-26 10:00",
    ]


def test_an_override_replaces_all_the_hours_of_its_day() -> None:
    schedule = Schedule(
        BERLIN,
        daily("09:00-11:00", "15:00-17:00"),
        overrides=(DayOverride(date(2026, 12, 22), (wall_range("12:00-13:00"),)),),
    )
    window = between(BERLIN, "2026-12-22 00:00", "2026-12-23 12:00")
    assert [start[:16] for start in offered(schedule, FAR, window)] == [
        "2026-12-22 12:00",
        "2026-12-23 09:00",
        "2026-12-23 10:00",
    ]


def test_a_closed_day_leaves_the_night_before_which_belongs_to_its_own_day() -> None:
    schedule = Schedule(
        BERLIN, daily("22:00-25:00"), overrides=(DayOverride(date(2026, 12, 22), ()),)
    )
    window = between(BERLIN, "2026-12-21 12:00", "2026-12-23 12:00")
    assert [start[:16] for start in offered(schedule, FAR, window)] == [
        "2026-12-21 22:00",
        "2026-12-21 23:00",
        "2026-12-22 00:00",
    ]


def test_hours_that_meet_at_midnight_are_one_stretch() -> None:
    schedule = Schedule(BERLIN, daily("00:00-01:00", "23:00-24:00"))
    rules = replace(FAR, length_minutes=90, grid_minutes=30)
    window = between(BERLIN, "2026-12-21 12:00", "2026-12-22 12:00")
    assert clock_times(offered(schedule, rules, window)) == ["23:00", "23:30"]


def test_a_session_may_last_into_the_following_day() -> None:
    zone = "Pacific/Kiritimati"
    schedule = Schedule(zone, daily("00:00-24:00"))
    window = between(zone, "2026-12-22 13:00", "2026-12-22 13:30")
    rules = replace(FAR, length_minutes=1440)
    assert offered(schedule, rules, window) == ["2026-12-22 13:00+14:00"]


def test_an_hour_from_quarter_past_holds_one_hourly_session() -> None:
    """cal#14134: it held none."""
    schedule = Schedule(BERLIN, daily("09:15-10:15"))
    rules = replace(FAR, grid_minutes=15)
    assert clock_times(offered(schedule, rules, whole_day(BERLIN, "2026-12-22"))) == ["09:15"]


# The grid


def test_an_odd_appointment_does_not_move_the_grid() -> None:
    """Easy!Appointments counts its steps from the end of each appointment."""
    booked = claim(between(BERLIN, "2026-12-22 10:07", "2026-12-22 10:52"))
    found = offered(
        Schedule(BERLIN, daily("09:00-14:00")),
        replace(FAR, grid_minutes=30),
        whole_day(BERLIN, "2026-12-22"),
        claims=(booked,),
    )
    assert clock_times(found) == ["09:00", "11:00", "11:30", "12:00", "12:30", "13:00"]


def test_odd_opening_hours_do_not_move_the_grid() -> None:
    schedule = Schedule(BERLIN, daily("09:05-12:00"))
    assert clock_times(offered(schedule, FAR, whole_day(BERLIN, "2026-12-22"))) == [
        "10:00",
        "11:00",
    ]


def test_the_grid_can_begin_off_the_full_hour() -> None:
    schedule = Schedule(BERLIN, daily("09:00-12:00"))
    rules = replace(FAR, grid_offset_minutes=10)
    assert clock_times(offered(schedule, rules, whole_day(BERLIN, "2026-12-22"))) == [
        "09:10",
        "10:10",
    ]


def test_a_grid_that_does_not_divide_the_day_begins_anew_at_midnight() -> None:
    schedule = Schedule(BERLIN, daily("00:00-24:00"))
    rules = replace(FAR, length_minutes=30, grid_minutes=50)
    window = between(BERLIN, "2026-12-21 22:00", "2026-12-22 02:00")
    assert clock_times(offered(schedule, rules, window)) == [
        "22:30",
        "23:20",
        "00:00",
        "00:50",
        "01:40",
    ]


# The edges


def test_slots_start_within_the_window_and_may_end_beyond_it() -> None:
    schedule = Schedule(BERLIN, daily("09:00-13:00"))
    window = between(BERLIN, "2026-12-22 10:00", "2026-12-22 12:00")
    assert clock_times(offered(schedule, FAR, window)) == ["10:00", "11:00"]


def test_no_hours_no_slots() -> None:
    assert offered(Schedule(BERLIN), FAR, whole_day(BERLIN, "2026-12-22")) == []


def test_a_window_of_less_than_a_minute_holds_at_most_the_minute_that_begins_in_it() -> None:
    nine = between(BERLIN, "2026-12-22 09:00", "2026-12-22 10:00").start
    second = timedelta(seconds=1)
    schedule = Schedule(BERLIN, daily("09:00-13:00"))
    found = [
        clock_times(offered(schedule, FAR, Interval(nine + shift * second, nine + 2 * second)))
        for shift in (0, 1)
    ]
    assert found == [["09:00"], []]


@pytest.mark.parametrize(
    ("start", "now"),
    [
        (datetime(1979, 12, 30, tzinfo=UTC), LONG_AGO),
        (datetime(2100, 12, 31, tzinfo=UTC), LONG_AGO),
        (datetime(2027, 1, 1, tzinfo=UTC), datetime(1979, 12, 31, tzinfo=UTC)),
    ],
)
def test_years_outside_1980_to_2100_are_refused(start: datetime, now: datetime) -> None:
    window = Interval(start, start + timedelta(days=3))
    with pytest.raises(ValueError, match="1980 to 2100"):
        offered(Schedule(BERLIN), FAR, window, now=now)


def test_the_last_day_of_2100_has_slots() -> None:
    found = offered(Schedule("UTC", daily("09:00-10:00")), FAR, whole_day("UTC", "2100-12-31"))
    assert found == ["2100-12-31 09:00+00:00"]


def test_a_claim_that_lasts_for_centuries_only_takes_its_time() -> None:
    for_good = claim(Interval(LONG_AGO, datetime(9999, 12, 31, tzinfo=UTC)))
    schedule = Schedule(BERLIN, daily("09:00-10:00"))
    assert offered(schedule, FAR, whole_day(BERLIN, "2026-12-22"), claims=(for_good,)) == []


def test_the_nearest_slots_come_closest_first_and_the_earlier_of_two_equals() -> None:
    nine = datetime(2026, 12, 22, 9, 0, tzinfo=UTC)
    hour = timedelta(hours=1)
    slots = [Slot(nine + hours * hour, nine + (hours + 1) * hour) for hours in (0, 1, 3, 4, 9)]
    assert nearest_slots(slots, nine + 2 * hour) == [slots[1], slots[2], slots[0]]
    assert nearest_slots(slots, nine + 20 * hour, 1) == [slots[4]]
    assert nearest_slots([], nine) == []


# Properties, over zones and years, mostly on days when clocks change


@thorough(300)
@given(case=situations())
def test_open_slots_are_those_a_minute_by_minute_search_finds(
    case: tuple[Situation, Interval],
) -> None:
    situation, window = case
    oracle = SlotOracle(window=window, **situation.arguments())
    length = timedelta(minutes=situation.offer.length_minutes)
    expected = [Slot(start, start + length) for start in oracle.open_starts()]
    assert open_slots(window=window, **situation.arguments()) == expected


@thorough(100)
@given(case=situations())
def test_slots_come_in_order_and_never_twice(case: tuple[Situation, Interval]) -> None:
    situation, window = case
    starts = open_starts(window=window, **situation.arguments())
    assert all(earlier < later for earlier, later in pairwise(starts))
    assert all(window.start <= instant_at(start) < window.end for start in starts)


@thorough(100)
@given(case=situations())
def test_a_window_can_be_asked_for_in_parts(case: tuple[Situation, Interval]) -> None:
    situation, window = case
    middle = window.start + (window.end - window.start) / 3
    parts = [Interval(window.start, middle), Interval(middle, window.end)]
    found = [slot for part in parts for slot in open_slots(window=part, **situation.arguments())]
    assert found == open_slots(window=window, **situation.arguments())


@thorough(100)
@given(case=situations())
def test_claims_outside_the_claims_window_do_not_matter(case: tuple[Situation, Interval]) -> None:
    situation, window = case
    relevant = claims_window(offer=situation.offer, window=window, longest_buffer_minutes=25)
    pruned = replace(
        situation,
        claims=tuple(c for c in situation.claims if overlaps(c.interval, relevant)),
        outside_busy=tuple(busy for busy in situation.outside_busy if overlaps(busy, relevant)),
    )
    whole = open_slots(window=window, **situation.arguments())
    assert open_slots(window=window, **pruned.arguments()) == whole


@thorough(150)
@given(case=situations())
def test_booking_a_slot_takes_away_what_it_meets_and_adds_nothing(
    case: tuple[Situation, Interval],
) -> None:
    situation, window = case
    before = open_slots(window=window, **situation.arguments())
    if not before:
        return
    rules, taken = situation.offer, before[len(before) // 2]
    booked = claim(
        Interval(taken.start, taken.end),
        before=rules.buffer_before_minutes,
        after=rules.buffer_after_minutes,
        session_type=rules.session_type,
    )
    gap = timedelta(minutes=max(rules.buffer_before_minutes, rules.buffer_after_minutes))
    unlimited = replace(rules, max_per_day=None, max_sessions_per_day=None)
    after = replace(situation, offer=unlimited, claims=(*situation.claims, booked))
    open_before = open_slots(window=window, **replace(situation, offer=unlimited).arguments())
    assert open_slots(window=window, **after.arguments()) == [
        slot
        for slot in open_before
        if slot.end + gap <= taken.start or taken.end + gap <= slot.start
    ]
