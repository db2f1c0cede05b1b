"""The clinic that the forms are sent to, and the table of the cases."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from clinic.booking.appointments.links import links_of
from clinic.booking.appointments.models import Appointment
from clinic.booking.appointments.sequence_and_history import manage_token
from clinic.booking.rules.contact_details import EnteredPartner
from clinic.couples.service import PartnerDetails
from clinic.foundation.database.transactions import transaction
from clinic.foundation.permissions.actors import Actor, Role
from tests.support.accounts.sign_in import csrf_token, signed_in
from tests.support.factories import (
    make_account,
    make_appointment,
    make_care_couple,
    make_practice,
    make_therapist,
)
from tests.support.scheduling_services.deliveries import connect
from tests.support.web.concurrent_requests import Sent, look
from tests.support.web.page_forms import fields_of
from tests.web.test_routes_as_each_role import LedCouple

STAFF = {
    "ines": Role.THERAPIST,
    "admin": Role.ADMIN,
    "desk": Role.FRONT_DESK,
    "supervisor": Role.SUPERVISOR,
}


class StaffedClinic:
    """A clinic with its people signed in; whatever a case uses up it makes for itself."""

    def __init__(self, app: Flask, calcom: Any) -> None:
        self.app, self.calcom = app, calcom
        self._numbers = itertools.count(1)
        self._slots = self._free_slots()
        self.accounts: dict[str, str] = {}
        self.do(self._open)
        self.browsers = {
            name: signed_in(app, email=f"{name}@example.org") for name in self.accounts
        }
        self.token = {
            name: csrf_token(browser, "/desk/account") for name, browser in self.browsers.items()
        }

    def _open(self) -> None:
        self.practice = make_practice(change_notice_minutes=0)
        make_therapist(
            self.practice.clinic,
            session_types=[self.practice.session_type],
            slug="daniel-reyes",
            name="Daniel",
        )
        self.clinic = self.practice.clinic.id
        self.therapist = self.practice.therapist.id
        self.session_type = self.practice.session_type.id
        for name, role in STAFF.items():
            mine = self.therapist if role is Role.THERAPIST else None
            made = make_account(
                self.practice.clinic,
                email=f"{name}@example.org",
                name=name,
                roles=[role],
                therapist_id=mine,
            )
            self.accounts[name] = made.id
        self.admin = Actor(
            clinic_id=self.clinic,
            name="account:admin",
            account_id=self.accounts["admin"],
            roles=frozenset({Role.ADMIN}),
        )
        self.connection = connect(self.practice).id
        connect(self.practice, "calendly")

    def _free_slots(self) -> Iterator[datetime]:
        for day in (date(2026, 11, 24) + timedelta(days=n) for n in range(50)):
            if day.weekday() < 5:
                for hour in range(9, 16):
                    yield datetime(day.year, day.month, day.day, hour, tzinfo=UTC)

    def do(self, work: Callable[[], Any]) -> Any:
        return look(self.app, work)

    def next_number(self) -> int:
        return next(self._numbers)

    def slot(self) -> datetime:
        return next(self._slots)

    def couple(self) -> LedCouple:
        number = self.next_number()
        partners = [
            PartnerDetails(
                name=name,
                email=f"{name.lower()}{number}@example.org",
                time_zone="Europe/Lisbon",
                language="en",
            )
            for name in ("Alex", "Sam")
        ]
        made = self.do(lambda: make_care_couple(self.practice, partners=partners))
        return LedCouple(self.practice, made.id, made.code, self.accounts["ines"])

    def account(self, *roles: Role, **changes: Any) -> str:
        """The address of a new account of its own; the account's id is in `accounts`."""
        name = f"person{self.next_number()}"
        made = self.do(
            lambda: (
                make_account(
                    self.practice.clinic, email=f"{name}@example.org", name=name, roles=list(roles)
                ).id
            )
        )
        self.accounts[name] = made
        return name

    def sign_in(self, name: str) -> FlaskClient:
        browser = signed_in(self.app, email=f"{name}@example.org")
        self.browsers[name] = browser
        self.token[name] = csrf_token(browser, "/desk/account")
        return browser

    def appointment(self, *, requested: bool = False) -> tuple[str, str, datetime]:
        """Reference and link token of a new appointment, and when it is."""
        start = self.slot()
        email = f"client{self.next_number()}@example.org"
        partner = EnteredPartner(
            name="Client", email=email, time_zone="Europe/Lisbon", language="en"
        )

        def make() -> tuple[str, str, datetime]:
            row = make_appointment(self.practice, start, partner=partner)
            if requested:
                with transaction() as current:
                    current.get_one(Appointment, row.id).status = "requested"
            token = manage_token(links_of(row)[0], clinic_id=self.clinic)
            return row.reference, token, start

        return self.do(make)

    def by(self, who: str, path: str, makes: dict[str, int] | None = None, **fields: Any) -> Sent:
        """Sent by hand, without having drawn the page."""
        given = {"csrf_token": self.token[who]} | fields
        return Sent(self.browsers[who], path, given, makes or {})

    def form(
        self,
        who: str,
        page: str,
        path: str | None = None,
        makes: dict[str, int] | None = None,
        **fields: Any,
    ) -> Sent:
        """The form on `page` that goes to `path`, as drawn but for these fields."""
        browser, path = self.browsers[who], path or page
        drawn = browser.get(page)
        assert drawn.status_code == 200, (page, drawn.status_code)
        return Sent(browser, path, fields_of(page, drawn.text, path) | fields, makes or {})

    def led_couple(self) -> LedCouple:
        """A couple only to act for its clinic."""
        return LedCouple(self.practice, "0" * 32, "C-0000", self.accounts["ines"])

    def visitor(self) -> FlaskClient:
        browser = self.app.test_client()
        self.browsers["visitor"], self.token["visitor"] = browser, csrf_token(browser, "/login")
        return browser


Case = Callable[[StaffedClinic], Sent]
CASES: dict[str, Case] = {}
"""By the rule of the address, with what tells several forms of one address apart after a blank."""


def case(rule: str) -> Callable[[Case], Case]:
    def add(build: Case) -> Case:
        assert rule not in CASES, rule
        CASES[rule] = build
        return build

    return add
