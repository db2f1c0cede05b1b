from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from clinic.booking.appointments.claims import (
    find_hold,
    get_hold,
    hold_slot,
    is_overlap,
    refuse,
    release_hold,
    sign_hold,
)
from clinic.booking.appointments.models import Hold
from clinic.booking.appointments.queries import slots_of
from clinic.booking.rules.errors import HoldExpired, SlotUnavailable, TimeRefused
from clinic.booking.slots.instant_ranges import Interval
from clinic.booking.slots.start_restrictions import RestrictionRule
from clinic.foundation.database.transactions import session, transaction
from clinic.foundation.errors import InvalidInput, NotFound
from clinic.practice.models import Therapist, TimeOff
from tests.support.factories import (
    NOW,
    Practice,
    make_appointment,
    make_clinic,
    make_practice,
    make_session_type,
    make_therapist,
)

TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)


@pytest.fixture
def practice(context):
    return make_practice()


def hold(practice, start=TEN, *, now=NOW, **changes):
    values = {"therapist": "ines-duarte", "session_type": "initial-consultation"}
    return hold_slot(start=start, actor=practice.visitor, now=now, **(values | changes))


def take_time_off(practice, start, end):
    walls = {"wall_start": f"{start:%Y-%m-%dT%H:%M}", "wall_end": f"{end:%Y-%m-%dT%H:%M}"}
    with transaction() as current:
        current.add(
            TimeOff(
                therapist_id=practice.therapist.id,
                starts_at=start,
                ends_at=end,
                time_zone="Europe/Lisbon",
                **walls,
            )
        )


def held_starts():
    return sorted(session().scalars(select(Hold.starts_at)))


def test_hold_lasts_ten_minutes_and_takes_the_session_with_its_buffers(context):
    practice = make_practice(buffer_before_minutes=5, buffer_after_minutes=15)

    found, _token = hold(practice)

    assert (found.starts_at, found.ends_at) == (TEN, TEN + HALF_HOUR)
    assert (found.buffer_before_minutes, found.buffer_after_minutes) == (5, 15)
    assert (found.created_at, found.expires_at) == (NOW, NOW + timedelta(minutes=10))


def test_token_opens_its_hold_until_it_expires(practice):
    found, token = hold(practice)
    last = found.expires_at - timedelta(microseconds=1)

    assert get_hold(token, clinic_id=practice.clinic.id, now=last).id == found.id
    with pytest.raises(HoldExpired):
        get_hold(token, clinic_id=practice.clinic.id, now=found.expires_at)


def test_forged_tokens_open_nothing(practice):
    found, token = hold(practice)
    forged = [
        "",
        ".",
        found.id,
        f"{found.id}.",
        f"{found.id}.{'A' * 43}",
        f"{'0' * 32}.{token.partition('.')[2]}",
        token + "x",
        token[:-1],
        "\ud800.\udfff",
        "\x00." + "é" * 43,
        "x" * 10_000,
    ]

    for one in forged:
        with pytest.raises(HoldExpired):
            get_hold(one, clinic_id=practice.clinic.id, now=NOW)
        release_hold(one, actor=practice.visitor)
    assert held_starts() == [TEN]


def test_token_of_one_hold_does_not_open_another(practice):
    first, first_token = hold(practice)
    second, second_token = hold(practice, TEN + HALF_HOUR)
    swapped = f"{first.id}.{second_token.partition('.')[2]}"

    assert find_hold(session(), swapped, clinic_id=practice.clinic.id) is None
    assert sign_hold(first, clinic_id=practice.clinic.id) == first_token
    assert find_hold(session(), second_token, clinic_id=practice.clinic.id) is second


def test_choosing_again_gives_the_first_hold_back(practice):
    _found, token = hold(practice)

    hold(practice, TEN + HALF_HOUR, replaces=token)

    assert held_starts() == [TEN + HALF_HOUR]


def test_the_same_time_can_be_chosen_again_by_its_holder(practice):
    _found, token = hold(practice)

    again, _ = hold(practice, replaces=token)

    assert (again.starts_at, held_starts()) == (TEN, [TEN])


def test_refused_choice_leaves_the_hold_that_was_there(practice):
    make_appointment(practice, TEN + HALF_HOUR)
    _found, token = hold(practice)

    with pytest.raises(SlotUnavailable):
        hold(practice, TEN + HALF_HOUR, replaces=token)

    assert held_starts() == [TEN]


def test_anothers_hold_is_refused_with_the_nearest_times(practice):
    hold(practice)

    with pytest.raises(SlotUnavailable) as refused:
        hold(practice)

    assert refused.value.rule == RestrictionRule.HOLD
    assert [slot.start for _who, slot in refused.value.alternatives] == [
        TEN - HALF_HOUR,
        TEN + HALF_HOUR,
        TEN - 2 * HALF_HOUR,
    ]


def test_nearest_times_are_three_even_when_they_lie_months_ahead(context):
    practice = make_practice(horizon_days=90)
    monday = datetime(2027, 1, 25, 9, tzinfo=UTC)
    take_time_off(practice, NOW, TEN)
    take_time_off(practice, TEN + HALF_HOUR, monday)
    hold(practice)

    with pytest.raises(SlotUnavailable) as refused:
        hold(practice)

    assert [slot.start for _who, slot in refused.value.alternatives] == [
        monday,
        monday + HALF_HOUR,
        monday + 2 * HALF_HOUR,
    ]


def test_booking_uses_the_hold_up(practice):
    _found, token = hold(practice)

    make_appointment(practice, TEN, hold_token=token)

    assert held_starts() == []
    with pytest.raises(HoldExpired):
        get_hold(token, clinic_id=practice.clinic.id, now=NOW)


def test_hold_of_another_time_opens_nothing_and_stays(practice):
    _found, token = hold(practice, TEN + HALF_HOUR)
    hold(practice)

    with pytest.raises(SlotUnavailable):
        make_appointment(practice, TEN, hold_token=token)

    assert held_starts() == [TEN, TEN + HALF_HOUR]


def test_expired_holds_are_swept_by_the_next_one(practice):
    hold(practice)

    later = NOW + timedelta(minutes=10)
    hold(practice, TEN + HALF_HOUR, now=later)

    assert held_starts() == [TEN + HALF_HOUR]


def test_released_hold_gives_its_time_back_at_once(practice):
    _found, token = hold(practice)

    release_hold(token, actor=practice.visitor)
    release_hold(token, actor=practice.visitor)

    assert held_starts() == []
    assert make_appointment(practice, TEN).starts_at == TEN


def test_held_time_is_not_offered_to_anybody(practice):
    hold(practice)

    window = Interval(TEN, TEN + 2 * HALF_HOUR)
    found = slots_of([practice.therapist], practice.session_type, window=window, now=NOW)

    assert [slot.start for _who, slot in found] == [TEN + HALF_HOUR]


@pytest.mark.parametrize(
    ("start", "rule"),
    [
        (NOW - timedelta(days=1), RestrictionRule.PAST),
        (NOW + timedelta(minutes=30), RestrictionRule.NOTICE),
        (NOW + timedelta(days=61), RestrictionRule.HORIZON),
        (TEN + timedelta(minutes=7), RestrictionRule.OFF_GRID),
        (TEN.replace(hour=20), RestrictionRule.CLOSED),
    ],
)
def test_time_that_is_not_offered_cannot_be_held(practice, start, rule):
    with pytest.raises(TimeRefused) as refused:
        hold(practice, start)

    assert refused.value.rule == rule
    assert held_starts() == []


def test_nothing_is_held_with_a_therapist_who_does_not_offer_it(context):
    clinic = make_clinic()
    offered, other = make_session_type(clinic), make_session_type(clinic, slug="other")
    make_therapist(clinic, session_types=[offered])
    practice = Practice(clinic, session().scalars(select(Therapist)).one(), offered)

    with pytest.raises(InvalidInput) as refused:
        hold(practice, session_type=other.slug)

    assert refused.value.errors == {"therapist": ["This therapist does not offer this."]}
    assert held_starts() == []


@pytest.mark.parametrize("changes", [{"therapist": "nobody"}, {"session_type": "nothing"}])
def test_unknown_therapists_and_types_are_not_found(practice, changes):
    with pytest.raises(NotFound):
        hold(practice, **changes)


def test_each_hold_raises_the_diarys_revision(practice):
    before = session().scalar(select(Therapist.diary_revision))

    hold(practice)

    assert session().scalar(select(Therapist.diary_revision)) == before + 1


@pytest.mark.parametrize(
    "rule",
    [
        RestrictionRule.APPOINTMENT,
        RestrictionRule.HOLD,
        RestrictionRule.OUTSIDE_BUSY,
        RestrictionRule.DAILY_LIMIT,
    ],
)
def test_what_took_a_time_is_a_conflict(rule):
    with pytest.raises(SlotUnavailable) as refused:
        refuse(rule)

    assert refused.value.rule == rule


def test_only_the_databases_own_refusal_is_an_overlap():
    ours = IntegrityError("", {}, Exception("appointment_no_overlap"))
    other = IntegrityError("", {}, Exception("UNIQUE constraint failed: appointment.reference"))

    assert (is_overlap(ours), is_overlap(other)) == (True, False)
