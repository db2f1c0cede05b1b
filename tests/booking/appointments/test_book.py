from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from clinic.booking.appointments.book import book_appointment
from clinic.booking.appointments.changes import cancel_appointment, move_appointment
from clinic.booking.appointments.claims import hold_slot
from clinic.booking.appointments.links import link_of, links_of
from clinic.booking.appointments.models import Appointment, AppointmentChange, AppointmentStatus
from clinic.booking.rules.contact_details import EnteredPartner
from clinic.booking.rules.errors import KeyReused, SlotUnavailable, TimeRefused
from clinic.couples.models import Couple
from clinic.foundation.audit import first_broken_entry
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import InvalidInput
from clinic.foundation.outbox import OutboxMessage
from tests.support.factories import (
    NOW,
    Practice,
    a_request,
    make_appointment,
    make_clinic,
    make_practice,
    make_session_type,
    make_therapist,
)

TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)


def count(model):
    return session().scalar(select(func.count()).select_from(model))


@pytest.fixture
def practice(context):
    return make_practice()


def test_booking_claims_the_slot_and_opens_the_couples_record(practice):
    appointment = make_appointment(practice, TEN)

    couple = appointment.couple
    assert (appointment.status, appointment.sequence) == (AppointmentStatus.CONFIRMED, 0)
    assert (appointment.starts_at, appointment.ends_at) == (TEN, TEN + HALF_HOUR)
    assert (couple.code, couple.status) == ("C-0001", "enquiry")
    assert [(m.slot, m.person.name, m.person.email) for m in couple.members] == [
        ("A", "Alex Example", "alex@example.org")
    ]


def test_two_partners_become_members_a_and_b(practice):
    other = EnteredPartner(
        name="Sam Sample", email="sam@example.org", time_zone="Asia/Kathmandu", language="pt"
    )

    appointment = make_appointment(practice, TEN, other_partner=other)

    members = appointment.couple.members
    assert [(m.slot, m.person.name, m.person.language) for m in members] == [
        ("A", "Alex Example", "en"),
        ("B", "Sam Sample", "pt"),
    ]


def test_second_booking_of_the_same_people_keeps_their_record(practice):
    first = make_appointment(practice, TEN)

    second = make_appointment(practice, TEN + HALF_HOUR)

    assert second.couple_id == first.couple_id
    assert count(Couple) == 1


def test_coming_with_somebody_else_opens_another_record(practice):
    make_appointment(practice, TEN)
    other = EnteredPartner(
        name="New", email="new@example.org", time_zone="Europe/Lisbon", language="en"
    )

    second = make_appointment(practice, TEN + HALF_HOUR, other_partner=other)

    assert second.couple.code == "C-0002"


def test_taken_slot_is_refused_with_the_three_nearest(practice):
    make_appointment(practice, TEN)

    with pytest.raises(SlotUnavailable) as refused:
        make_appointment(practice, TEN, partner=a_request(TEN).partner)

    assert [(who, slot.start) for who, slot in refused.value.alternatives] == [
        ("ines-duarte", TEN - HALF_HOUR),
        ("ines-duarte", TEN + HALF_HOUR),
        ("ines-duarte", TEN - 2 * HALF_HOUR),
    ]
    assert count(Appointment) == 1


@pytest.mark.parametrize(
    ("start", "rule"),
    [
        (NOW - timedelta(days=1), "past"),
        (NOW + timedelta(minutes=30), "notice"),
        (NOW + timedelta(days=61), "horizon"),
        (TEN + timedelta(minutes=7), "off_grid"),
        (TEN.replace(hour=20), "closed"),
    ],
)
def test_time_that_is_not_offered_is_refused_with_its_rule(practice, start, rule):
    with pytest.raises(TimeRefused) as refused:
        make_appointment(practice, start)

    assert refused.value.rule == rule
    assert count(Couple) == 0


def test_same_key_and_request_give_the_same_appointment(practice):
    first = make_appointment(practice, TEN, idempotency_key="k1")

    again = make_appointment(practice, TEN, idempotency_key="k1")

    assert again.id == first.id
    assert count(Appointment) == 1


def test_same_key_for_another_request_is_refused(practice):
    make_appointment(practice, TEN, idempotency_key="k1")

    with pytest.raises(KeyReused):
        make_appointment(practice, TEN + HALF_HOUR, idempotency_key="k1")


def test_any_therapist_takes_one_who_is_free(practice):
    appointment = make_appointment(practice, TEN, therapist=None)

    assert appointment.therapist_id == practice.therapist.id


def test_held_slot_is_closed_to_others_and_open_to_its_holder(practice):
    _, token = hold_slot(
        therapist="ines-duarte",
        session_type="initial-consultation",
        start=TEN,
        actor=practice.visitor,
        now=NOW,
    )

    with pytest.raises(SlotUnavailable):
        make_appointment(practice, TEN)
    assert make_appointment(practice, TEN, hold_token=token).starts_at == TEN


def test_expired_hold_gives_its_slot_back(practice):
    hold_slot(
        therapist="ines-duarte",
        session_type="initial-consultation",
        start=TEN,
        actor=practice.visitor,
        now=NOW,
    )

    later = NOW + timedelta(minutes=10)
    assert make_appointment(practice, TEN, now=later).starts_at == TEN


def test_moved_appointment_keeps_its_uid_raises_sequence_and_frees_its_slot(practice):
    appointment = make_appointment(practice, TEN)
    uid = appointment.uid

    moved = move_appointment(
        appointment.id, start=TEN + HALF_HOUR, actor=practice.holder_of(appointment), now=NOW
    )

    assert (moved.uid, moved.sequence, moved.starts_at) == (uid, 1, TEN + HALF_HOUR)
    assert make_appointment(practice, TEN).starts_at == TEN


def test_cancelled_appointment_frees_its_slot_and_keeps_its_row(practice):
    appointment = make_appointment(practice, TEN)

    cancelled = cancel_appointment(
        appointment.id, reason="ill", actor=practice.holder_of(appointment), now=NOW
    )

    assert (cancelled.status, cancelled.sequence) == (AppointmentStatus.CANCELLED, 1)
    assert make_appointment(practice, TEN).starts_at == TEN
    assert count(Appointment) == 2
    changes = (
        session()
        .scalars(
            select(AppointmentChange)
            .where(AppointmentChange.appointment_id == appointment.id)
            .order_by(AppointmentChange.number)
        )
        .all()
    )
    assert [(c.kind, c.sequence, c.reason) for c in changes] == [
        ("booked", 0, None),
        ("cancelled", 1, "ill"),
    ]


def test_every_bad_field_is_named_and_nothing_is_stored(practice):
    bad = EnteredPartner(
        name="x" * 101, email="a@b\r\nBcc: c@d", time_zone="Mars/Base", language="xx"
    )

    with pytest.raises(InvalidInput) as refused:
        make_appointment(
            practice, TEN, partner=bad, format="carrier-pigeon", privacy_accepted=False
        )

    assert sorted(refused.value.errors) == [
        "format",
        "partner.email",
        "partner.language",
        "partner.name",
        "partner.time_zone",
        "privacy_accepted",
    ]
    assert (count(Couple), count(Appointment)) == (0, 0)


def test_each_booking_promises_its_mails_and_leaves_a_valid_audit_chain(practice):
    make_appointment(practice, TEN)

    kinds = Counter(session().scalars(select(OutboxMessage.kind)))
    assert kinds["appointment.mail"] == 2
    assert set(kinds) == {"appointment.mail", "appointment.changed"}
    assert first_broken_entry(session()) is None


def test_partner_who_was_not_named_in_a_later_booking_gets_neither_link_nor_mail(practice):
    other = EnteredPartner(
        name="Sam Sample", email="sam@example.org", time_zone="Europe/Lisbon", language="en"
    )
    make_appointment(practice, TEN, other_partner=other)

    alone = make_appointment(practice, TEN + HALF_HOUR)

    assert alone.couple.code == "C-0001"
    assert [link.member.slot for link in links_of(alone)] == ["A"]


def test_second_partner_who_books_is_given_their_own_link(practice):
    other = EnteredPartner(
        name="Sam Sample", email="sam@example.org", time_zone="Europe/Lisbon", language="en"
    )
    make_appointment(practice, TEN, other_partner=other)

    alone = make_appointment(practice, TEN + HALF_HOUR, partner=other)

    assert [link.member.slot for link in links_of(alone)] == ["B"]
    assert link_of(alone, "SAM@example.org ").member.slot == "B"


def test_partner_may_come_along_without_an_address(practice):
    other = EnteredPartner(name="Sam", email="", time_zone="Europe/Lisbon", language="en")

    appointment = make_appointment(practice, TEN, other_partner=other)

    assert [(m.person.name, m.person.email) for m in appointment.couple.members] == [
        ("Alex Example", "alex@example.org"),
        ("Sam", None),
    ]
    assert len(links_of(appointment)) == 1


def test_therapist_who_takes_nobody_new_is_booked_by_staff_only(context):
    clinic = make_clinic()
    kind = make_session_type(clinic)
    make_therapist(clinic, session_types=[kind], accepts_new_couples=False)
    practice = Practice(clinic, None, None)

    with pytest.raises(InvalidInput) as refused:
        book_appointment(a_request(TEN), actor=practice.visitor, now=NOW)

    assert list(refused.value.errors) == ["therapist"]
    assert book_appointment(a_request(TEN), actor=practice.desk, now=NOW).starts_at == TEN
