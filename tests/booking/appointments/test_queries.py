from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from clinic.booking.appointments.changes import cancel_appointment
from clinic.booking.appointments.claims import hold_slot
from clinic.booking.appointments.models import ImportedBusyRow
from clinic.booking.appointments.queries import (
    Diary,
    diaries,
    first_free,
    next_slots,
    offer_of,
    slots_of,
    why_not,
)
from clinic.booking.slots.availability import DayOverride, Schedule, WallRange, WeeklyHours
from clinic.booking.slots.inputs import Claim, ClaimKind, Offer
from clinic.booking.slots.instant_ranges import Interval
from clinic.booking.slots.start_restrictions import RestrictionRule
from clinic.foundation.database.transactions import new_id, transaction
from clinic.practice.models import Closure, DayOverrideRow, TimeOff
from tests.support.factories import NOW, make_appointment, make_practice, make_therapist
from tests.support.query_counting import count_queries

TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)
DAY = timedelta(days=1)


@pytest.fixture
def practice(context):
    return make_practice(buffer_before_minutes=5, buffer_after_minutes=10, max_per_day=20)


def add(*rows):
    with transaction() as current:
        current.add_all(rows)


def busy(practice, start, end):
    add(
        ImportedBusyRow(
            id=new_id(),
            therapist_id=practice.therapist.id,
            origin="test",
            starts_at=start,
            ends_at=end,
        )
    )


def away(practice, start, end):
    add(
        TimeOff(
            id=new_id(),
            therapist_id=practice.therapist.id,
            starts_at=start,
            ends_at=end,
            wall_start="",
            wall_end="",
            time_zone="Europe/Lisbon",
        )
    )


def closed(practice, start, end):
    add(
        Closure(
            id=new_id(),
            clinic_id=practice.clinic.id,
            name="Holiday",
            starts_at=start,
            ends_at=end,
            wall_start="",
            wall_end="",
            time_zone="Europe/Lisbon",
        )
    )


def test_diary_holds_everything_that_shapes_the_slots(practice):
    make_appointment(practice, TEN)
    hold_slot(
        therapist="ines-duarte",
        session_type="initial-consultation",
        start=TEN + 2 * HALF_HOUR,
        actor=practice.visitor,
        now=NOW,
    )
    busy(practice, TEN + 2 * DAY, TEN + 2 * DAY + HALF_HOUR)
    away(practice, TEN + DAY, TEN + DAY + HALF_HOUR)
    closed(practice, TEN - DAY, TEN - DAY + HALF_HOUR)
    add(
        DayOverrideRow(
            id=new_id(),
            therapist_id=practice.therapist.id,
            on_date=date(2026, 11, 25),
            ranges=[[600, 720]],
        )
    )

    window = Interval(TEN, TEN + DAY)
    found = diaries([practice.therapist], window=window, now=NOW)

    kind = practice.session_type.id
    assert found == {
        practice.therapist.id: Diary(
            Schedule(
                time_zone="Europe/Lisbon",
                weekly=tuple(WeeklyHours(day, WallRange(540, 1020)) for day in range(5)),
                overrides=(DayOverride(date(2026, 11, 25), (WallRange(600, 720),)),),
                time_off=(Interval(TEN + DAY, TEN + DAY + HALF_HOUR),),
                closures=(Interval(TEN - DAY, TEN - DAY + HALF_HOUR),),
            ),
            (
                Claim(Interval(TEN, TEN + HALF_HOUR), 5, 10, kind, ClaimKind.APPOINTMENT),
                Claim(
                    Interval(TEN + 2 * HALF_HOUR, TEN + 3 * HALF_HOUR), 5, 10, kind, ClaimKind.HOLD
                ),
            ),
            (Interval(TEN + 2 * DAY, TEN + 2 * DAY + HALF_HOUR),),
        )
    }


def test_cancelled_appointments_expired_holds_and_what_is_left_out_claim_nothing(practice):
    gone, left_out = (
        make_appointment(practice, TEN),
        make_appointment(practice, TEN + HALF_HOUR * 2),
    )
    cancel_appointment(gone.id, actor=practice.desk, now=NOW)
    hold_slot(
        therapist="ines-duarte",
        session_type="initial-consultation",
        start=TEN,
        actor=practice.visitor,
        now=NOW,
    )

    found = diaries(
        [practice.therapist],
        window=Interval(TEN, TEN + DAY),
        now=NOW + timedelta(minutes=10),
        leave_out=frozenset({left_out.id}),
    )

    assert found[practice.therapist.id].claims == ()


def test_offer_takes_its_rules_from_the_type_and_the_day_limit_from_the_therapist(practice):
    assert offer_of(practice.session_type, practice.therapist) == Offer(
        session_type=practice.session_type.id,
        length_minutes=30,
        buffer_before_minutes=5,
        buffer_after_minutes=10,
        notice_minutes=60,
        horizon_days=60,
        grid_minutes=30,
        grid_offset_minutes=0,
        max_per_day=20,
        max_sessions_per_day=None,
    )


def test_slots_of_several_come_by_start_then_in_the_clinics_order(practice):
    second = make_therapist(
        practice.clinic, session_types=[practice.session_type], slug="second", sort=1
    )

    window = Interval(TEN, TEN + 2 * HALF_HOUR)
    found = slots_of([practice.therapist, second], practice.session_type, window=window, now=NOW)

    assert [(who.slug, slot.start, slot.end) for who, slot in found] == [
        ("ines-duarte", TEN, TEN + HALF_HOUR),
        ("second", TEN, TEN + HALF_HOUR),
        ("ines-duarte", TEN + HALF_HOUR, TEN + 2 * HALF_HOUR),
        ("second", TEN + HALF_HOUR, TEN + 2 * HALF_HOUR),
    ]


def test_next_slots_are_the_first_of_each_and_none_for_who_has_none(practice):
    idle = make_therapist(practice.clinic, slug="idle", hours=())

    found = next_slots([practice.therapist, idle], practice.session_type, now=NOW, count=2)

    first = NOW + timedelta(hours=1)
    assert {who: [slot.start for slot in slots] for who, slots in found.items()} == {
        practice.therapist.id: [first, first + HALF_HOUR],
        idle.id: [],
    }


def test_first_free_is_the_earliest_of_all_and_the_clinics_first_of_equals(practice):
    second = make_therapist(practice.clinic, slug="second", sort=1)
    early = make_therapist(practice.clinic, slug="early", hours=((0, 9 * 60, 24 * 60),), sort=2)
    busy(practice, NOW, NOW + DAY)

    def first(*therapists):
        who, slot = first_free(therapists, practice.session_type, now=NOW)
        return who.slug, slot.start

    assert first(practice.therapist, second) == ("second", NOW + timedelta(hours=1))
    assert first(practice.therapist, early, second) == ("early", NOW + timedelta(hours=1))
    assert first_free([], practice.session_type, now=NOW) is None


@pytest.mark.parametrize(
    ("start", "rule"),
    [
        (TEN, None),
        (NOW - DAY, RestrictionRule.PAST),
        (NOW + HALF_HOUR, RestrictionRule.NOTICE),
        (TEN + 61 * DAY, RestrictionRule.HORIZON),
        (TEN + timedelta(minutes=7), RestrictionRule.OFF_GRID),
        (TEN.replace(hour=20), RestrictionRule.CLOSED),
    ],
)
def test_why_not_names_the_rule(practice, start, rule):
    assert why_not(practice.therapist, practice.session_type, start, now=NOW) == rule


@pytest.mark.parametrize(
    ("block", "rule"),
    [
        (busy, RestrictionRule.OUTSIDE_BUSY),
        (away, RestrictionRule.TIME_OFF),
        (closed, RestrictionRule.CLOSURE),
        (
            lambda practice, start, _end: make_appointment(practice, start),
            RestrictionRule.APPOINTMENT,
        ),
    ],
)
def test_why_not_names_what_stands_in_the_way(practice, block, rule):
    block(practice, TEN, TEN + HALF_HOUR)

    assert why_not(practice.therapist, practice.session_type, TEN, now=NOW) == rule


def test_staff_are_free_of_notice_and_horizon_but_not_of_the_hours(practice):
    def by_staff(start):
        kind = practice.session_type
        return why_not(practice.therapist, kind, start, now=NOW, by_staff=True)

    assert [by_staff(NOW + HALF_HOUR), by_staff(TEN + 63 * DAY)] == [None, None]
    assert by_staff(TEN.replace(hour=20)) == RestrictionRule.CLOSED


def test_the_number_of_queries_depends_on_neither_days_nor_therapists(practice):
    team = [practice.therapist]
    kind = practice.session_type

    def cost(therapists, days):
        window = Interval(TEN, TEN + days * DAY)
        with count_queries() as seen:
            slots_of(therapists, kind, window=window, now=NOW)
        return len(seen)

    one_day = cost(team, 1)
    team += [make_therapist(practice.clinic, slug=f"t-{n}", session_types=[kind]) for n in range(6)]
    make_appointment(practice, TEN)

    assert (cost(team, 1), cost(team, 60), one_day) == (one_day, one_day, 7)
