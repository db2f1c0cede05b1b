"""What the events of one booking come to, case by case, in every order and told twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from clinic.scheduling_services.rules.appointment_effects import Book, Move, Nothing
from clinic.scheduling_services.rules.events import EventKind
from clinic.scheduling_services.rules.reducer import diff, reduce
from clinic.scheduling_services.rules.reschedule_chain_state import ChainStatus
from tests.support.scheduling_services.derived_appointments import DAY, HOUR, Desk
from tests.support.scheduling_services.service_events import (
    calcom,
    calendly,
    every_order,
    only,
    outcome,
)


def test_a_booking_is_booked_once():
    state = reduce([calcom("booking_created")])
    assert (outcome(state), state.is_made) == ((ChainStatus.CONFIRMED, "uid-A", DAY, 0), True)
    assert diff(None, state) == [Book(state)]
    assert diff(state, state) == [Nothing("the appointment here already says so")]


def test_cancel_before_create_leaves_it_cancelled():
    cancelled, created = calcom("booking_cancelled"), calcom("booking_created")
    tombstone = reduce([cancelled])
    assert (tombstone.status, tombstone.is_made) == (ChainStatus.CANCELLED, False)
    assert isinstance(diff(None, tombstone)[0], Nothing)
    assert outcome(only(every_order(cancelled, created))) == (
        ChainStatus.CANCELLED,
        "uid-A",
        DAY,
        1,
    )


def test_a_moved_booking_stays_one_appointment_in_any_order():
    moved = only(every_order(calcom("booking_created"), calcom("booking_rescheduled")))
    later = datetime(2026, 12, 8, 13, tzinfo=UTC)
    assert outcome(moved) == (ChainStatus.CONFIRMED, "uid-B", later, 1)
    assert (moved.root_id, moved.superseded_ids) == ("uid-A", ("uid-A",))
    before = reduce([calcom("booking_created")])
    assert diff(before, moved) == [Move(later, later + HOUR, ChainStatus.CONFIRMED)]


def test_a_cancellation_of_the_old_booking_does_not_end_the_new_one():
    state = only(every_order(
        calcom("booking_created"), calcom("booking_cancelled"), calcom("booking_rescheduled"),
    ))  # fmt: skip
    assert (state.status, state.current_id) == (ChainStatus.CONFIRMED, "uid-B")


def test_the_end_of_a_meeting_counts_only_for_the_time_that_still_holds():
    created, ended = calcom("booking_created"), calcom("meeting_ended")
    assert only(every_order(created, ended)).completed
    assert not only(every_order(created, ended, calcom("booking_rescheduled"))).completed
    assert not reduce([ended]).is_made


def test_a_calendly_move_is_one_appointment_in_either_order():
    created, away = calendly("invitee_created"), calendly("invitee_canceled_moved")
    state = only(every_order(created, away, calendly("invitee_created_moved")))
    later = datetime(2026, 12, 8, 13, tzinfo=UTC)
    assert outcome(state) == (ChainStatus.CONFIRMED, "inv-B", later, 1)
    assert (state.pending_reschedule, state.held_until) == (False, None)


def test_two_appointments_that_turn_out_to_be_one_are_joined():
    created, moved = calcom("booking_created"), calcom("booking_rescheduled")
    unlinked = replace(moved, supersedes=None, kind=EventKind.CREATED)
    desk = Desk()
    for event in (created, unlinked, moved):
        desk.hear(event)
    assert [row[0] for row in desk.appointments.values()] == [1]
    assert desk.appointments["uid-A"][1:3] == [ChainStatus.CONFIRMED, moved.starts_at]


def test_moved_twice_at_once_ends_with_the_branch_that_stands():
    created, first = calcom("booking_created"), calcom("booking_rescheduled")
    second = replace(first, external_id="uid-C", occurred_at=first.occurred_at + HOUR)
    gone = replace(calcom("booking_cancelled"), external_id="uid-C")
    assert only(every_order(created, first, second)).current_id == "uid-C"
    state = only(every_order(created, first, second, gone))
    assert (state.current_id, state.status) == ("uid-B", ChainStatus.CONFIRMED)
