"""What the events of one booking come to, case by case, in every order and told twice."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from clinic.scheduling_services.rules.calcom_events import parse_calcom
from clinic.scheduling_services.rules.calendly_events import parse_calendly
from clinic.scheduling_services.rules.chain_state import Status
from clinic.scheduling_services.rules.effects import (
    Book,
    Cancel,
    Confirm,
    Correct,
    Move,
    NoShow,
    Nothing,
    Reassign,
    Restore,
)
from clinic.scheduling_services.rules.events import Kind, Provider
from clinic.scheduling_services.rules.reducer import diff, reduce, reduce_all
from tests.support.paths import DATA
from tests.support.scheduling_services.derived_appointments import DAY, HOUR, TOLD, Desk

PAYLOADS = DATA / "payloads"


def calcom(name):
    return parse_calcom(json.loads((PAYLOADS / "calcom" / f"{name}.json").read_text()))


def calendly(name):
    return parse_calendly(json.loads((PAYLOADS / "calendly" / f"{name}.json").read_text()))


def outcome(state):
    return (state.status, state.current_id, state.starts_at, state.revision)


def every_order(*events):
    """The outcomes over all orders, each event twice."""
    return {reduce(order + order[:1]) for order in itertools.permutations(events)}


def only(states):
    (state,) = states
    return state


def test_a_booking_is_booked_once():
    state = reduce([calcom("booking_created")])
    assert (outcome(state), state.known) == ((Status.CONFIRMED, "uid-A", DAY, 0), True)
    assert diff(None, state) == [Book(state)]
    assert diff(state, state) == [Nothing("the appointment here already says so")]


def test_cancel_before_create_leaves_it_cancelled():
    cancelled, created = calcom("booking_cancelled"), calcom("booking_created")
    tombstone = reduce([cancelled])
    assert (tombstone.status, tombstone.known) == (Status.CANCELLED, False)
    assert isinstance(diff(None, tombstone)[0], Nothing)
    assert outcome(only(every_order(cancelled, created))) == (Status.CANCELLED, "uid-A", DAY, 1)


def test_a_request_is_confirmed_by_its_created_event_and_a_rejection_ends_it():
    requested, confirmed = calcom("booking_requested"), calcom("booking_created_by_confirmation")
    rejected = calcom("booking_rejected")
    waiting = reduce([requested])
    assert waiting.status is Status.REQUESTED
    assert diff(waiting, reduce([requested, confirmed])) == [Confirm()]
    declined = reduce([rejected, requested])
    assert diff(waiting, declined) == [
        Cancel(True, DAY, DAY + HOUR, "I am away that day"),
    ]
    assert only(every_order(requested, confirmed)).status is Status.CONFIRMED
    assert only(every_order(requested, rejected)).status is Status.REJECTED


def test_a_moved_booking_stays_one_appointment_in_any_order():
    moved = only(every_order(calcom("booking_created"), calcom("booking_rescheduled")))
    later = datetime(2026, 12, 8, 13, tzinfo=UTC)
    assert outcome(moved) == (Status.CONFIRMED, "uid-B", later, 1)
    assert (moved.root_id, moved.superseded_ids) == ("uid-A", ("uid-A",))
    before = reduce([calcom("booking_created")])
    assert diff(before, moved) == [Move(later, later + HOUR, Status.CONFIRMED)]


def test_a_moved_booking_that_needs_a_yes_waits_at_its_new_time():
    before = reduce([calcom("booking_created")])
    asked = only(every_order(calcom("booking_created"), calcom("booking_requested_reschedule")))
    later = datetime(2026, 12, 8, 13, tzinfo=UTC)
    assert diff(before, asked) == [Move(later, later + HOUR, Status.REQUESTED)]


def test_a_cancellation_of_the_old_booking_does_not_end_the_new_one():
    state = only(every_order(
        calcom("booking_created"), calcom("booking_cancelled"), calcom("booking_rescheduled"),
    ))  # fmt: skip
    assert (state.status, state.current_id) == (Status.CONFIRMED, "uid-B")


def test_booked_anew_after_a_cancellation_restores_the_same_appointment():
    gone = reduce([calcom("booking_created"), calcom("booking_cancelled")])
    back = reduce([calcom("booking_created"), calcom("booking_cancelled"), calcom("booking_rescheduled")])  # fmt: skip
    assert diff(gone, back) == [Restore(back.starts_at, back.ends_at, Status.CONFIRMED)]


def test_one_leaving_seat_leaves_the_booking_alive_and_the_last_one_ends_it():
    created = replace(calcom("booking_created"), has_seats=True)
    ben_leaves = calcom("booking_cancelled_one_seat")
    ana_leaves = replace(
        ben_leaves, attendees=created.attendees[:1], occurred_at=TOLD + 9 * HOUR * 24
    )
    alive = only(every_order(created, ben_leaves))
    assert (alive.status, [one.email for one in alive.attendees]) == (
        Status.CONFIRMED, ["ana@example.org"],
    )  # fmt: skip
    assert only(every_order(created, ben_leaves, ana_leaves)).status is Status.CANCELLED


def test_a_seat_moved_in_place_changes_the_time_of_the_same_booking():
    created = calcom("booking_created")
    moved = only(every_order(created, calcom("booking_rescheduled_seat_without_uid")))
    later = datetime(2026, 12, 8, 13, tzinfo=UTC)
    assert outcome(moved) == (Status.CONFIRMED, "uid-A", later, 1)


def test_a_late_move_of_what_is_over_only_corrects_the_record():
    created, cancelled = calcom("booking_created"), calcom("booking_cancelled")
    moved = calcom("booking_rescheduled_seat_without_uid")
    over, corrected = reduce([created, cancelled]), reduce([created, cancelled, moved])
    later = datetime(2026, 12, 8, 13, tzinfo=UTC)
    assert diff(over, corrected) == [Correct(later, later + HOUR, Status.CANCELLED)]


def test_payment_alone_is_enough_to_know_a_booking():
    state = only(every_order(calcom("booking_paid"), calcom("booking_created")))
    assert outcome(state) == (Status.CONFIRMED, "uid-A", DAY, 0)
    assert reduce([calcom("booking_paid")]).known


def test_marks_of_absence_can_be_taken_back():
    created = calcom("booking_created")
    marked, cleared = calcom("booking_no_show_updated"), calcom("booking_no_show_removed")
    absent = only(every_order(created, marked))
    assert diff(reduce([created]), absent) == [NoShow("ben@example.org", True)]
    assert only(every_order(created, marked, cleared)).no_shows == ()
    assert diff(absent, reduce([created, marked, cleared])) == [NoShow("ben@example.org", False)]


def test_the_end_of_a_meeting_counts_only_for_the_time_that_still_holds():
    created, ended = calcom("booking_created"), calcom("meeting_ended")
    assert only(every_order(created, ended)).completed
    assert not only(every_order(created, ended, calcom("booking_rescheduled"))).completed
    assert not reduce([ended]).known


def test_another_host_on_the_same_booking_reassigns_it():
    before = reduce([calcom("booking_created")])
    after = only(every_order(calcom("booking_created"), calcom("booking_created_reassigned")))
    assert diff(before, after) == [Reassign(("42",), ("hugo@example.org",))]


def test_a_cancelled_series_names_the_dates_that_fall_with_it():
    before = reduce([calcom("booking_created")])
    after = reduce([calcom("booking_created"), calcom("booking_cancelled_series")])
    (effect,) = diff(before, after)
    assert isinstance(effect, Cancel)
    assert (effect.series, len(effect.cancelled_dates)) == (True, 2)


def test_a_calendly_move_is_one_appointment_in_either_order():
    created, away = calendly("invitee_created"), calendly("invitee_canceled_moved")
    state = only(every_order(created, away, calendly("invitee_created_moved")))
    later = datetime(2026, 12, 8, 13, tzinfo=UTC)
    assert outcome(state) == (Status.CONFIRMED, "inv-B", later, 1)
    assert (state.pending_reschedule, state.held_until) == (False, None)


@pytest.mark.parametrize("named", [True, False])
def test_a_calendly_move_is_held_before_anybody_hears_cancelled(named):
    created, away = calendly("invitee_created"), calendly("invitee_canceled_moved")
    if not named:
        away = replace(away, superseded_by=None)
    before, held = reduce([created]), only(every_order(created, away))
    assert (outcome(held), held.pending_reschedule) == (outcome(before), True)
    assert diff(before, held) == [
        Nothing("cancelled in order to be moved; the new time has not arrived yet")
    ]
    assert held.held_until == away.occurred_at + timedelta(minutes=10)
    assert held.settled(held.held_until - timedelta(seconds=1)) == held
    gone = held.settled(held.held_until)
    assert [type(effect) for effect in diff(held, gone)] == [Cancel]


def test_a_plain_calendly_cancellation_is_not_held():
    state = only(every_order(calendly("invitee_created"), calendly("invitee_canceled")))
    assert (state.status, state.pending_reschedule) == (Status.CANCELLED, False)


def test_two_appointments_that_turn_out_to_be_one_are_joined():
    created, moved = calcom("booking_created"), calcom("booking_rescheduled")
    unlinked = replace(moved, supersedes=None, kind=Kind.CREATED)
    desk = Desk()
    for event in (created, unlinked, moved):
        desk.hear(event)
    assert [row[0] for row in desk.appointments.values()] == [1]
    assert desk.appointments["uid-A"][1:3] == [Status.CONFIRMED, moved.starts_at]


def test_moved_twice_at_once_ends_with_the_branch_that_stands():
    created, first = calcom("booking_created"), calcom("booking_rescheduled")
    second = replace(first, external_id="uid-C", occurred_at=first.occurred_at + HOUR)
    gone = replace(calcom("booking_cancelled"), external_id="uid-C")
    assert only(every_order(created, first, second)).current_id == "uid-C"
    state = only(every_order(created, first, second, gone))
    assert (state.current_id, state.status) == ("uid-B", Status.CONFIRMED)


def test_a_ring_of_moves_ends_somewhere_and_always_in_the_same_place():
    one = calcom("booking_rescheduled")
    other = replace(one, external_id="uid-A", supersedes="uid-B")
    assert only(every_order(one, other)).current_id in {"uid-A", "uid-B"}


def test_events_of_no_chain_or_of_several_are_a_mistake_of_ours():
    for events in ([], [calcom("ping")], [calcom("booking_created"), calendly("invitee_created")]):
        with pytest.raises(ValueError):
            reduce(events)


def test_same_id_at_two_services_is_two_chains():
    mine = calcom("booking_created")
    other = replace(mine, provider=Provider.CALENDLY)
    assert len(reduce_all([mine, other])) == 2
