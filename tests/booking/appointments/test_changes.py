from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from clinic.booking.appointments.changes import (
    cancel_appointment,
    confirm_appointment,
    decline_appointment,
    expire_request,
    move_appointment,
)
from clinic.booking.appointments.models import Appointment, AppointmentChange, AppointmentStatus
from clinic.booking.rules.errors import NotChangeable, SlotUnavailable, TimeRefused, TooLateToChange
from clinic.booking.slots.start_restrictions import RestrictionRule
from clinic.foundation.database.transactions import new_id, session
from clinic.foundation.errors import InvalidInput, NotAllowed, NotFound, SignInNeeded
from clinic.foundation.outbox import OutboxMessage
from clinic.foundation.permissions.actors import Actor
from tests.support.factories import NOW, make_appointment, make_practice

TEN = datetime(2026, 11, 26, 10, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)
DAY = timedelta(days=1)
LAST_MINUTE = TEN - DAY
"""Clients may change until 24 hours before, this very instant included."""
TOO_LATE = LAST_MINUTE + timedelta(microseconds=1)


@pytest.fixture
def practice(context):
    return make_practice()


@pytest.fixture
def asking(context):
    return make_practice(needs_confirmation=True)


def state(appointment):
    row = session().get_one(Appointment, appointment.id, populate_existing=True)
    return (row.status, row.sequence, row.starts_at)


def written():
    """How many rows of history and promised effects there are."""
    return tuple(
        session().scalar(select(func.count()).select_from(table))
        for table in (AppointmentChange, OutboxMessage)
    )


def test_holder_may_move_and_cancel_until_the_exact_minute(practice):
    appointment = make_appointment(practice, TEN)
    holder = practice.holder_of(appointment)

    move_appointment(appointment.id, start=TEN + HALF_HOUR, actor=holder, now=LAST_MINUTE)
    move_appointment(appointment.id, start=TEN, actor=holder, now=LAST_MINUTE)
    cancel_appointment(appointment.id, actor=holder, now=LAST_MINUTE)

    assert state(appointment) == ("cancelled", 3, TEN)


def test_holder_is_too_late_the_instant_after(practice):
    appointment = make_appointment(practice, TEN)
    holder = practice.holder_of(appointment)

    with pytest.raises(TooLateToChange):
        move_appointment(appointment.id, start=TEN + DAY, actor=holder, now=TOO_LATE)
    with pytest.raises(TooLateToChange):
        cancel_appointment(appointment.id, actor=holder, now=TOO_LATE)

    assert state(appointment) == ("confirmed", 0, TEN)


def test_the_change_window_follows_the_session_type(context):
    practice = make_practice(change_notice_minutes=0)
    appointment = make_appointment(practice, TEN)

    cancel_appointment(appointment.id, actor=practice.holder_of(appointment), now=TEN)

    assert state(appointment) == ("cancelled", 1, TEN)


def test_staff_move_and_cancel_within_the_notice(practice):
    appointment = make_appointment(practice, TEN)
    just_before = TEN - timedelta(minutes=1)

    move_appointment(appointment.id, start=TEN + HALF_HOUR, actor=practice.desk, now=just_before)
    cancel_appointment(appointment.id, actor=practice.desk, now=just_before)

    assert state(appointment) == ("cancelled", 2, TEN + HALF_HOUR)


def test_holder_cannot_move_into_the_notice_and_staff_can(practice):
    appointment = make_appointment(practice, TEN)
    soon = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)

    with pytest.raises(TimeRefused) as refused:
        move_appointment(appointment.id, start=soon, actor=practice.holder_of(appointment), now=NOW)
    assert refused.value.rule == RestrictionRule.NOTICE

    move_appointment(appointment.id, start=soon, actor=practice.desk, now=NOW)
    assert state(appointment) == ("confirmed", 1, soon)


def test_moving_to_where_it_is_changes_nothing(practice):
    appointment = make_appointment(practice, TEN)
    before = written()

    same = move_appointment(
        appointment.id, start=TEN, actor=practice.holder_of(appointment), now=NOW
    )

    assert (same.id, state(appointment), written()) == (
        appointment.id,
        ("confirmed", 0, TEN),
        before,
    )


def test_moving_onto_a_taken_time_is_refused_with_alternatives_and_changes_nothing(practice):
    make_appointment(practice, TEN + HALF_HOUR)
    appointment = make_appointment(practice, TEN)
    before = written()

    with pytest.raises(SlotUnavailable) as refused:
        move_appointment(
            appointment.id,
            start=TEN + HALF_HOUR,
            actor=practice.holder_of(appointment),
            now=NOW,
        )

    assert [slot.start for _who, slot in refused.value.alternatives] == [
        TEN + 2 * HALF_HOUR,
        TEN - HALF_HOUR,
        TEN + 3 * HALF_HOUR,
    ]
    assert (state(appointment), written()) == (("confirmed", 0, TEN), before)


def test_appointment_does_not_stand_in_its_own_way(context):
    practice = make_practice(length_minutes=60, grid_minutes=30, max_per_day=1)
    appointment = make_appointment(practice, TEN)

    move_appointment(
        appointment.id, start=TEN + HALF_HOUR, actor=practice.holder_of(appointment), now=NOW
    )

    assert state(appointment) == ("confirmed", 1, TEN + HALF_HOUR)


def test_move_writes_what_was_intended_on_the_wall_and_the_time_before(practice):
    appointment = make_appointment(practice, TEN)

    moved = move_appointment(
        appointment.id, start=TEN + DAY, actor=practice.holder_of(appointment), now=NOW
    )

    last = (
        session()
        .scalars(select(AppointmentChange).order_by(AppointmentChange.number.desc()))
        .first()
    )
    assert (moved.wall_start, moved.time_zone) == ("2026-11-27T10:00", "Europe/Lisbon")
    assert (last.kind, last.previous_starts_at, last.starts_at) == ("moved", TEN, TEN + DAY)


def test_cancelling_twice_changes_nothing_more(practice):
    appointment = make_appointment(practice, TEN)
    holder = practice.holder_of(appointment)
    cancel_appointment(appointment.id, actor=holder, now=NOW)
    before = written()

    cancel_appointment(appointment.id, reason="again", actor=holder, now=NOW + DAY)

    assert (state(appointment), written()) == (("cancelled", 1, TEN), before)


@pytest.mark.parametrize("who", ["holder", "desk"])
def test_what_has_ended_is_left_as_it_was(practice, who):
    appointment = make_appointment(practice, TEN)
    actor = practice.desk if who == "desk" else practice.holder_of(appointment)
    ended = TEN + HALF_HOUR

    with pytest.raises(NotChangeable):
        cancel_appointment(appointment.id, actor=actor, now=ended)
    with pytest.raises(NotChangeable):
        move_appointment(appointment.id, start=TEN + DAY, actor=actor, now=ended)

    assert state(appointment) == ("confirmed", 0, TEN)


def test_staff_may_still_cancel_while_it_lasts(practice):
    appointment = make_appointment(practice, TEN)

    during = TEN + HALF_HOUR - timedelta(minutes=1)
    cancel_appointment(appointment.id, actor=practice.desk, now=during)

    assert state(appointment) == ("cancelled", 1, TEN)


def test_cancelled_appointment_is_not_moved(practice):
    appointment = make_appointment(practice, TEN)
    cancel_appointment(appointment.id, actor=practice.desk, now=NOW)

    with pytest.raises(NotChangeable):
        move_appointment(appointment.id, start=TEN + DAY, actor=practice.desk, now=NOW)


def test_confirming_twice_is_one_change(asking):
    appointment = make_appointment(asking, TEN)

    confirm_appointment(appointment.id, actor=asking.desk, now=NOW)
    before = written()
    confirm_appointment(appointment.id, actor=asking.desk, now=NOW)

    assert (state(appointment), written()) == (("confirmed", 1, TEN), before)


def test_declined_request_frees_its_time(asking):
    appointment = make_appointment(asking, TEN)

    decline_appointment(appointment.id, reason="away", actor=asking.desk, now=NOW)

    assert state(appointment) == ("declined", 1, TEN)
    assert make_appointment(asking, TEN).starts_at == TEN


def test_request_holds_its_time_until_it_is_answered(asking):
    make_appointment(asking, TEN)

    with pytest.raises(SlotUnavailable) as refused:
        make_appointment(asking, TEN)

    assert refused.value.rule == RestrictionRule.APPOINTMENT


@pytest.mark.parametrize("answer", [confirm_appointment, decline_appointment])
@pytest.mark.parametrize("ending", ["cancelled", "declined", "expired"])
def test_what_is_over_is_not_answered_any_more(asking, answer, ending):
    appointment = make_appointment(asking, TEN)
    system = Actor(clinic_id=asking.clinic.id, name="system:test", is_system=True)
    if ending == "cancelled":
        cancel_appointment(appointment.id, actor=asking.desk, now=NOW)
    elif ending == "declined":
        decline_appointment(appointment.id, actor=asking.desk, now=NOW)
    else:
        expire_request(appointment.id, actor=system, now=NOW)

    with pytest.raises(NotChangeable):
        answer(appointment.id, actor=asking.desk, now=NOW)

    assert state(appointment) == (ending, 1, TEN)


def test_confirmed_appointment_is_not_declined(asking):
    appointment = make_appointment(asking, TEN)
    confirm_appointment(appointment.id, actor=asking.desk, now=NOW)

    with pytest.raises(NotChangeable):
        decline_appointment(appointment.id, actor=asking.desk, now=NOW)


def test_expired_request_frees_its_time_and_expiring_again_changes_nothing(asking):
    appointment = make_appointment(asking, TEN)
    system = Actor(clinic_id=asking.clinic.id, name="system:test", is_system=True)

    expire_request(appointment.id, actor=system, now=NOW)
    before = written()
    expire_request(appointment.id, actor=system, now=NOW)

    assert (state(appointment), written()) == (("expired", 1, TEN), before)
    assert make_appointment(asking, TEN).status == AppointmentStatus.REQUESTED


def test_reason_is_sealed_and_never_stands_in_plain(practice):
    appointment = make_appointment(practice, TEN)
    cancel_appointment(appointment.id, reason=" my mother is ill ", actor=practice.desk, now=NOW)

    last = (
        session()
        .scalars(select(AppointmentChange).where(AppointmentChange.kind == "cancelled"))
        .one()
    )
    assert last.reason == "my mother is ill"
    assert b"mother" not in last.reason_sealed


@pytest.mark.parametrize("reason", ["x" * 2001, "nul \x00"])
def test_unusable_reason_is_named_and_nothing_is_cancelled(practice, reason):
    appointment = make_appointment(practice, TEN)

    with pytest.raises(InvalidInput) as refused:
        cancel_appointment(appointment.id, reason=reason, actor=practice.desk, now=NOW)

    assert list(refused.value.errors) == ["reason"]
    assert state(appointment) == ("confirmed", 0, TEN)


def test_unusable_reason_for_declining_is_named_and_nothing_is_declined(asking):
    appointment = make_appointment(asking, TEN)

    with pytest.raises(InvalidInput) as refused:
        decline_appointment(appointment.id, reason="x" * 2001, actor=asking.desk, now=NOW)

    assert refused.value.errors == {"reason": ["This is longer than 2,000 characters."]}
    assert state(appointment) == ("requested", 0, TEN)


def test_holder_of_another_link_can_touch_nothing(practice):
    mine = make_appointment(practice, TEN)
    theirs = make_appointment(practice, TEN + HALF_HOUR)
    me = practice.holder_of(mine)

    with pytest.raises((NotAllowed, SignInNeeded)):
        cancel_appointment(theirs.id, actor=me, now=NOW)
    with pytest.raises((NotAllowed, SignInNeeded)):
        move_appointment(theirs.id, start=TEN + DAY, actor=me, now=NOW)

    assert state(theirs) == ("confirmed", 0, TEN + HALF_HOUR)


def test_holder_of_another_link_is_not_even_told_that_it_was_cancelled(practice):
    mine = make_appointment(practice, TEN)
    theirs = make_appointment(practice, TEN + HALF_HOUR)
    cancel_appointment(theirs.id, actor=practice.desk, now=NOW)

    with pytest.raises((NotAllowed, SignInNeeded)):
        cancel_appointment(theirs.id, actor=practice.holder_of(mine), now=NOW)


@pytest.mark.parametrize("answer", [confirm_appointment, decline_appointment, expire_request])
def test_holder_cannot_answer_their_own_request(asking, answer):
    appointment = make_appointment(asking, TEN)

    with pytest.raises((NotAllowed, SignInNeeded)):
        answer(appointment.id, actor=asking.holder_of(appointment), now=NOW)

    assert state(appointment) == ("requested", 0, TEN)


@pytest.mark.parametrize("act", [confirm_appointment, decline_appointment, cancel_appointment])
def test_unknown_and_foreign_appointments_are_not_found(practice, act):
    appointment = make_appointment(practice, TEN)
    elsewhere = Actor(
        clinic_id=new_id(), name="account:x", account_id="x", roles=practice.desk.roles
    )

    with pytest.raises(NotFound):
        act(new_id(), actor=practice.desk, now=NOW)
    with pytest.raises(NotFound):
        act(appointment.id, actor=elsewhere, now=NOW)
