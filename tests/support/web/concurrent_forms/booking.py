"""Booking, and the link of who booked."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from clinic.booking.appointments.links import links_of
from clinic.booking.appointments.models import Appointment
from clinic.calendars.feeds.service import create_partner_feed
from clinic.foundation.database.transactions import session
from clinic.foundation.permissions.actors import Actor
from tests.support.booking.booking_client import details_form
from tests.support.factories import NOW
from tests.support.web.api_client import BOOKINGS, a_body
from tests.support.web.concurrent_forms.clinic import House, case
from tests.support.web.concurrent_requests import Sent

# Booking, and the link of who booked


BOOKED = {
    "appointment": 1,
    "appointment_change": 1,
    "couple": 1,
    "couple_member": 1,
    "data_key": 1,
    "idempotency_key": 1,
    "manage_link": 1,
    "person": 1,
}


FEEDS = frozenset({"calendar_feed"})
"""An answer of the API may name the partner's feed, made when it is first named."""


@case("/book")
def _(house: House) -> Sent:
    house.visitor()
    return house.form("visitor", "/book")


@case("/book/times")
def _(house: House) -> Sent:
    house.visitor()
    return house.by("visitor", "/book/times", session_type="initial-consultation")


def chosen(house: House) -> dict[str, str]:
    start = f"{house.slot():%Y-%m-%dT%H:%M:%SZ}|ines-duarte"
    return {"start": start, "session_type": "initial-consultation"}


@case("/book/hold")
def _(house: House) -> Sent:
    house.visitor()
    return house.by("visitor", "/book/hold", {"hold": 1}, **chosen(house))


@case("/book/hold again")
def _(house: House) -> Sent:
    """Another time instead of the one that this visitor holds."""
    browser = house.visitor()
    first = house.by("visitor", "/book/hold", **chosen(house))
    assert browser.post(first.path, data=first.fields).status_code == 303
    return house.by("visitor", "/book/hold", **chosen(house))


@case("/book/release")
def _(house: House) -> Sent:
    browser = house.visitor()
    held = house.by("visitor", "/book/hold", **chosen(house))
    assert browser.post(held.path, data=held.fields).status_code == 303
    return house.by("visitor", "/book/release", {"hold": -1})


@case("/book/details")
def _(house: House) -> Sent:
    browser = house.visitor()
    held = house.by("visitor", "/book/hold", **chosen(house))
    assert browser.post(held.path, data=held.fields).status_code == 303
    fields = details_form(browser, email=f"new{house.next_number()}@example.org")
    return Sent(browser, "/book/details", fields, BOOKED | {"hold": -1})


def booking(house: House) -> dict[str, Any]:
    who = a_body()["partner"] | {"email": f"api{house.next_number()}@example.org"}
    return a_body(start=f"{house.slot():%Y-%m-%dT%H:%M:%SZ}", partner=who)


@case("/api/v1/bookings")
def _(house: House) -> Sent:
    request = {"json": booking(house), "headers": {"Idempotency-Key": f"key-{house.next_number()}"}}
    return Sent(house.visitor(), BOOKINGS, makes=BOOKED, beside=FEEDS, request=request)


@case("/api/v1/bookings without a key")
def _(house: House) -> Sent:
    makes = {name: rows for name, rows in BOOKED.items() if name != "idempotency_key"}
    return Sent(
        house.visitor(), BOOKINGS, makes=makes, beside=FEEDS, request={"json": booking(house)}
    )


@case("/api/v1/bookings/<token>/cancel")
def _(house: House) -> Sent:
    _reference, token, _start = house.appointment()
    makes = {"appointment_change": 1}
    return Sent(
        house.visitor(),
        f"{BOOKINGS}/{token}/cancel",
        makes=makes,
        beside=FEEDS,
        request={"json": {}},
    )


@case("/api/v1/bookings/<token>/reschedule")
def _(house: House) -> Sent:
    _reference, token, _start = house.appointment()
    body = {"start": f"{house.slot():%Y-%m-%dT%H:%M:%SZ}"}
    makes = {"appointment_change": 1}
    path = f"{BOOKINGS}/{token}/reschedule"
    return Sent(house.visitor(), path, makes=makes, beside=FEEDS, request={"json": body})


@case("/a/<token>/move")
def _(house: House) -> Sent:
    _reference, token, _start = house.appointment()
    house.visitor()
    start = f"{house.slot():%Y-%m-%dT%H:%M:%SZ}|ines-duarte"
    return house.by("visitor", f"/a/{token}/move", {"appointment_change": 1}, start=start)


@case("/a/<token>/cancel")
def _(house: House) -> Sent:
    _reference, token, _start = house.appointment()
    house.visitor()
    return house.form("visitor", f"/a/{token}/cancel", makes={"appointment_change": 1})


@case("/a/<token>/calendar")
def _(house: House) -> Sent:
    _reference, token, _start = house.appointment()
    house.visitor()
    fields = {"name": "phone", "show": "neutral", "days_back": "60"}
    fields |= {"days_ahead": "540", "reminder": "-1"}
    return house.by("visitor", f"/a/{token}/calendar", {"calendar_feed": 10}, **fields)


@case("/a/<token>/calendar/<feed_id>/end")
def _(house: House) -> Sent:
    reference, token, _start = house.appointment()

    def make() -> str:
        row = session().scalars(sa.select(Appointment).filter_by(reference=reference)).one()
        member = links_of(row)[0].member
        actor = Actor(clinic_id=house.clinic, name="link:test", member_id=member.id)
        return create_partner_feed(member.id, name="phone", actor=actor, now=NOW)[0].id

    house.visitor()
    return house.by("visitor", f"/a/{token}/calendar/{house.do(make)}/end")
