from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from clinic.scheduling_services.rules.booking_row import BookingRow, age, read_row
from clinic.scheduling_services.rules.events import Attendee, EventKind, Provider, ServiceEvent
from clinic.scheduling_services.rules.reducer import reduce
from clinic.scheduling_services.rules.reschedule_chain_state import ChainStatus
from tests.support.scheduling_services.derived_appointments import DAY, HOUR, TOLD
from tests.support.scheduling_services.service_events import calcom, every_order, only, outcome


def test_one_leaving_seat_leaves_the_booking_alive_and_the_last_one_ends_it():
    created = replace(calcom("booking_created"), has_seats=True)
    ben_leaves = calcom("booking_cancelled_one_seat")
    ana_leaves = replace(
        ben_leaves, attendees=created.attendees[:1], occurred_at=TOLD + 9 * HOUR * 24
    )
    alive = only(every_order(created, ben_leaves))
    assert (alive.status, [one.email for one in alive.attendees]) == (
        ChainStatus.CONFIRMED, ["ana@example.org"],
    )  # fmt: skip
    assert only(every_order(created, ben_leaves, ana_leaves)).status is ChainStatus.CANCELLED


def test_a_seat_moved_in_place_changes_the_time_of_the_same_booking():
    created = calcom("booking_created")
    moved = only(every_order(created, calcom("booking_rescheduled_seat_without_uid")))
    later = datetime(2026, 12, 8, 13, tzinfo=UTC)
    assert outcome(moved) == (ChainStatus.CONFIRMED, "uid-A", later, 1)


def test_payment_alone_is_enough_to_know_a_booking():
    state = only(every_order(calcom("booking_paid"), calcom("booking_created")))
    assert outcome(state) == (ChainStatus.CONFIRMED, "uid-A", DAY, 0)
    assert reduce([calcom("booking_paid")]).is_made


def at(minute):
    return datetime(2026, 12, 1, 8, minute, tzinfo=UTC)


ANA, BEN = Attendee("ana@example.org", "Ana"), Attendee("ben@example.org", "Ben")
MADE = ServiceEvent(
    provider=Provider.CALCOM,
    kind=EventKind.REQUESTED,
    trigger="BOOKING_REQUESTED",
    occurred_at=at(0),
    external_id="uid-A",
    starts_at=at(30),
    ends_at=at(45),
    attendees=(ANA, BEN),
)
CONFIRMED = replace(MADE, kind=EventKind.CREATED, occurred_at=at(1))
GONE = replace(MADE, kind=EventKind.CANCELLED, occurred_at=at(2), attendees=())


def test_a_booking_adds_up_to_its_last_stage_whatever_the_order_and_repetition():
    assert read_row([GONE, CONFIRMED, MADE, MADE]) == BookingRow(
        status=ChainStatus.CANCELLED,
        standing=ChainStatus.CONFIRMED,
        starts_at=at(30),
        ends_at=at(45),
        changes=1,
        attendees=(ANA, BEN),
        away=None,
        ending=GONE,
        told=(MADE, CONFIRMED, GONE),
    )


def test_a_cancellation_alone_leaves_the_booking_unknown():
    row = read_row([GONE])

    assert (row.status, row.standing, row.is_made) == (
        ChainStatus.CANCELLED,
        ChainStatus.UNKNOWN,
        False,
    )


def test_a_cancellation_in_order_to_move_counts_as_away_until_a_plain_one_arrives():
    away = replace(GONE, rescheduled_away=True)

    assert read_row([CONFIRMED, away]).away == away
    assert read_row([CONFIRMED, away, GONE]).away is None


def test_each_new_time_under_the_same_id_is_a_change():
    moved = replace(CONFIRMED, kind=EventKind.RESCHEDULED, occurred_at=at(3), starts_at=at(40))

    row = read_row([CONFIRMED, moved])

    assert (row.changes, row.starts_at) == (1, at(40))


def test_events_are_ordered_by_time_then_stage_then_sequence():
    same = [replace(GONE, occurred_at=at(0)), replace(MADE, sequence=1), MADE]

    assert [(one.kind, one.sequence) for one in sorted(same, key=age)] == [
        (EventKind.REQUESTED, 0),
        (EventKind.REQUESTED, 1),
        (EventKind.CANCELLED, 0),
    ]
