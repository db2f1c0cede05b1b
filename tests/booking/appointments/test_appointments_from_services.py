from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from clinic.booking.appointments.appointments_from_services import (
    OutsideBooking,
    OutsideChange,
    follow_outside_change,
    hand_over,
    record_outside_booking,
)
from clinic.booking.appointments.conflicts import clear_conflicts
from clinic.booking.appointments.models import Appointment, AppointmentChange, AppointmentStatus
from clinic.booking.appointments.sequence_and_history import CHANGED, MAIL
from clinic.couples.service import PartnerDetails
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import NotFound, SignInNeeded
from clinic.foundation.outbox import OutboxMessage
from tests.support.factories import NOW, make_appointment, make_practice, make_therapist

TEN = datetime(2026, 11, 26, 10, tzinfo=UTC)
LENGTH = timedelta(minutes=30)
ALEX = PartnerDetails(
    name="Alex Example", email="alex@example.org", time_zone="Europe/Lisbon", language="en"
)
MOVED = OutsideChange(
    kind="moved",
    external_id="uid-2",
    starts_at=TEN + LENGTH,
    ends_at=TEN + 2 * LENGTH,
    status=AppointmentStatus.CONFIRMED,
    revision=1,
    reason="Ill.",
)


@pytest.fixture
def practice(context):
    return make_practice()


def booking(practice, **changes):
    values = {
        "source": "calcom",
        "external_id": "uid-1",
        "therapist_id": practice.therapist.id,
        "session_type_id": practice.session_type.id,
        "starts_at": TEN,
        "ends_at": TEN + LENGTH,
        "status": AppointmentStatus.CONFIRMED,
        "partners": (ALEX,),
    }
    return OutsideBooking(**(values | changes))


def recorded(practice, **changes):
    made = record_outside_booking(booking(practice, **changes), actor=practice.desk, now=NOW)
    return made.id


def stored(appointment_id):
    row = session().get_one(Appointment, appointment_id, populate_existing=True)
    return (row.status, row.starts_at, row.wall_start, row.sequence, row.external_id, row.conflict)


def history(appointment_id):
    rows = session().scalars(
        select(AppointmentChange)
        .where(AppointmentChange.appointment_id == appointment_id)
        .order_by(AppointmentChange.number)
    )
    return [(row.kind, row.previous_starts_at, row.reason) for row in rows]


def mails():
    """How many partners and therapists are to get a mail."""
    kinds = session().scalars(select(OutboxMessage.kind)).all()
    assert CHANGED in kinds
    return kinds.count(MAIL)


def test_booking_made_elsewhere_is_stored_with_its_place_history_and_messages(practice):
    made = recorded(practice, revision=3)

    assert stored(made) == ("confirmed", TEN, "2026-11-26T10:00", 3, "uid-1", False)
    assert history(made) == [("booked", None, None)]
    assert mails() == 2


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"status": AppointmentStatus.CANCELLED}, "cancelled"),
        ({"status": AppointmentStatus.DECLINED}, "declined"),
        ({"starts_at": NOW - LENGTH, "ends_at": NOW}, "booked"),
    ],
)
def test_booking_that_is_over_already_is_recorded_and_mails_nobody(practice, changes, kind):
    made = recorded(practice, **changes)

    assert (history(made), mails()) == ([(kind, None, None)], 0)


def test_booking_that_overlaps_is_stored_as_a_conflict_and_stays_one(practice):
    make_appointment(practice, TEN)

    assert stored(recorded(practice)) == ("confirmed", TEN, "2026-11-26T10:00", 0, "uid-1", True)
    assert clear_conflicts(practice.therapist.id) == []


def test_change_elsewhere_is_followed_once(practice):
    made = recorded(practice)

    for _ in range(2):
        follow_outside_change(made, MOVED, actor=practice.desk, now=NOW)

    assert stored(made) == ("confirmed", TEN + LENGTH, "2026-11-26T10:30", 1, "uid-2", False)
    assert history(made) == [("booked", None, None), ("moved", TEN, "Ill.")]


def test_cancellation_elsewhere_ends_the_appointment_at_the_sequence_of_the_service(practice):
    made = recorded(practice)
    ended = replace(
        MOVED, kind="cancelled", starts_at=TEN, ends_at=TEN + LENGTH, revision=4, quiet=True,
        status=AppointmentStatus.CANCELLED,
    )  # fmt: skip

    follow_outside_change(made, ended, actor=practice.desk, now=NOW)

    assert stored(made) == ("cancelled", TEN, "2026-11-26T10:00", 4, "uid-2", False)
    assert session().get_one(Appointment, made).cancelled_at == NOW
    assert mails() == 2


def test_appointment_handed_over_stands_in_the_other_diary_in_its_zone(practice):
    made = recorded(practice)
    daniel = make_therapist(
        practice.clinic, slug="daniel", name="Daniel Park", time_zone="America/New_York"
    )

    for _ in range(2):
        hand_over(made, therapist_id=daniel.id, actor=practice.desk, now=NOW)

    row = session().get_one(Appointment, made, populate_existing=True)
    assert (row.therapist_id, row.time_zone) == (daniel.id, "America/New_York")
    assert stored(made) == ("confirmed", TEN, "2026-11-26T05:00", 1, "uid-1", False)
    assert history(made) == [("booked", None, None), ("moved", None, None)]


def test_visitors_record_nothing_and_what_is_not_there_is_not_changed(practice):
    with pytest.raises(SignInNeeded):
        record_outside_booking(booking(practice), actor=practice.visitor, now=NOW)
    with pytest.raises(NotFound):
        follow_outside_change("0" * 32, MOVED, actor=practice.desk, now=NOW)

    assert session().scalars(select(Appointment)).all() == []
