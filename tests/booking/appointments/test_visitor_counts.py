"""Holds and bookings of one network and one address, counted right however many come at once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select

from clinic.booking.appointments.book import book_appointment
from clinic.booking.appointments.changes import cancel_appointment, move_appointment
from clinic.booking.appointments.claims import hold_slot
from clinic.booking.appointments.links import link_of, open_link
from clinic.booking.appointments.models import Appointment, Hold, VisitorCount
from clinic.booking.appointments.sequence_and_history import manage_token, shown_token
from clinic.booking.appointments.visitor_counts import Visitor, forget_old_counts
from clinic.booking.rules.contact_details import EnteredPartner
from clinic.booking.rules.errors import KeyReused, SlotUnavailable, TooManyBookings, TooManyHolds
from clinic.booking.rules.visitor_limits import (
    HELD_TIME_OF_DIARY,
    HOLDS_OF_NETWORK,
    LIMITS,
    Counted,
    CountLimit,
)
from clinic.extensions import db
from clinic.foundation.database.transactions import session, transaction
from tests.conftest import settings_for
from tests.support.factories import (
    NOW,
    Practice,
    a_request,
    make_clinic,
    make_session_type,
    make_therapist,
)
from tests.support.slow_machine import be_patient

TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)
NAMES = ("ines-duarte", "rui-costa", "marta-vale")
SHARED = "198.51.100.7"
BURST = LIMITS[Counted.BOOKINGS_AT_ONCE].most


@pytest.fixture
def settings(database_url, tmp_path):
    return settings_for(tmp_path, database_url, rate_limits=True)


@pytest.fixture
def practice(context):
    """Three therapists, the first of them the practice's."""
    clinic = make_clinic()
    kind = make_session_type(clinic)
    all_three = [make_therapist(clinic, slug=name, session_types=[kind]) for name in NAMES]
    return Practice(clinic, all_three[0], kind)


def visitor(number=0, *, address=SHARED):
    return Visitor(address=address, browser=f"browser {number}")


def starts():
    """Free starts, day after day."""
    return [TEN + day * timedelta(days=1) + n * HALF_HOUR for day in (0, 1, 2) for n in range(10)]


def hold(practice, start=TEN, *, by=None, therapist="ines-duarte", now=NOW):
    return hold_slot(
        therapist=therapist,
        session_type="initial-consultation",
        start=start,
        visitor=by or visitor(),
        actor=practice.visitor,
        now=now,
    )


def person(number):
    return EnteredPartner(
        name=f"Client {number}",
        email=f"client{number}@example.org",
        time_zone="Europe/Lisbon",
        language="en",
    )


def book(practice, start, number=0, *, actor=None, by=None, now=NOW, **changes):
    asked = a_request(start, **({"partner": person(number)} | changes))
    actor = actor or practice.visitor
    return book_appointment(asked, visitor=by or visitor(number), actor=actor, now=now)


def held():
    return sorted(session().scalars(select(Hold.starts_at)))


def booked():
    return session().scalar(select(func.count()).select_from(Appointment))


def test_new_hold_of_a_browser_gives_back_its_old_one_with_whomever_it_was(practice):
    hold(practice, TEN)
    hold(practice, TEN + HALF_HOUR, therapist="rui-costa")

    assert held() == [TEN + HALF_HOUR]


def test_hold_that_cannot_be_had_leaves_the_old_one(practice):
    hold(practice, TEN, by=visitor(1))
    hold(practice, TEN + HALF_HOUR, by=visitor(2))

    with pytest.raises(SlotUnavailable):
        hold(practice, TEN, by=visitor(2))

    assert held() == [TEN, TEN + HALF_HOUR]


def test_network_holds_four_hours_with_one_therapist_whatever_cookies_it_drops(practice):
    for number in range(8):
        hold(practice, starts()[number], by=visitor(number))

    with pytest.raises(TooManyHolds) as refused:
        hold(practice, starts()[8], by=visitor(8), now=NOW + timedelta(minutes=4))

    assert refused.value.retry_after == 360
    hold(practice, starts()[8], by=visitor(8), therapist="rui-costa")
    hold(practice, starts()[8], by=visitor(9, address="203.0.113.9"))
    hold(practice, starts()[9], by=visitor(10), now=NOW + timedelta(minutes=10))
    assert held() == [starts()[8], starts()[9]]  # what had run out in that diary is gone


def test_network_holds_a_dozen_times_in_all(practice):
    for number in range(HOLDS_OF_NETWORK):
        hold(practice, starts()[number // 3], by=visitor(number), therapist=NAMES[number % 3])

    with pytest.raises(TooManyHolds):
        hold(practice, starts()[9], by=visitor(99))

    hold(practice, starts()[9], by=visitor(3))  # who gives one back may take another
    assert len(held()) == HOLDS_OF_NETWORK


def test_addresses_of_one_ipv6_network_are_one(practice):
    for number in range(8):
        hold(practice, starts()[number], by=visitor(number, address=f"2001:db8:1:2::{number:x}"))

    with pytest.raises(TooManyHolds):
        hold(practice, starts()[8], by=visitor(8, address="2001:db8:1:2:ffff::1"))

    hold(practice, starts()[8], by=visitor(8, address="2001:db8:1:3::1"))


def test_taking_and_giving_back_has_an_end_in_a_day(practice, monkeypatch):
    monkeypatch.setitem(LIMITS, Counted.HOLDS_OF_NETWORK, CountLimit(3, timedelta(days=1)))
    for number in range(3):
        hold(practice, starts()[number])

    with pytest.raises(TooManyHolds) as refused:
        hold(practice, starts()[3])

    assert refused.value.retry_after == 15 * 3600  # until midnight, UTC
    hold(practice, starts()[3], now=NOW + timedelta(hours=15))


def test_ten_bookings_of_a_network_in_ten_minutes_and_then_a_pause(practice):
    for number in range(BURST):
        book(practice, starts()[number], number)

    with pytest.raises(TooManyBookings) as refused:
        book(practice, starts()[BURST], BURST, now=NOW + timedelta(minutes=3))

    assert (refused.value.retry_after, booked()) == (7 * 60, BURST)
    book(practice, starts()[BURST], BURST, by=visitor(address="203.0.113.9"))
    book(practice, starts()[BURST + 1], BURST, now=NOW + timedelta(minutes=10))


def test_thirty_bookings_of_a_network_in_a_day(practice):
    most, day = LIMITS[Counted.BOOKINGS_OF_NETWORK].most, NOW.replace(hour=0)
    for number in range(most):
        at = day + (number // BURST) * timedelta(minutes=10)
        book(practice, starts()[number], number, now=at)

    with pytest.raises(TooManyBookings):
        book(practice, starts()[0], 99, therapist="rui-costa", now=NOW)

    book(practice, starts()[0], 99, therapist="rui-costa", now=day + timedelta(days=1))


def test_ten_bookings_with_one_address_in_a_day_as_whichever_partner(practice):
    for number in range(10):
        other = replace(person(0), email=" CLIENT0@Example.org")
        pair = {"partner": person(1 + number), "other_partner": other} if number % 2 else {}
        book(practice, starts()[number], by=visitor(address=f"203.0.113.{number}"), **pair)

    with pytest.raises(TooManyBookings):
        book(practice, starts()[10], by=visitor(address="192.0.2.1"))

    book(practice, starts()[10], 99)


def test_what_is_refused_or_fails_is_not_counted(practice):
    book(practice, TEN)
    for _ in range(BURST + 1):
        with pytest.raises(SlotUnavailable):
            book(practice, TEN, 1)

    assert {row.number for row in session().scalars(select(VisitorCount))} == {1}


def test_same_submit_again_is_not_counted_again(practice):
    first = book(practice, TEN, idempotency_key="k")

    again = {book(practice, TEN, idempotency_key="k").id for _ in range(BURST + 5)}

    assert again == {first.id}
    with pytest.raises(KeyReused):
        book(practice, TEN, 1, idempotency_key="k")


def test_what_staff_book_is_not_counted(practice):
    for number in range(BURST + 1):
        book(practice, starts()[number], actor=practice.desk)

    assert session().scalars(select(VisitorCount)).all() == []


def test_partners_move_until_enough_mails_went_out_and_can_cancel_then(practice):
    appointment = book(practice, TEN, other_partner=person(1))
    token = shown_token(link_of(appointment, person(0).email), clinic_id=practice.clinic.id)
    actor = open_link(token, now=NOW).actor

    def move(start):
        move_appointment(appointment.id, start=start, actor=actor, now=NOW)

    for number in range(1, LIMITS[Counted.MAILS_TO_ADDRESS].most):
        move(TEN + HALF_HOUR * (number % 2))
        move(TEN + HALF_HOUR * (number % 2))  # to where it is: no mail, not counted
    with pytest.raises(TooManyBookings):
        move(TEN)

    move_appointment(appointment.id, start=TEN, actor=practice.desk, now=NOW)
    assert cancel_appointment(appointment.id, actor=actor, now=NOW).status == "cancelled"


def test_mails_that_strangers_cause_refuse_no_move_by_the_mailed_link(practice):
    appointment = book(practice, TEN)
    link = link_of(appointment, person(0).email)
    shown = open_link(shown_token(link, clinic_id=practice.clinic.id), now=NOW).actor
    mailed = open_link(manage_token(link, clinic_id=practice.clinic.id), now=NOW).actor

    def move(start, actor):
        return move_appointment(appointment.id, start=start, actor=actor, now=NOW)

    for number in range(1, LIMITS[Counted.MAILS_TO_ADDRESS].most):
        move(TEN + HALF_HOUR * (number % 2), shown)
    with pytest.raises(TooManyBookings):
        move(TEN, shown)
    moved_to = move(TEN, mailed).starts_at
    for number in range(1, LIMITS[Counted.MOVES_BY_MAILED_LINK].most):
        move(TEN + HALF_HOUR * (number % 2), mailed)

    assert moved_to == TEN
    with pytest.raises(TooManyBookings):
        move(TEN, mailed)


def test_neither_addresses_nor_networks_can_be_read_and_counts_are_dropped_after_two_days(practice):
    book(practice, TEN, by=visitor(address=SHARED))
    hold(practice, TEN + HALF_HOUR)
    kept = repr(session().execute(select(VisitorCount.__table__)).all())
    kept += repr(session().execute(select(Hold.__table__)).all())

    assert [SHARED in kept, "client0" in kept, "browser 0" in kept] == [False] * 3
    for days, left in ((1, 5), (2, 1), (3, 0)):  # a day's counts began earlier, at midnight
        with transaction() as current:
            forget_old_counts(current, now=NOW + timedelta(days=days))
        assert session().scalar(select(func.count()).select_from(VisitorCount)) == left


class TestAtOnce:
    """Each with a connection of its own, as in several server processes."""

    @pytest.fixture(autouse=True)
    def patience(self, app, monkeypatch):
        be_patient(app, monkeypatch)

    def all_at_once(self, app, work, count):
        gate = Barrier(count)

        def one(number):
            with app.app_context():
                gate.wait()
                try:
                    return type(work(number)).__name__
                except (SlotUnavailable, TooManyHolds, TooManyBookings) as refused:
                    return type(refused).__name__
                finally:
                    db.session.remove()

        with ThreadPoolExecutor(count) as pool:
            return Counter(pool.map(one, range(count)))

    def test_network_gets_its_share_of_holds_and_no_more(self, app, practice):
        said = self.all_at_once(
            app, lambda n: hold(practice, starts()[n], by=visitor(n), therapist=NAMES[n % 3]), 24
        )

        assert said == {"tuple": HOLDS_OF_NETWORK, "TooManyHolds": 24 - HOLDS_OF_NETWORK}

    def test_network_gets_its_share_of_one_diary_and_no_more(self, app, practice):
        said = self.all_at_once(app, lambda n: hold(practice, starts()[n], by=visitor(n)), 16)

        most = HELD_TIME_OF_DIARY // HALF_HOUR
        assert said == {"tuple": most, "TooManyHolds": 16 - most}

    def test_browser_holds_one_time(self, app, practice):
        said = self.all_at_once(
            app, lambda n: hold(practice, starts()[n], therapist=NAMES[n % 3]), 12
        )

        assert (said, len(held())) == ({"tuple": 12}, 1)

    def test_network_books_its_share_and_no_more(self, app, practice):
        said = self.all_at_once(
            app, lambda n: book(practice, starts()[n], n, therapist=NAMES[n % 3]), 20
        )

        assert said == {"Appointment": BURST, "TooManyBookings": 20 - BURST}
        assert booked() == BURST
