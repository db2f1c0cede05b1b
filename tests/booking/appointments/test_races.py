"""Many clients at once, each with a connection of its own, as in several server processes."""

from __future__ import annotations

import itertools
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select

from clinic.booking.appointments.book import book_appointment
from clinic.booking.appointments.changes import (
    cancel_appointment,
    confirm_appointment,
    move_appointment,
)
from clinic.booking.appointments.models import Appointment, AppointmentChange
from clinic.booking.rules.contact_details import EnteredPartner
from clinic.booking.rules.errors import NotChangeable, SlotUnavailable
from clinic.couples.models import Couple
from clinic.extensions import db
from clinic.foundation.audit import first_broken_entry
from clinic.foundation.database.transactions import session
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
from tests.support.slow_machine import be_patient

CLIENTS = 50
TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)


def client(number):
    return EnteredPartner(
        name=f"Client {number}",
        email=f"client{number}@example.org",
        time_zone="Europe/Lisbon",
        language="en",
    )


def all_at_once(app, work, count=CLIENTS):
    """Run `work(number)` in threads that start together; what each returned, or raised."""
    gate = Barrier(count)

    def one(number):
        with app.app_context():
            gate.wait()
            try:
                return work(number)
            except (SlotUnavailable, NotChangeable) as refused:
                return refused
            finally:
                db.session.remove()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def kinds(results):
    return Counter(type(result).__name__ for result in results)


@pytest.fixture(autouse=True)
def patience(app, monkeypatch):
    be_patient(app, monkeypatch)


@pytest.fixture
def practice(app):
    with app.app_context():
        made = make_practice()
        visitor, desk, therapist = made.visitor, made.desk, made.therapist.id
        db.session.remove()
    return made, visitor, desk, therapist


def test_fifty_clients_at_one_slot_give_one_booking_and_49_refusals_with_alternatives(
    app, practice
):
    _made, visitor, _desk, _therapist = practice

    def book(number):
        request = a_request(TEN, partner=client(number))
        return book_appointment(request, actor=visitor, now=NOW).reference

    results = all_at_once(app, book)

    assert kinds(results) == {"str": 1, "SlotUnavailable": CLIENTS - 1}
    refused = [r for r in results if isinstance(r, SlotUnavailable)]
    assert {len(r.alternatives) for r in refused} == {3}
    with app.app_context():
        assert session().scalar(select(func.count()).select_from(Appointment)) == 1
        assert session().scalars(select(Couple.code)).all() == ["C-0001"]
        assert first_broken_entry(session()) is None


def test_fifty_clients_at_fifty_slots_all_succeed(app):
    with app.app_context():
        clinic = make_clinic()
        kind = make_session_type(clinic)
        for number in range(5):
            make_therapist(clinic, slug=f"therapist-{number}", session_types=[kind])
        visitor = Practice(clinic, None, None).visitor
        db.session.remove()

    def book(number):
        request = a_request(
            TEN + (number // 5) * HALF_HOUR,
            therapist=f"therapist-{number % 5}",
            partner=client(number),
        )
        return book_appointment(request, actor=visitor, now=NOW).reference

    results = all_at_once(app, book)

    assert kinds(results) == {"str": CLIENTS}
    with app.app_context():
        codes = session().scalars(select(Couple.code).order_by(Couple.code)).all()
        assert codes == [f"C-{number:04d}" for number in range(1, CLIENTS + 1)]


def test_the_same_submit_twenty_times_at_once_is_one_appointment(app, practice):
    _made, visitor, _desk, _therapist = practice
    request = a_request(TEN, idempotency_key="one-submit")

    results = all_at_once(
        app, lambda _n: book_appointment(request, actor=visitor, now=NOW).reference, 20
    )

    assert len(set(results)) == 1
    with app.app_context():
        assert session().scalar(select(func.count()).select_from(Appointment)) == 1


def test_any_therapist_is_given_once_for_each_who_is_free(app):
    with app.app_context():
        clinic = make_clinic()
        kind = make_session_type(clinic)
        for number in range(3):
            make_therapist(clinic, slug=f"therapist-{number}", session_types=[kind])
        visitor = Practice(clinic, None, None).visitor
        db.session.remove()

    def book(number):
        request = a_request(TEN, therapist=None, partner=client(number))
        return book_appointment(request, actor=visitor, now=NOW).reference

    assert kinds(all_at_once(app, book, 16)) == {"str": 3, "SlotUnavailable": 13}


def test_appointments_moved_onto_one_slot_at_once_leave_one_there(app, practice):
    made, _visitor, desk, _therapist = practice
    with app.app_context():
        ids = [
            make_appointment(made, TEN + HALF_HOUR * number, partner=client(number)).id
            for number in range(1, 9)
        ]
        db.session.remove()

    def move(number):
        return move_appointment(ids[number], start=TEN, actor=desk, now=NOW).reference

    assert kinds(all_at_once(app, move, 8)) == {"str": 1, "SlotUnavailable": 7}


def test_overlapping_lengths_at_once_leave_no_overlap(app):
    with app.app_context():
        clinic = make_clinic()
        short = make_session_type(clinic)
        long = make_session_type(clinic, slug="long", length_minutes=90)
        make_therapist(clinic, session_types=[short, long])
        visitor = Practice(clinic, None, None).visitor
        db.session.remove()

    def book(number):
        kind = "long" if number % 2 else "initial-consultation"
        start = TEN + HALF_HOUR * (number % 3)
        request = a_request(start, session_type=kind, partner=client(number))
        return book_appointment(request, actor=visitor, now=NOW).reference

    all_at_once(app, book, 24)

    with app.app_context():
        rows = (
            session()
            .execute(
                select(Appointment.starts_at, Appointment.ends_at).order_by(Appointment.starts_at)
            )
            .all()
        )
        assert len(rows) >= 1
        assert all(a.ends_at <= b.starts_at for a, b in itertools.pairwise(rows))


def test_confirm_and_cancel_at_once_end_in_one_history(app):
    with app.app_context():
        made = make_practice(needs_confirmation=True)
        appointment = make_appointment(made, TEN)
        identity, desk, holder = appointment.id, made.desk, made.holder_of(appointment)
        db.session.remove()

    def act(number):
        if number % 2:
            return confirm_appointment(identity, actor=desk, now=NOW).status
        return cancel_appointment(identity, actor=holder, now=NOW).status

    all_at_once(app, act, 10)

    with app.app_context():
        numbers = (
            session()
            .scalars(select(AppointmentChange.number).order_by(AppointmentChange.number))
            .all()
        )
        row = session().scalars(select(Appointment)).one()
        assert numbers == list(range(1, len(numbers) + 1))
        assert (row.status, row.sequence) == ("cancelled", len(numbers) - 1)
