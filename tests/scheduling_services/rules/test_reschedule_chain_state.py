from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from clinic.scheduling_services.rules.appointment_effects import Cancel, Nothing
from clinic.scheduling_services.rules.events import Provider
from clinic.scheduling_services.rules.reducer import diff, reduce
from clinic.scheduling_services.rules.reschedule_chain_state import (
    OVER,
    RESCHEDULE_HOLD,
    ChainState,
    ChainStatus,
)
from tests.support.scheduling_services.service_events import calendly, every_order, only, outcome


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
    assert (state.status, state.pending_reschedule) == (ChainStatus.CANCELLED, False)


UNTIL = datetime(2026, 12, 1, 9, tzinfo=UTC)
HELD = ChainState(
    Provider.CALENDLY,
    "inv-A",
    "inv-A",
    ("inv-A",),
    status=ChainStatus.CONFIRMED,
    revision=2,
    pending_reschedule=True,
    held_until=UNTIL,
)


def test_a_move_that_never_arrived_was_a_cancellation_and_a_change():
    assert HELD.settled(UNTIL) == ChainState(
        Provider.CALENDLY,
        "inv-A",
        "inv-A",
        ("inv-A",),
        status=ChainStatus.CANCELLED,
        revision=3,
    )


def test_a_state_that_is_held_stays_until_the_hold_is_over():
    assert HELD.settled(UNTIL - timedelta(microseconds=1)) is HELD


def test_a_state_that_is_not_held_stays_whatever_the_time():
    state = ChainState(Provider.CALCOM, "uid-A", "uid-A", ("uid-A",), status=ChainStatus.CONFIRMED)

    assert state.settled(UNTIL) is state


def test_cancelled_and_rejected_are_over_and_a_move_is_waited_for_ten_minutes():
    assert (
        {ChainStatus.CANCELLED, ChainStatus.REJECTED},
        timedelta(minutes=10),
    ) == (OVER, RESCHEDULE_HOLD)
