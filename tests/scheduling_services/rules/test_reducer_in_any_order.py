"""Histories as they happen, and every way they may arrive."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.scheduling_services.rules.events import (
    AbsenceMark,
    Attendee,
    EventKind,
    Provider,
    ServiceEvent,
)
from clinic.scheduling_services.rules.reducer import reduce
from clinic.scheduling_services.rules.reschedule_chain_state import OVER, ChainStatus
from tests.support.scheduling_services.derived_appointments import DAY, HOUR, TOLD, Desk

STEPS = st.lists(
    st.sampled_from(["confirm", "move", "ask-move", "move-in-place", "copy", "absent", "present", "paid"]),
    max_size=5,
)  # fmt: skip
ENDINGS = st.sampled_from(["cancel", "reject", "leave"])


@st.composite
def histories(draw):
    """A believable life of one Cal.com booking, with what it ought to end as."""
    status = draw(st.sampled_from([ChainStatus.REQUESTED, ChainStatus.CONFIRMED]))
    clock, number, start, absent = TOLD, 0, DAY, set()
    kind = EventKind.REQUESTED if status is ChainStatus.REQUESTED else EventKind.CREATED

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
        if step == "confirm" and status is ChainStatus.REQUESTED:
            status = ChainStatus.CONFIRMED
            told.append(tell(EventKind.CREATED))
        elif step in {"move", "ask-move"}:
            number, start, absent = number + 1, start + timedelta(hours=25), set()
            status = ChainStatus.REQUESTED if step == "ask-move" else ChainStatus.CONFIRMED
            kind = EventKind.REQUESTED if step == "ask-move" else EventKind.RESCHEDULED
            told.append(tell(kind, supersedes=f"b{number - 1}"))
        elif step == "move-in-place" and status is ChainStatus.CONFIRMED:
            start += timedelta(hours=3)
            told.append(tell(EventKind.RESCHEDULED))
        elif step in {"absent", "present"} and status is ChainStatus.CONFIRMED:
            mark = step == "absent"
            (absent.add if mark else absent.discard)("ana@example.org")
            told.append(tell(EventKind.NO_SHOW, starts_at=None, ends_at=None, sequence=0, attendees=(),
                             no_shows=(AbsenceMark("ana@example.org", mark),)))  # fmt: skip
        elif step == "paid" and status is ChainStatus.CONFIRMED:
            told.append(tell(EventKind.CREATED))
        elif step == "copy":
            told.append(
                replace(told[-1], occurred_at=told[-1].occurred_at + timedelta(milliseconds=3))
            )
    if draw(st.booleans()):
        ending = draw(ENDINGS)
        if ending == "cancel":
            status = ChainStatus.CANCELLED
            told.append(tell(EventKind.CANCELLED, sequence=number + 1))
        elif ending == "reject" and status is ChainStatus.REQUESTED:
            status = ChainStatus.REJECTED
            told.append(tell(EventKind.REJECTED))
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
        told.append(tell(EventKind.CREATED, number, 10 * number, supersedes=old))
        if number < moves:
            new = draw(st.sampled_from([f"i{number + 1}", None]))
            told.append(
                tell(
                    EventKind.CANCELLED,
                    number,
                    10 * number + 10,
                    rescheduled_away=True,
                    superseded_by=new,
                )
            )
    if draw(st.booleans()):
        told.append(tell(EventKind.CANCELLED, moves, 99))
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
