"""Open slots: each named case gives its whole expected list, the properties hold for any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given

from clinic.booking.availability import DayOverride, Schedule, WeeklyHours
from clinic.booking.explanation import explain
from clinic.booking.intervals import Interval, overlaps
from clinic.booking.offers import Claim, ClaimKind, Offer
from clinic.booking.slots import (
    Slot,
    claims_window,
    nearest_slots,
    open_slots,
    open_starts,
)
from clinic.booking.spans import instant_at
from tests.booking.slot_cases import (
    Situation,
    between,
    claim,
    daily,
    offer,
    situations,
    thorough,
    told,
    wall_range,
    whole_day,
)
from tests.booking.slot_oracle import SlotOracle

NEW_YORK = "America/New_York"
BERLIN = "Europe/Berlin"
LONG_AGO = datetime(2009, 1, 1, tzinfo=UTC)


def offered(
    schedule: Schedule,
    rules: Offer,
    window: Interval,
    *,
    claims: Sequence[Claim] = (),
    outside_busy: Sequence[Interval] = (),
    now: datetime = LONG_AGO,
) -> list[str]:
    slots = open_slots(
        schedule=schedule,
        offer=rules,
        claims=claims,
        outside_busy=outside_busy,
        window=window,
        now=now,
    )
    return told(slots, schedule.time_zone)


def clock_times(starts: list[str]) -> list[str]:
    return [start[11:16] for start in starts]


FAR = offer(horizon_days=36500)
HALF_HOURS = replace(FAR, length_minutes=30, grid_minutes=30)


# Clocks that change


def test_afternoon_starts_keep_their_hour_on_the_day_clocks_change() -> None:
    """cal#30021: starts from 13:00 on were an hour late on such days."""
    schedule = Schedule(NEW_YORK, daily("11:00-17:00"))
    spring, autumn = whole_day(NEW_YORK, "2027-03-14"), whole_day(NEW_YORK, "2027-11-07")
    hours = ("11", "12", "13", "14", "15", "16")
    assert offered(schedule, FAR, spring) == [f"2027-03-14 {hour}:00-04:00" for hour in hours]
    assert offered(schedule, FAR, autumn) == [f"2027-11-07 {hour}:00-05:00" for hour in hours]


def test_a_weekly_half_hour_stays_where_it_is_across_the_change_and_can_be_booked() -> None:
    """cal#6217: shown at 11:30 on 12 March and 13:30 on 5 November, and refused."""
    schedule = Schedule(NEW_YORK, (WeeklyHours(6, wall_range("12:30-13:00")),))
    for window, expected in (
        (
            between(NEW_YORK, "2023-03-01 00:00", "2023-03-31 00:00"),
            [
                "2023-03-05 12:30-05:00",
                "2023-03-12 12:30-04:00",
                "2023-03-19 12:30-04:00",
                "2023-03-26 12:30-04:00",
            ],
        ),
        (
            between(NEW_YORK, "2023-10-25 00:00", "2023-11-15 00:00"),
            ["2023-10-29 12:30-04:00", "2023-11-05 12:30-05:00", "2023-11-12 12:30-05:00"],
        ),
    ):
        assert offered(schedule, HALF_HOURS, window) == expected
        for start in expected:
            verdict = explain(
                datetime.fromisoformat(start).astimezone(UTC),
                schedule=schedule,
                offer=HALF_HOURS,
                claims=(),
                outside_busy=(),
                now=LONG_AGO,
            )
            assert verdict is None


def test_notice_that_ends_on_the_day_clocks_change_shifts_nothing() -> None:
    """cal#12137: seven days' notice from 29 October 2023 moved all of November."""
    schedule = Schedule(NEW_YORK, daily("09:00-13:00"))
    rules = replace(FAR, notice_minutes=7 * 24 * 60)
    now = datetime(2023, 10, 29, 14, 20, tzinfo=UTC)  # 10:20 in summer, 09:20 in winter time
    window = between(NEW_YORK, "2023-11-04 00:00", "2023-11-07 00:00")
    assert offered(schedule, rules, window, now=now) == [
        "2023-11-05 10:00-05:00",
        "2023-11-05 11:00-05:00",
        "2023-11-05 12:00-05:00",
        "2023-11-06 09:00-05:00",
        "2023-11-06 10:00-05:00",
        "2023-11-06 11:00-05:00",
        "2023-11-06 12:00-05:00",
    ]


def test_hours_from_nine_stay_at_nine_in_every_month() -> None:
    """cal#10517: only November, after the change, began at 08:00."""
    schedule = Schedule(NEW_YORK, daily("09:00-11:00"))
    now = datetime(2023, 8, 1, 12, 0, tzinfo=UTC)
    found = [
        offered(schedule, offer(horizon_days=180), whole_day(NEW_YORK, day), now=now)
        for day in ("2023-10-31", "2023-11-06", "2023-11-30", "2023-12-01")
    ]
    assert found == [
        ["2023-10-31 09:00-04:00", "2023-10-31 10:00-04:00"],
        ["2023-11-06 09:00-05:00", "2023-11-06 10:00-05:00"],
        ["2023-11-30 09:00-05:00", "2023-11-30 10:00-05:00"],
        ["2023-12-01 09:00-05:00", "2023-12-01 10:00-05:00"],
    ]


def test_new_york_offers_no_time_that_the_clocks_skip() -> None:
    """Easy!Appointments offered 02:00, 02:15, 02:30 and 02:45 on 2027-03-14."""
    schedule = Schedule(NEW_YORK, daily("01:00-05:00"))
    assert offered(schedule, HALF_HOURS, whole_day(NEW_YORK, "2027-03-14")) == [
        "2027-03-14 01:00-05:00",
        "2027-03-14 01:30-05:00",
        "2027-03-14 03:00-04:00",
        "2027-03-14 03:30-04:00",
        "2027-03-14 04:00-04:00",
        "2027-03-14 04:30-04:00",
    ]


def test_new_york_offers_both_instants_of_a_repeated_time() -> None:
    """Easy!Appointments offered 01:00 to 01:45 once on 2027-11-07, meaning either."""
    schedule = Schedule(NEW_YORK, daily("01:00-03:00"))
    assert offered(schedule, HALF_HOURS, whole_day(NEW_YORK, "2027-11-07")) == [
        "2027-11-07 01:00-04:00",
        "2027-11-07 01:30-04:00",
        "2027-11-07 01:00-05:00",
        "2027-11-07 01:30-05:00",
        "2027-11-07 02:00-05:00",
        "2027-11-07 02:30-05:00",
    ]


def test_a_session_over_a_change_of_clocks_lasts_its_real_minutes() -> None:
    for day in ("2027-03-14", "2027-11-07"):
        slots = open_slots(
            schedule=Schedule(NEW_YORK, daily("00:00-06:00")),
            offer=replace(FAR, length_minutes=90, grid_minutes=30),
            claims=(),
            outside_busy=(),
            window=whole_day(NEW_YORK, day),
            now=LONG_AGO,
        )
        assert {slot.end - slot.start for slot in slots} == {timedelta(minutes=90)}


def test_hours_that_start_in_the_gap_start_after_it() -> None:
    schedule = Schedule(NEW_YORK, daily("02:15-04:00"))
    assert offered(schedule, HALF_HOURS, whole_day(NEW_YORK, "2027-03-14")) == [
        "2027-03-14 03:00-04:00",
        "2027-03-14 03:30-04:00",
    ]


def test_hours_that_end_in_the_gap_end_where_it_begins() -> None:
    schedule = Schedule(NEW_YORK, daily("01:00-02:45"))
    assert offered(schedule, HALF_HOURS, whole_day(NEW_YORK, "2027-03-14")) == [
        "2027-03-14 01:00-05:00",
        "2027-03-14 01:30-05:00",
    ]


def test_hours_wholly_in_the_gap_open_nothing() -> None:
    schedule = Schedule(NEW_YORK, daily("02:10-02:50"))
    rules = replace(FAR, length_minutes=1, grid_minutes=5)
    assert offered(schedule, rules, whole_day(NEW_YORK, "2027-03-14")) == []


def test_hours_that_end_in_the_fold_end_at_its_second_passing() -> None:
    schedule = Schedule(NEW_YORK, daily("00:30-01:30"))
    assert offered(schedule, HALF_HOURS, whole_day(NEW_YORK, "2027-11-07")) == [
        "2027-11-07 00:30-04:00",
        "2027-11-07 01:00-04:00",
        "2027-11-07 01:30-04:00",
        "2027-11-07 01:00-05:00",
    ]


def test_lord_howe_moves_by_half_an_hour_and_the_grid_stays_on_the_wall() -> None:
    zone = "Australia/Lord_Howe"
    schedule = Schedule(zone, daily("01:00-04:00"))
    assert offered(schedule, HALF_HOURS, whole_day(zone, "2026-10-04")) == [
        "2026-10-04 01:00+10:30",
        "2026-10-04 01:30+10:30",
        "2026-10-04 02:30+11:00",
        "2026-10-04 03:00+11:00",
        "2026-10-04 03:30+11:00",
    ]
    assert offered(schedule, FAR, whole_day(zone, "2027-04-04")) == [
        "2027-04-04 01:00+11:00",
        "2027-04-04 02:00+10:30",
        "2027-04-04 03:00+10:30",
    ]


def test_apia_offers_nothing_on_the_day_it_skipped() -> None:
    zone = "Pacific/Apia"
    schedule = Schedule(zone, daily("09:00-11:00"))
    window = between(zone, "2011-12-29 00:00", "2012-01-01 00:00")
    assert offered(schedule, FAR, window) == [
        "2011-12-29 09:00-10:00",
        "2011-12-29 10:00-10:00",
        "2011-12-31 09:00+14:00",
        "2011-12-31 10:00+14:00",
    ]


def test_casablanca_offers_its_hours_around_ramadan() -> None:
    zone = "Africa/Casablanca"
    schedule = Schedule(zone, daily("09:00-10:00"))
    window = between(zone, "2026-02-14 00:00", "2026-02-16 00:00")
    assert offered(schedule, FAR, window) == ["2026-02-14 09:00+01:00", "2026-02-15 09:00+00:00"]


def test_sao_paulo_folds_at_midnight_and_the_evening_comes_twice() -> None:
    zone = "America/Sao_Paulo"
    schedule = Schedule(zone, daily("22:00-24:00"))
    window = between(zone, "2018-02-17 12:00", "2018-02-18 12:00")
    assert offered(schedule, FAR, window) == [
        "2018-02-17 22:00-02:00",
        "2018-02-17 23:00-02:00",
        "2018-02-17 23:00-03:00",
    ]


# Zones that are not whole hours from UTC, or far from it


def test_a_kathmandu_hour_blocks_an_hour() -> None:
    """cal#2102, cal#15265: 13:00 to 14:00 took the calendar until 14:45."""
    zone = "Asia/Kathmandu"
    booked = claim(between(zone, "2027-05-05 13:00", "2027-05-05 14:00"))
    found = offered(
        Schedule(zone, daily("12:00-18:00")),
        FAR,
        whole_day(zone, "2027-05-05"),
        claims=(booked,),
    )
    assert found == [
        "2027-05-05 12:00+05:45",
        "2027-05-05 14:00+05:45",
        "2027-05-05 15:00+05:45",
        "2027-05-05 16:00+05:45",
        "2027-05-05 17:00+05:45",
    ]


@pytest.mark.parametrize(
    ("zone", "offset"),
    [("Asia/Kolkata", "+05:30"), ("Pacific/Chatham", "+12:45"), ("Pacific/Kiritimati", "+14:00")],
)
def test_hourly_sessions_start_on_the_full_hour_of_the_wall(zone: str, offset: str) -> None:
    """cal#10136: hourly events began at half past in Kolkata."""
    found = offered(Schedule(zone, daily("09:00-12:00")), FAR, whole_day(zone, "2027-06-09"))
    assert found == [f"2027-06-09 {hour}:00{offset}" for hour in ("09", "10", "11")]


def test_partners_on_different_dates_see_the_same_instants() -> None:
    zone = "Pacific/Kiritimati"
    slots = open_slots(
        schedule=Schedule(zone, daily("09:00-11:00")),
        offer=FAR,
        claims=(),
        outside_busy=(),
        window=whole_day(zone, "2027-06-09"),
        now=LONG_AGO,
    )
    assert told(slots, zone) == ["2027-06-09 09:00+14:00", "2027-06-09 10:00+14:00"]
    assert told(slots, "Pacific/Pago_Pago") == ["2027-06-08 08:00-11:00", "2027-06-08 09:00-11:00"]


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


# Appointments, holds, buffers


def test_an_appointment_strictly_inside_a_slot_takes_the_slot() -> None:
    """Easy!Appointments still offered 10:00 to 11:00 around 10:15 to 10:45."""
    booked = claim(between(BERLIN, "2026-12-22 10:15", "2026-12-22 10:45"), session_type="intake")
    found = offered(
        Schedule(BERLIN, daily("09:00-13:00")),
        FAR,
        whole_day(BERLIN, "2026-12-22"),
        claims=(booked,),
    )
    assert clock_times(found) == ["09:00", "11:00", "12:00"]


def test_a_session_longer_than_the_step_takes_every_start_it_overlaps() -> None:
    """adamspd/django-appointment#261: only the start itself was taken."""
    booked = claim(between(BERLIN, "2026-12-22 11:00", "2026-12-22 12:30"))
    found = offered(
        Schedule(BERLIN, daily("09:00-15:00")),
        replace(FAR, length_minutes=90, grid_minutes=30),
        whole_day(BERLIN, "2026-12-22"),
        claims=(booked,),
    )
    assert clock_times(found) == ["09:00", "09:30", "12:30", "13:00", "13:30"]


def test_a_hold_takes_its_slot_like_an_appointment() -> None:
    """cal#15813: a request must hold its slot while the intake is filled in."""
    held = claim(between(BERLIN, "2026-12-22 10:00", "2026-12-22 11:00"), kind=ClaimKind.HOLD)
    found = offered(
        Schedule(BERLIN, daily("09:00-12:00")), FAR, whole_day(BERLIN, "2026-12-22"), claims=(held,)
    )
    assert clock_times(found) == ["09:00", "11:00"]


def test_a_buffer_after_the_session_keeps_the_next_one_away() -> None:
    """cal#24253: twenty minutes and five after still gave 10:00, 10:20, 10:40."""
    booked = claim(between(BERLIN, "2026-12-22 10:00", "2026-12-22 10:20"), after=5)
    rules = replace(FAR, length_minutes=20, buffer_after_minutes=5, grid_minutes=5)
    found = offered(
        Schedule(BERLIN, daily("09:30-11:00")),
        rules,
        whole_day(BERLIN, "2026-12-22"),
        claims=(booked,),
    )
    assert clock_times(found) == ["09:30", "09:35", "10:25", "10:30", "10:35", "10:40"]


def test_two_buffers_are_not_added_up() -> None:
    """cal#3662, cal#17414: an hour before and after became two hours."""
    booked = claim(between(BERLIN, "2026-12-22 14:00", "2026-12-22 15:00"), before=60, after=60)
    rules = replace(FAR, buffer_before_minutes=60, buffer_after_minutes=60)
    found = offered(
        Schedule(BERLIN, daily("10:00-19:00")),
        rules,
        whole_day(BERLIN, "2026-12-22"),
        claims=(booked,),
    )
    assert clock_times(found) == ["10:00", "11:00", "12:00", "16:00", "17:00", "18:00"]


def test_the_larger_buffer_counts_on_each_side() -> None:
    booked = claim(between(BERLIN, "2026-12-22 12:00", "2026-12-22 13:00"), before=20, after=5)
    rules = replace(
        FAR,
        length_minutes=30,
        grid_minutes=5,
        buffer_before_minutes=15,
        buffer_after_minutes=10,
    )
    found = offered(
        Schedule(BERLIN, daily("11:00-14:00")),
        rules,
        whole_day(BERLIN, "2026-12-22"),
        claims=(booked,),
    )
    assert clock_times(found) == ["11:00", "11:05", "11:10", "13:15", "13:20", "13:25", "13:30"]


def test_outside_appointments_count_with_our_own_buffers() -> None:
    busy = between(BERLIN, "2026-12-22 11:00", "2026-12-22 12:00")
    rules = replace(
        FAR,
        length_minutes=30,
        grid_minutes=15,
        buffer_before_minutes=15,
        buffer_after_minutes=30,
    )
    found = offered(
        Schedule(BERLIN, daily("09:30-13:00")),
        rules,
        whole_day(BERLIN, "2026-12-22"),
        outside_busy=(busy,),
    )
    assert clock_times(found) == ["09:30", "09:45", "10:00", "12:15", "12:30"]


def test_seconds_of_an_outside_appointment_count() -> None:
    whole = between(BERLIN, "2026-12-22 10:00", "2026-12-22 11:00")
    second = timedelta(seconds=1)
    busy = Interval(whole.start - second, whole.end + second)
    found = offered(
        Schedule(BERLIN, daily("09:00-13:00")),
        FAR,
        whole_day(BERLIN, "2026-12-22"),
        outside_busy=(busy,),
    )
    assert clock_times(found) == ["12:00"]


def test_buffers_need_not_fit_into_the_hours_or_beside_time_off() -> None:
    schedule = Schedule(
        BERLIN,
        daily("09:00-12:00"),
        time_off=(between(BERLIN, "2026-12-22 10:00", "2026-12-22 11:00"),),
    )
    rules = replace(FAR, buffer_before_minutes=30, buffer_after_minutes=30)
    assert clock_times(offered(schedule, rules, whole_day(BERLIN, "2026-12-22"))) == [
        "09:00",
        "11:00",
    ]


# Notice, horizon, limits


def test_a_start_exactly_at_the_end_of_the_notice_is_open() -> None:
    schedule = Schedule(BERLIN, daily("09:00-13:00"))
    rules = replace(FAR, notice_minutes=120)
    eight = between(BERLIN, "2026-12-22 08:00", "2026-12-22 09:00").start
    window = whole_day(BERLIN, "2026-12-22")
    assert [
        clock_times(offered(schedule, rules, window, now=eight + timedelta(seconds=late)))
        for late in (0, 1)
    ] == [["10:00", "11:00", "12:00"], ["11:00", "12:00"]]


def test_the_horizon_counts_local_dates_also_across_a_change_of_clocks() -> None:
    """Cal.com takes today's offset for the end of the last day."""
    schedule = Schedule(BERLIN, daily("22:00-24:00"))
    now = between(BERLIN, "2026-10-23 23:59", "2026-10-24 01:00").start
    window = between(BERLIN, "2026-10-23 00:00", "2026-10-30 00:00")
    assert offered(schedule, offer(horizon_days=2), window, now=now) == [
        "2026-10-24 22:00+02:00",
        "2026-10-24 23:00+02:00",
        "2026-10-25 22:00+01:00",
        "2026-10-25 23:00+01:00",
    ]


def test_a_horizon_of_no_days_is_today_where_the_therapist_is() -> None:
    zone = "Pacific/Auckland"
    schedule = Schedule(zone, daily("09:00-11:00"))
    now = between(zone, "2026-12-22 08:00", "2026-12-22 09:00").start
    window = between(zone, "2026-12-21 00:00", "2026-12-24 00:00")
    assert [start[:16] for start in offered(schedule, offer(horizon_days=0), window, now=now)] == [
        "2026-12-22 09:00",
        "2026-12-22 10:00",
    ]


def test_daily_limits_count_appointments_and_holds_of_the_therapists_date() -> None:
    """09:00 in Auckland is still the day before in UTC."""
    zone = "Pacific/Auckland"
    claims = (
        claim(between(zone, "2026-12-22 09:00", "2026-12-22 10:00")),
        claim(between(zone, "2026-12-22 15:00", "2026-12-22 16:00"), kind=ClaimKind.HOLD),
    )
    schedule = Schedule(zone, daily("09:00-11:00"))
    window = between(zone, "2026-12-21 00:00", "2026-12-24 00:00")
    others = ["2026-12-21 09:00", "2026-12-21 10:00", "2026-12-23 09:00", "2026-12-23 10:00"]
    for limit, expected in ((2, others), (3, [*others[:2], "2026-12-22 10:00", *others[2:]])):
        rules = replace(FAR, max_sessions_per_day=limit)
        found = offered(schedule, rules, window, claims=claims)
        assert [start[:16] for start in found] == expected


def test_the_limit_of_a_session_type_counts_only_its_own() -> None:
    first = claim(between(BERLIN, "2026-12-22 09:00", "2026-12-22 10:00"), session_type="first")
    schedule = Schedule(BERLIN, daily("09:00-12:00"))
    found = {
        session_type: clock_times(
            offered(
                schedule,
                replace(FAR, session_type=session_type, max_per_day=1),
                whole_day(BERLIN, "2026-12-22"),
                claims=(first,),
            )
        )
        for session_type in ("first", "couple-session")
    }
    assert found == {"first": [], "couple-session": ["10:00", "11:00"]}


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
