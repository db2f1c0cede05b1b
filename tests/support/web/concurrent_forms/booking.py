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
from tests.support.web.concurrent_forms.clinic import StaffedClinic, case
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
def _(clinic: StaffedClinic) -> Sent:
    clinic.visitor()
    return clinic.form("visitor", "/book")


@case("/book/times")
def _(clinic: StaffedClinic) -> Sent:
    clinic.visitor()
    return clinic.by("visitor", "/book/times", session_type="initial-consultation")


def chosen(clinic: StaffedClinic) -> dict[str, str]:
    start = f"{clinic.slot():%Y-%m-%dT%H:%M:%SZ}|ines-duarte"
    return {"start": start, "session_type": "initial-consultation"}


@case("/book/hold")
def _(clinic: StaffedClinic) -> Sent:
    clinic.visitor()
    return clinic.by("visitor", "/book/hold", {"hold": 1}, **chosen(clinic))


@case("/book/hold again")
def _(clinic: StaffedClinic) -> Sent:
    """Another time instead of the one that this visitor holds."""
    browser = clinic.visitor()
    first = clinic.by("visitor", "/book/hold", **chosen(clinic))
    assert browser.post(first.path, data=first.fields).status_code == 303
    return clinic.by("visitor", "/book/hold", **chosen(clinic))


@case("/book/release")
def _(clinic: StaffedClinic) -> Sent:
    browser = clinic.visitor()
    held = clinic.by("visitor", "/book/hold", **chosen(clinic))
    assert browser.post(held.path, data=held.fields).status_code == 303
    return clinic.by("visitor", "/book/release", {"hold": -1})


@case("/book/details")
def _(clinic: StaffedClinic) -> Sent:
    browser = clinic.visitor()
    held = clinic.by("visitor", "/book/hold", **chosen(clinic))
    assert browser.post(held.path, data=held.fields).status_code == 303
    fields = details_form(browser, email=f"new{clinic.next_number()}@example.org")
    return Sent(browser, "/book/details", fields, BOOKED | {"hold": -1})


def booking(clinic: StaffedClinic) -> dict[str, Any]:
    who = a_body()["partner"] | {"email": f"api{clinic.next_number()}@example.org"}
    return a_body(start=f"{clinic.slot():%Y-%m-%dT%H:%M:%SZ}", partner=who)


@case("/api/v1/bookings")
def _(clinic: StaffedClinic) -> Sent:
    request = {
        "json": booking(clinic),
        "headers": {"Idempotency-Key": f"key-{clinic.next_number()}"},
    }
    return Sent(clinic.visitor(), BOOKINGS, makes=BOOKED, beside=FEEDS, request=request)


@case("/api/v1/bookings without a key")
def _(clinic: StaffedClinic) -> Sent:
    makes = {name: rows for name, rows in BOOKED.items() if name != "idempotency_key"}
    return Sent(
        clinic.visitor(), BOOKINGS, makes=makes, beside=FEEDS, request={"json": booking(clinic)}
    )


@case("/api/v1/bookings/<token>/cancel")
def _(clinic: StaffedClinic) -> Sent:
    _reference, token, _start = clinic.appointment()
    makes = {"appointment_change": 1}
    return Sent(
        clinic.visitor(),
        f"{BOOKINGS}/{token}/cancel",
        makes=makes,
        beside=FEEDS,
        request={"json": {}},
    )


@case("/api/v1/bookings/<token>/reschedule")
def _(clinic: StaffedClinic) -> Sent:
    _reference, token, _start = clinic.appointment()
    body = {"start": f"{clinic.slot():%Y-%m-%dT%H:%M:%SZ}"}
    makes = {"appointment_change": 1}
    path = f"{BOOKINGS}/{token}/reschedule"
    return Sent(clinic.visitor(), path, makes=makes, beside=FEEDS, request={"json": body})


@case("/a/<token>/move")
def _(clinic: StaffedClinic) -> Sent:
    _reference, token, _start = clinic.appointment()
    clinic.visitor()
    start = f"{clinic.slot():%Y-%m-%dT%H:%M:%SZ}|ines-duarte"
    return clinic.by("visitor", f"/a/{token}/move", {"appointment_change": 1}, start=start)


@case("/a/<token>/cancel")
def _(clinic: StaffedClinic) -> Sent:
    _reference, token, _start = clinic.appointment()
    clinic.visitor()
    return clinic.form("visitor", f"/a/{token}/cancel", makes={"appointment_change": 1})


@case("/a/<token>/calendar")
def _(clinic: StaffedClinic) -> Sent:
    _reference, token, _start = clinic.appointment()
    clinic.visitor()
    fields = {"name": "phone", "show": "neutral", "days_back": "60"}
    fields |= {"days_ahead": "540", "reminder": "-1"}
    return clinic.by("visitor", f"/a/{token}/calendar", {"calendar_feed": 10}, **fields)


@case("/a/<token>/calendar/<feed_id>/end")
def _(clinic: StaffedClinic) -> Sent:
    reference, token, _start = clinic.appointment()

    def make() -> str:
        row = session().scalars(sa.select(Appointment).filter_by(reference=reference)).one()
        member = links_of(row)[0].member
        actor = Actor(clinic_id=clinic.clinic, name="link:test", member_id=member.id)
        return create_partner_feed(member.id, name="phone", actor=actor, now=NOW)[0].id

    clinic.visitor()
    return clinic.by("visitor", f"/a/{token}/calendar/{clinic.do(make)}/end")
