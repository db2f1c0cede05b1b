from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.scheduling_services.calcom_events import parse_calcom
from clinic.scheduling_services.calendly_events import parse_calendly
from clinic.scheduling_services.chain_state import OVER, Status
from clinic.scheduling_services.effects import (
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
)
from clinic.scheduling_services.events import Absence, Attendee, Kind, Provider, ServiceEvent
from clinic.scheduling_services.reducer import diff, reduce, reduce_all

PAYLOADS = Path(__file__).parent / "payloads"
DAY = datetime(2026, 12, 7, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
TOLD = datetime(2026, 12, 1, 8, tzinfo=UTC)


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


class Desk:
    """The appointments as they would stand here, fed one event at a time with `diff` alone."""

    def __init__(self):
        self.events, self.states, self.appointments, self.made = [], [], {}, 0

    def hear(self, event):
        self.events.append(event)
        after = reduce_all(self.events)
        for new in after:
            before = [old for old in self.states if set(old.ids) & set(new.ids)]
            if before != [new]:
                self.follow(before, new)
        self.states = after

    def follow(self, before, new):
        rows = {old.root_id: self.appointments.pop(old.root_id) for old in before if old.known}
        for effect in diff(before[0] if before else None, new, joined=before[1:]):
            if isinstance(effect, Join):
                del rows[effect.root_id]
            elif isinstance(effect, Book):
                self.made += 1
                state = effect.state
                rows[""] = [self.made, state.status, state.starts_at, state.ends_at, set()]
            else:
                self.change(effect, *rows.values())
        if rows:
            (self.appointments[new.root_id],) = rows.values()

    @staticmethod
    def change(effect, *row):
        if isinstance(effect, Nothing | Reassign):
            return
        (row,) = row
        if isinstance(effect, Confirm):
            row[1] = Status.CONFIRMED
        elif isinstance(effect, Cancel):
            over = Status.REJECTED if effect.rejected else Status.CANCELLED
            row[1:4] = [over, effect.starts_at, effect.ends_at]
        elif isinstance(effect, Move | Restore | Correct):
            row[1:4] = [effect.status, effect.starts_at, effect.ends_at]
        elif isinstance(effect, NoShow):
            (row[4].add if effect.absent else row[4].discard)(effect.email)


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


# --- Histories as they happen, and every way they may arrive -----------------------------------

STEPS = st.lists(
    st.sampled_from(["confirm", "move", "ask-move", "move-in-place", "copy", "absent", "present", "paid"]),
    max_size=5,
)  # fmt: skip
ENDINGS = st.sampled_from(["cancel", "reject", "leave"])


@st.composite
def histories(draw):
    """A believable life of one Cal.com booking, with what it ought to end as."""
    status = draw(st.sampled_from([Status.REQUESTED, Status.CONFIRMED]))
    clock, number, start, absent = TOLD, 0, DAY, set()
    kind = Kind.REQUESTED if status is Status.REQUESTED else Kind.CREATED

    def tell(kind, **more):
        nonlocal clock
        clock += timedelta(minutes=7)
        usual = {
            "starts_at": start, "ends_at": start + HOUR, "external_id": f"b{number}", "sequence": number,
            "attendees": (Attendee("ana@example.org"),),
        }  # fmt: skip
        return ServiceEvent(
            provider=Provider.CALCOM,
            kind=kind,
            trigger=kind.upper(),
            occurred_at=clock,
            **usual | more,
        )

    told = [tell(kind)]
    for step in draw(STEPS):
        if step == "confirm" and status is Status.REQUESTED:
            status = Status.CONFIRMED
            told.append(tell(Kind.CREATED))
        elif step in {"move", "ask-move"}:
            number, start, absent = number + 1, start + timedelta(hours=25), set()
            status = Status.REQUESTED if step == "ask-move" else Status.CONFIRMED
            kind = Kind.REQUESTED if step == "ask-move" else Kind.RESCHEDULED
            told.append(tell(kind, supersedes=f"b{number - 1}"))
        elif step == "move-in-place" and status is Status.CONFIRMED:
            start += timedelta(hours=3)
            told.append(tell(Kind.RESCHEDULED))
        elif step in {"absent", "present"} and status is Status.CONFIRMED:
            mark = step == "absent"
            (absent.add if mark else absent.discard)("ana@example.org")
            told.append(tell(Kind.NO_SHOW, starts_at=None, ends_at=None, sequence=0, attendees=(),
                             no_shows=(Absence("ana@example.org", mark),)))  # fmt: skip
        elif step == "paid" and status is Status.CONFIRMED:
            told.append(tell(Kind.CREATED))
        elif step == "copy":
            told.append(
                replace(told[-1], occurred_at=told[-1].occurred_at + timedelta(milliseconds=3))
            )
    if draw(st.booleans()):
        ending = draw(ENDINGS)
        if ending == "cancel":
            status = Status.CANCELLED
            told.append(tell(Kind.CANCELLED, sequence=number + 1))
        elif ending == "reject" and status is Status.REQUESTED:
            status = Status.REJECTED
            told.append(tell(Kind.REJECTED))
    return told, (status, f"b{number}", start, tuple(sorted(absent)))


@st.composite
def arrivals(draw):
    told, ought = draw(histories())
    again = draw(st.lists(st.sampled_from(told), max_size=4))
    return draw(st.permutations([*told, *again])), told, ought


@settings(max_examples=1500, deadline=None)
@given(arrivals())
def test_any_order_with_duplicates_ends_as_the_history_did(case):
    arrived, told, ought = case
    state = reduce(arrived)
    assert state == reduce(told)
    assert (state.status, state.current_id, state.starts_at, state.no_shows) == ought


@settings(max_examples=700, deadline=None)
@given(arrivals())
def test_one_event_at_a_time_ends_alike_with_one_appointment(case):
    arrived, told, ought = case
    desk, straight = Desk(), Desk()
    for event in arrived:
        desk.hear(event)
    for event in told:
        straight.hear(event)
    (here,), (there,) = desk.appointments.values(), straight.appointments.values()
    assert here[1:] == there[1:] == [ought[0], ought[2], ought[2] + HOUR, set(ought[3])]
    assert straight.made == 1


@st.composite
def calendly_arrivals(draw):
    """Invitees moved several times, each move told twice over, then perhaps cancelled."""
    moves, told = draw(st.integers(0, 3)), []

    def tell(kind, number, minutes, **more):
        start = DAY + timedelta(hours=25 * number)
        return ServiceEvent(
            provider=Provider.CALENDLY, kind=kind, trigger=kind, occurred_at=TOLD + timedelta(minutes=minutes),
            external_id=f"i{number}", starts_at=start, ends_at=start + HOUR, attendees=(Attendee("ana@example.org"),), **more,
        )  # fmt: skip

    for number in range(moves + 1):
        old = f"i{number - 1}" if number else None
        told.append(tell(Kind.CREATED, number, 10 * number, supersedes=old))
        if number < moves:
            new = draw(st.sampled_from([f"i{number + 1}", None]))
            told.append(
                tell(
                    Kind.CANCELLED,
                    number,
                    10 * number + 10,
                    rescheduled_away=True,
                    superseded_by=new,
                )
            )
    if draw(st.booleans()):
        told.append(tell(Kind.CANCELLED, moves, 99))
    again = draw(st.lists(st.sampled_from(told), max_size=3))
    return draw(st.permutations([*told, *again])), told, moves


@settings(max_examples=500, deadline=None)
@given(calendly_arrivals())
def test_calendly_moves_end_alike_in_any_order_with_one_appointment(case):
    arrived, told, moves = case
    state, desk = reduce(arrived), Desk()
    for event in arrived:
        desk.hear(event)
    assert state == reduce(told)
    assert (state.status in OVER) == (told[-1].occurred_at == TOLD + timedelta(minutes=99))
    assert (state.starts_at, state.pending_reschedule) == (DAY + timedelta(hours=25 * moves), False)
    ((_uid, status, start, _end, _absent),) = desk.appointments.values()
    assert (status, start) == (state.status, state.starts_at)
