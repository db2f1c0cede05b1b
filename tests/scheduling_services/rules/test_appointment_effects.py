from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from clinic.scheduling_services.rules.appointment_effects import (
    Book,
    Cancel,
    Confirm,
    Correct,
    Join,
    Move,
    NoShow,
    Nothing,
    Reassign,
    Restore,
    diff,
)
from clinic.scheduling_services.rules.events import Provider
from clinic.scheduling_services.rules.reducer import reduce
from clinic.scheduling_services.rules.reschedule_chain_state import ChainState, ChainStatus
from tests.support.scheduling_services.derived_appointments import DAY, HOUR
from tests.support.scheduling_services.service_events import calcom, every_order, only


def test_a_request_is_confirmed_by_its_created_event_and_a_rejection_ends_it():
    requested, confirmed = calcom("booking_requested"), calcom("booking_created_by_confirmation")
    rejected = calcom("booking_rejected")
    waiting = reduce([requested])
    assert waiting.status is ChainStatus.REQUESTED
    assert diff(waiting, reduce([requested, confirmed])) == [Confirm()]
    declined = reduce([rejected, requested])
    assert diff(waiting, declined) == [
        Cancel(True, DAY, DAY + HOUR, "I am away that day"),
    ]
    assert only(every_order(requested, confirmed)).status is ChainStatus.CONFIRMED
    assert only(every_order(requested, rejected)).status is ChainStatus.REJECTED


def test_a_moved_booking_that_needs_a_yes_waits_at_its_new_time():
    before = reduce([calcom("booking_created")])
    asked = only(every_order(calcom("booking_created"), calcom("booking_requested_reschedule")))
    later = datetime(2026, 12, 8, 13, tzinfo=UTC)
    assert diff(before, asked) == [Move(later, later + HOUR, ChainStatus.REQUESTED)]


def test_booked_anew_after_a_cancellation_restores_the_same_appointment():
    gone = reduce([calcom("booking_created"), calcom("booking_cancelled")])
    back = reduce([calcom("booking_created"), calcom("booking_cancelled"), calcom("booking_rescheduled")])  # fmt: skip
    assert diff(gone, back) == [Restore(back.starts_at, back.ends_at, ChainStatus.CONFIRMED)]


def test_a_late_move_of_what_is_over_only_corrects_the_record():
    created, cancelled = calcom("booking_created"), calcom("booking_cancelled")
    moved = calcom("booking_rescheduled_seat_without_uid")
    over, corrected = reduce([created, cancelled]), reduce([created, cancelled, moved])
    later = datetime(2026, 12, 8, 13, tzinfo=UTC)
    assert diff(over, corrected) == [Correct(later, later + HOUR, ChainStatus.CANCELLED)]


def test_marks_of_absence_can_be_taken_back():
    created = calcom("booking_created")
    marked, cleared = calcom("booking_no_show_updated"), calcom("booking_no_show_removed")
    absent = only(every_order(created, marked))
    assert diff(reduce([created]), absent) == [NoShow("ben@example.org", True)]
    assert only(every_order(created, marked, cleared)).no_shows == ()
    assert diff(absent, reduce([created, marked, cleared])) == [NoShow("ben@example.org", False)]


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


NINE, TEN = (datetime(2026, 12, 7, hour, tzinfo=UTC) for hour in (9, 10))
KNOWN = ChainState(
    Provider.CALCOM,
    "a",
    "a",
    ("a", "b"),
    status=ChainStatus.CONFIRMED,
    is_made=True,
    starts_at=NINE,
    ends_at=TEN,
    organizer_ids=("41",),
)


def test_a_chain_of_which_no_booking_is_known_is_only_remembered():
    assert diff(None, replace(KNOWN, is_made=False)) == [
        Nothing("no booking of this id has been told of yet; it is remembered")
    ]


def test_a_new_chain_is_booked_with_the_absences_it_already_has():
    state = replace(KNOWN, no_shows=("ana@example.org",))

    assert diff(None, state) == [Book(state), NoShow("ana@example.org", absent=True)]


def test_of_two_chains_the_older_appointment_is_kept_and_the_other_withdrawn():
    later = replace(KNOWN, root_id="b", current_id="b")

    assert diff(later, KNOWN, joined=[KNOWN]) == [Join("b", "a")]


def test_a_state_may_lead_to_several_effects():
    moved = replace(KNOWN, starts_at=TEN, organizer_ids=("42",), no_shows=("ana@example.org",))

    assert diff(KNOWN, moved) == [
        Move(TEN, TEN, ChainStatus.CONFIRMED),
        Reassign(("42",), ()),
        NoShow("ana@example.org", absent=True),
    ]


def test_a_cancellation_without_its_event_has_the_last_known_times():
    assert diff(KNOWN, replace(KNOWN, status=ChainStatus.CANCELLED)) == [
        Cancel(rejected=False, starts_at=NINE, ends_at=TEN)
    ]
