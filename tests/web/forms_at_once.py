"""A valid request for every form and every other POST of the product, each with things of its own."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from clinic.accounts.models import AccountLink, StaffSession
from clinic.accounts.password_links import token_of
from clinic.accounts.service import deactivate_account, invite_account
from clinic.accounts.sessions import start_session
from clinic.booking.details import Person
from clinic.booking.history import manage_token
from clinic.booking.links import links_of
from clinic.booking.models import Appointment
from clinic.calendars.models import OutsideCalendar
from clinic.calendars.service import create_partner_feed, create_therapist_feed
from clinic.couples.service import PartnerDetails
from clinic.foundation.clock import clock
from clinic.foundation.database import new_id, session, transaction
from clinic.foundation.outbox import OutboxMessage
from clinic.foundation.permissions import Actor, Role
from clinic.notes.clinical_values import FlagDetails
from clinic.notes.note_content import Attempt, NewRupture
from clinic.notes.plain_json import dump
from clinic.notes.queries import read_note
from clinic.notes.rupture_models import RepairAttempt
from clinic.notes.safety import open_safety_flag
from clinic.notes.signing import sign_note
from clinic.scheduling_services.models import (
    DeliveryState,
    ServiceDelivery,
    ServiceTask,
    TaskKind,
    WebhookMessage,
    WebhookSubscriber,
)
from tests.accounts.at_the_door import csrf_token, signed_in
from tests.booking.visitor import details_form
from tests.factories import (
    CLOSENESS,
    NOW,
    PASSWORD,
    a_note,
    make_account,
    make_appointment,
    make_care_couple,
    make_note,
    make_practice,
    make_signed_note,
    make_therapist,
    put_on_shelf,
)
from tests.notes.desk import WHOLE
from tests.practice.desk_browser import SESSION_TYPE, THERAPIST
from tests.scheduling_services.deliveries import SIGNING_KEY, connect, payload, raw, sign
from tests.web.api_calls import BOOKINGS, a_body
from tests.web.at_once import Sent, look
from tests.web.page_forms import fields_of
from tests.web.test_routes_as_each_role import LedCouple

NEW_PASSWORD = "another long lantern over water"
STAFF = {
    "ines": Role.THERAPIST,
    "admin": Role.ADMIN,
    "desk": Role.FRONT_DESK,
    "supervisor": Role.SUPERVISOR,
}
YESTERDAY = datetime(2026, 11, 20, 10, tzinfo=UTC)


class House:
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
        partner = Person(name="Client", email=email, time_zone="Europe/Lisbon", language="en")

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

    def visitor(self) -> FlaskClient:
        browser = self.app.test_client()
        self.browsers["visitor"], self.token["visitor"] = browser, csrf_token(browser, "/login")
        return browser


Case = Callable[[House], Sent]
CASES: dict[str, Case] = {}
"""By the rule of the address, with what tells several forms of one address apart after a blank."""


def case(rule: str) -> Callable[[Case], Case]:
    def keep(build: Case) -> Case:
        assert rule not in CASES, rule
        CASES[rule] = build
        return build

    return keep


# Signing in, and one's own account


@case("/login")
def _(house: House) -> Sent:
    name = house.account(Role.FRONT_DESK)
    house.visitor()
    return house.by("visitor", "/login", email=f"{name}@example.org", password=PASSWORD)


@case("/logout")
def _(house: House) -> Sent:
    name = house.account(Role.FRONT_DESK)
    house.sign_in(name)
    return house.by(name, "/logout")


@case("/login/forgotten")
def _(house: House) -> Sent:
    name = house.account(Role.FRONT_DESK)
    house.visitor()
    return house.by("visitor", "/login/forgotten", email=f"{name}@example.org")


@case("/password/<token>")
def _(house: House) -> Sent:
    email = f"invited{house.next_number()}@example.org"

    def invite() -> str:
        made = invite_account(
            email=email, name="Invited", roles=[Role.FRONT_DESK], actor=house.admin, now=NOW
        )
        link = session().scalars(sa.select(AccountLink).filter_by(account_id=made.id)).one()
        return token_of(link, clinic_id=house.clinic)

    path = f"/password/{house.do(invite)}"
    house.visitor()
    return house.form("visitor", path, new=NEW_PASSWORD, again=NEW_PASSWORD)


@case("/desk/account/password")
def _(house: House) -> Sent:
    name = house.account(Role.FRONT_DESK)
    house.sign_in(name)
    fields = {"present": PASSWORD, "new": NEW_PASSWORD, "again": NEW_PASSWORD}
    return house.form(name, "/desk/account", "/desk/account/password", **fields)


@case("/desk/account/sessions/end-others")
def _(house: House) -> Sent:
    name = house.account(Role.FRONT_DESK)
    house.sign_in(name)
    house.sign_in(name)
    return house.by(name, "/desk/account/sessions/end-others")


@case("/desk/account/sessions/<session_id>/end")
def _(house: House) -> Sent:
    name = house.account(Role.FRONT_DESK)
    house.sign_in(name)
    account_id = house.accounts[name]

    def other() -> str:
        from clinic.accounts.models import Account

        start_session(session().get_one(Account, account_id), address="203.0.113.9", now=NOW)
        own = sa.select(StaffSession.id).filter_by(account_id=account_id)
        return session().scalars(own.order_by(StaffSession.browser)).first()

    return house.by(name, f"/desk/account/sessions/{house.do(other)}/end")


# Accounts of the clinic


@case("/desk/accounts/new")
def _(house: House) -> Sent:
    fields = {"name": "Marta", "email": f"marta{house.next_number()}@example.org"}
    page = "/desk/accounts/new"
    makes = {"account": 1, "account_link": 1}
    return house.form("admin", page, makes=makes, **fields, roles=["front_desk"])


def on_account(house: House, step: str, makes: dict[str, int] | None = None, **fields: Any) -> Sent:
    at = f"/desk/accounts/{house.accounts[house.account(Role.FRONT_DESK)]}"
    return house.form("admin", at, f"{at}/{step}", makes, **fields)


@case("/desk/accounts/<account_id>/roles")
def _(house: House) -> Sent:
    return on_account(house, "roles", roles=["supervisor"])


@case("/desk/accounts/<account_id>/link")
def _(house: House) -> Sent:
    return on_account(house, "link", {"account_link": 12})


@case("/desk/accounts/<account_id>/end-sessions")
def _(house: House) -> Sent:
    account_id = house.accounts[house.account(Role.FRONT_DESK)]
    return house.by("admin", f"/desk/accounts/{account_id}/end-sessions")


@case("/desk/accounts/<account_id>/disable")
def _(house: House) -> Sent:
    return on_account(house, "disable")


@case("/desk/accounts/<account_id>/enable")
def _(house: House) -> Sent:
    account_id = house.accounts[house.account(Role.FRONT_DESK)]
    house.do(lambda: deactivate_account(account_id, actor=house.admin, now=NOW))
    return house.by("admin", f"/desk/accounts/{account_id}/enable")


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


# The desk: appointments, calendars, deliveries


@case("/desk/appointments/<reference>/confirm")
def _(house: House) -> Sent:
    reference, _token, _start = house.appointment(requested=True)
    makes = {"appointment_change": 1}
    return house.by("desk", f"/desk/appointments/{reference}/confirm", makes)


@case("/desk/appointments/<reference>/decline")
def _(house: House) -> Sent:
    reference, _token, _start = house.appointment(requested=True)
    path = f"/desk/appointments/{reference}/decline"
    return house.by("desk", path, {"appointment_change": 1}, reason="")


@case("/desk/appointments/<reference>/cancel")
def _(house: House) -> Sent:
    reference, _token, _start = house.appointment()
    path = f"/desk/appointments/{reference}/cancel"
    return house.form("desk", path, makes={"appointment_change": 1})


@case("/desk/appointments/<reference>/move")
def _(house: House) -> Sent:
    reference, _token, _start = house.appointment()
    start = f"{house.slot():%Y-%m-%dT%H:%M:%SZ}|ines-duarte"
    path = f"/desk/appointments/{reference}/move"
    return house.by("desk", path, {"appointment_change": 1}, start=start, agreed="yes")


@case("/desk/calendars")
def _(house: House) -> Sent:
    url = f"https://calendar.example/{house.next_number()}.ics"
    fields = {"name": "Private", "url": url}
    return house.form("ines", "/desk/calendars", makes={"outside_calendar": 1}, **fields)


def outside_calendar(house: House) -> str:
    number = house.next_number()

    def make() -> str:
        with transaction() as current:
            row = OutsideCalendar(
                clinic_id=house.clinic,
                therapist_id=house.therapist,
                name="Private",
                url_index=number.to_bytes(4, "big"),
                host="calendar.example",
                warnings=[],
                created_at=NOW,
            )
            current.add(row)
            current.flush()
            row.url = f"https://calendar.example/private{number}.ics"
        return row.id

    return house.do(make)


@case("/desk/calendars/<calendar_id>/all-day")
def _(house: House) -> Sent:
    path = f"/desk/calendars/{outside_calendar(house)}/all-day"
    return house.by("ines", path, ignore_all_day="y", ignored="y")


@case("/desk/calendars/<calendar_id>/refresh")
def _(house: House) -> Sent:
    return house.by("ines", f"/desk/calendars/{outside_calendar(house)}/refresh")


@case("/desk/calendars/<calendar_id>/remove")
def _(house: House) -> Sent:
    path = f"/desk/calendars/{outside_calendar(house)}/remove"
    return house.by("ines", path, {"outside_calendar": -1})


FEED = {"show": "neutral", "days_back": "60", "days_ahead": "540", "reminder": "-1"}


@case("/desk/feeds")
def _(house: House) -> Sent:
    fields = FEED | {"name": "phone", "therapist": "ines-duarte", "therapist_id": house.therapist}
    return house.by("ines", "/desk/feeds", {"calendar_feed": 12}, **fields)


@case("/desk/feeds/clinic")
def _(house: House) -> Sent:
    return house.by("admin", "/desk/feeds/clinic", {"calendar_feed": 12}, **FEED, name="wall")


def feed(house: House) -> str:
    return house.do(
        lambda: (
            create_therapist_feed(house.therapist, name="phone", actor=house.admin, now=NOW)[0].id
        )
    )


@case("/desk/feeds/<feed_id>")
def _(house: House) -> Sent:
    return house.form("ines", f"/desk/feeds/{feed(house)}", name="tablet")


@case("/desk/feeds/<feed_id>/revoke")
def _(house: House) -> Sent:
    return house.by("ines", f"/desk/feeds/{feed(house)}/revoke")


@case("/desk/deliveries/<int:message_id>/again")
def _(house: House) -> Sent:
    def promise() -> int:
        with transaction() as current:
            row = OutboxMessage(
                kind="nothing", handler="h", payload={}, promised_at=NOW, due_at=NOW, attempts=3
            )
            row.dead_at = NOW
            current.add(row)
        return row.id

    return house.by("desk", f"/desk/deliveries/{house.do(promise)}/again")


# The practice


@case("/desk/practice/clinic")
def _(house: House) -> Sent:
    return house.form("admin", "/desk/practice/clinic", phone=f"+351 210 000 {house.next_number()}")


@case("/desk/practice/therapists/new")
def _(house: House) -> Sent:
    fields = THERAPIST | {"slug": f"rui-sousa-{house.next_number()}"}
    page = "/desk/practice/therapists/new"
    return house.form("admin", page, makes={"therapist": 1}, **fields)


@case("/desk/practice/therapists/<slug>")
def _(house: House) -> Sent:
    return house.form(
        "admin", "/desk/practice/therapists/daniel-reyes", sort=str(house.next_number())
    )


@case("/desk/practice/session-types/new")
def _(house: House) -> Sent:
    fields = SESSION_TYPE | {"slug": f"session-{house.next_number()}", "therapists": []}
    page = "/desk/practice/session-types/new"
    return house.form("admin", page, makes={"session_type": 1}, **fields)


@case("/desk/practice/session-types/<slug>")
def _(house: House) -> Sent:
    page = "/desk/practice/session-types/initial-consultation"
    return house.form("admin", page, sort=str(house.next_number()))


HOURS = "/desk/practice/therapists/daniel-reyes"


@case("/desk/practice/therapists/<slug>/hours")
def _(house: House) -> Sent:
    page = f"{HOURS}/hours"
    return house.form("admin", page)


@case("/desk/practice/therapists/<slug>/days")
def _(house: House) -> Sent:
    on = date(2027, 3, 1) + timedelta(days=house.next_number())
    return house.form(
        "admin",
        f"{HOURS}/hours",
        f"{HOURS}/days",
        {"day_override": 1},
        **{"day-on": str(on), "on": str(on)},
    )


@case("/desk/practice/therapists/<slug>/days/<on>/remove")
def _(house: House) -> Sent:
    from clinic.practice.commands import DayHours
    from clinic.practice.hours import set_day_override

    on = date(2028, 3, 1) + timedelta(days=house.next_number())
    house.do(
        lambda: set_day_override("daniel-reyes", hours=DayHours(on, ()), actor=house.admin, now=NOW)
    )
    return house.by("admin", f"{HOURS}/days/{on}/remove", {"day_override": -1})


def away(house: House) -> dict[str, str]:
    day = date(2027, 6, 1) + timedelta(days=house.next_number())
    return {"start": f"{day}T09:00", "end": f"{day}T12:00"}


@case("/desk/practice/therapists/<slug>/time-off")
def _(house: House) -> Sent:
    given = away(house)
    fields = {f"away-{name}": value for name, value in given.items()}
    return house.form("admin", f"{HOURS}/hours", f"{HOURS}/time-off", {"time_off": 1}, **fields)


@case("/desk/practice/therapists/<slug>/time-off/<time_off_id>/remove")
def _(house: House) -> Sent:
    from clinic.practice.commands import Absence
    from clinic.practice.hours import add_time_off

    absence = Absence(**away(house))
    made = house.do(
        lambda: add_time_off("daniel-reyes", absence=absence, actor=house.admin, now=NOW).id
    )
    return house.by("admin", f"{HOURS}/time-off/{made}/remove", {"time_off": -1})


@case("/desk/practice/closures")
def _(house: House) -> Sent:
    given = away(house) | {"name": f"Retreat {house.next_number()}"}
    fields = {f"closure-{name}": value for name, value in given.items()}
    return house.form("admin", "/desk/practice/closures", makes={"closure": 1}, **fields)


@case("/desk/practice/closures/<closure_id>/remove")
def _(house: House) -> Sent:
    from clinic.practice.commands import Absence, ClinicClosure
    from clinic.practice.hours import add_closure

    closure = ClinicClosure(name="Retreat", away=Absence(**away(house)))
    made = house.do(lambda: add_closure(closure, actor=house.admin, now=NOW).id)
    return house.by("admin", f"/desk/practice/closures/{made}/remove", {"closure": -1})


@case("/desk/practice/instruments")
def _(house: House) -> Sent:
    text = CLOSENESS.read_text(encoding="utf-8").replace('"2"', f'"{house.next_number()}"', 1)
    path = "/desk/practice/instruments"
    return house.by("admin", path, {"instrument": 1}, file=text.encode())


@case("/desk/practice/instruments/<code>/<version>/<language>/retire")
def _(house: House) -> Sent:
    house.do(lambda: put_on_shelf(make_led(house)))
    from clinic.practice.instrument_shelf import list_instruments

    one = house.do(lambda: list_instruments(house.clinic)[0].instrument)
    path = f"/desk/practice/instruments/{one.code}/{one.version}/{one.language}/retire"
    return house.by("admin", path)


def make_led(house: House) -> LedCouple:
    """A couple only to act for its clinic."""
    return LedCouple(house.practice, "0" * 32, "C-0000", house.accounts["ines"])


ACTS = "/desk/practice/vocabularies/repair_act"
WORDS = {"label_pt": "Uma", "definition_en": "One.", "definition_pt": "Um.", "sort": "35"}


@case("/desk/practice/vocabularies/<name>/new")
def _(house: House) -> Sent:
    label = f"Wrote letter {house.next_number()}"
    makes = {"vocabulary_term": 1}
    return house.form("admin", f"{ACTS}/new", makes=makes, **WORDS, label_en=label)


def own_term(house: House, *, retired: bool = False) -> str:
    from clinic.practice.vocabulary_service import TermDetails, add_term, retire_term

    label = f"Own act {house.next_number()}"

    def make() -> str:
        details = TermDetails(
            label_en=label, label_pt=label, definition_en="One.", definition_pt="Um.", sort=5
        )
        code = add_term("repair_act", details, actor=house.admin, now=NOW)
        if retired:
            retire_term("repair_act", code, actor=house.admin, now=NOW)
        return code

    return house.do(make)


@case("/desk/practice/vocabularies/<name>/terms/<code>")
def _(house: House) -> Sent:
    page = f"{ACTS}/terms/{own_term(house)}"
    return house.form("admin", page, definition_en="Another one.")


@case("/desk/practice/vocabularies/<name>/terms/<code>/retire")
def _(house: House) -> Sent:
    return house.by("admin", f"{ACTS}/terms/{own_term(house)}/retire")


@case("/desk/practice/vocabularies/<name>/terms/<code>/take-up")
def _(house: House) -> Sent:
    return house.by("admin", f"{ACTS}/terms/{own_term(house, retired=True)}/take-up")


# Scheduling services


SERVICES = "/desk/integrations"


@case("/desk/integrations/connections")
def _(house: House) -> Sent:
    makes = {"service_connection": 12}
    return house.by("admin", f"{SERVICES}/connections", makes, provider="calcom", name="Ours")


def step(house: House, name: str, makes: dict[str, int] | None = None, **fields: Any) -> Sent:
    def fresh() -> str:
        return connect(
            house.practice, secret=f"secret {house.next_number()}", hosts=[], types=[]
        ).id

    at = f"{SERVICES}/connections/{house.do(fresh)}"
    return house.by("admin", f"{at}/{name}", makes, **fields)


def with_key(house: House, name: str) -> Sent:
    sent = step(house, name)
    connection_id = sent.path.split("/")[-2]

    def give() -> None:
        from clinic.scheduling_services.models import ServiceConnection
        from tests.calcom_stand_in import KEY

        with transaction() as current:
            current.get_one(ServiceConnection, connection_id).api_key = KEY

    house.do(give)
    return sent


STEP = "/desk/integrations/connections/<connection_id>/<step>"


@case(f"{STEP} host")
def _(house: House) -> Sent:
    fields = {"external": "new@example.org", "therapist": "ines-duarte"}
    return step(house, "host", {"service_host": 1}, **fields)


@case(f"{STEP} event-type")
def _(house: House) -> Sent:
    fields = {"external": "991", "session_type": "initial-consultation", "therapist": ""}
    return step(house, "event-type", {"service_event_type": 1}, **fields)


@case(f"{STEP} secret")
def _(house: House) -> Sent:
    return step(house, "secret", secret="a secret of the service's own")


@case(f"{STEP} rotate")
def _(house: House) -> Sent:
    return step(house, "rotate")


@case(f"{STEP} key")
def _(house: House) -> Sent:
    from tests.calcom_stand_in import KEY

    return step(house, "key", api_key=KEY, version="2024-08-13")


@case(f"{STEP} test")
def _(house: House) -> Sent:
    return with_key(house, "test")


@case(f"{STEP} webhook")
def _(house: House) -> Sent:
    return with_key(house, "webhook")


def stored_delivery(house: House) -> str:
    digest = hashlib.sha256(str(house.next_number()).encode()).digest()

    def make() -> str:
        with transaction() as current:
            row = ServiceDelivery(
                id=new_id(),
                clinic_id=house.clinic,
                provider="calcom",
                connection_id=house.connection,
                digest=digest,
                trigger="BOOKING_CREATED",
                received_at=NOW,
                state=DeliveryState.WAITING,
                attempts=1,
            )
            row.body = "{}"
            current.add(row)
        return row.id

    return house.do(make)


@case("/desk/integrations/deliveries/<delivery_id>/replay")
def _(house: House) -> Sent:
    return house.by("desk", f"{SERVICES}/deliveries/{stored_delivery(house)}/replay")


def task(house: House) -> str:
    key = f"away:{house.next_number()}"

    def make() -> str:
        with transaction() as current:
            row = ServiceTask(
                id=new_id(),
                clinic_id=house.clinic,
                key=key,
                kind=TaskKind.AWAY,
                provider="calcom",
                details={"origin": key, "therapist": house.therapist},
                created_at=NOW,
            )
            current.add(row)
        return row.id

    return house.do(make)


@case("/desk/integrations/tasks/<task_id>/done")
def _(house: House) -> Sent:
    return house.by("desk", f"{SERVICES}/tasks/{task(house)}/done")


@case("/desk/integrations/tasks/<task_id>/lift")
def _(house: House) -> Sent:
    return house.by("desk", f"{SERVICES}/tasks/{task(house)}/lift")


@case("/desk/integrations/subscribers")
def _(house: House) -> Sent:
    fields = {"name": "Ledger", "url": "https://93.184.216.34/hook"}
    return house.by("admin", f"{SERVICES}/subscribers", {"webhook_subscriber": 12}, **fields)


def subscriber(house: House) -> tuple[str, str]:
    """A subscriber, and a message to it that was given up."""

    def make() -> tuple[str, str]:
        with transaction() as current:
            row = WebhookSubscriber(
                id=new_id(), clinic_id=house.clinic, name="Ledger", created_at=NOW
            )
            row.url, row.secret = "https://93.184.216.34/hook", "whsec_x"
            current.add(row)
            current.flush()
            message = WebhookMessage(
                id=new_id(),
                subscriber_id=row.id,
                event_key="x.1",
                kind="appointment.booked",
                body={},
                created_at=NOW,
                tries=9,
                given_up_at=NOW,
            )
            current.add(message)
        return row.id, message.id

    return house.do(make)


@case("/desk/integrations/subscribers/<subscriber_id>/end")
def _(house: House) -> Sent:
    return house.by("admin", f"{SERVICES}/subscribers/{subscriber(house)[0]}/end")


@case("/desk/integrations/messages/<message_id>/again")
def _(house: House) -> Sent:
    return house.by("admin", f"{SERVICES}/messages/{subscriber(house)[1]}/again")


@case("/webhooks/calcom")
def _(house: House) -> Sent:
    body = payload("calcom/booking_created", uid=f"uid-{house.next_number()}")
    headers = {"X-Cal-Signature-256": sign(body)}
    request = {"data": raw(body), "content_type": "application/json", "headers": headers}
    makes = {"service_delivery": 1}
    return Sent(house.visitor(), "/webhooks/calcom", makes=makes, request=request)


@case("/webhooks/calcom of nobody")
def _(house: House) -> Sent:
    body = payload("calcom/booking_created", uid="uid-forged")
    headers = {"X-Cal-Signature-256": "0" * 64}
    request = {"data": raw(body), "content_type": "application/json", "headers": headers}
    makes = {"refused_deliveries": 1}
    visitor = house.visitor()
    return Sent(visitor, "/webhooks/calcom", makes=makes, request=request, is_valid=False)


@case("/webhooks/calendly")
def _(house: House) -> Sent:
    import hmac

    body = payload("calendly/invitee_created")
    stamp = str(int(clock.now().timestamp()))
    digest = hmac.new(SIGNING_KEY.encode(), stamp.encode() + b"." + raw(body), hashlib.sha256)
    headers = {"Calendly-Webhook-Signature": f"t={stamp},v1={digest.hexdigest()}"}
    request = {"data": raw(body), "content_type": "application/json", "headers": headers}
    makes = {"service_delivery": 1}
    return Sent(house.visitor(), "/webhooks/calendly", makes=makes, request=request)


# The record


def on_couple(house: House, rest: str) -> str:
    return f"/desk/couples/{house.couple().code}/{rest}"


def note(house: House) -> tuple[LedCouple, str]:
    couple = house.couple()
    return couple, house.do(lambda: make_note(couple, at=YESTERDAY, now=NOW))


def signed(house: House, *, sealed: bool) -> str:
    couple = house.couple()
    at = YESTERDAY if sealed else NOW - timedelta(hours=1)
    return house.do(lambda: make_signed_note(couple, at=at, sealed=sealed))


@case("/desk/couples/<code>/notes/new")
def _(house: House) -> Sent:
    page = on_couple(house, "notes/new")
    return house.form("ines", page, makes={"session_note": 1}, **HELD)


HELD = {"on": "2026-11-20", "begins": "10:00", "ends": "10:50", "kind": "joint"}


@case("/desk/notes/<note_id>")
def _(house: House) -> Sent:
    _couple, note_id = note(house)
    fields = WHOLE | {"revision": "2", "plan": "Other."}
    return house.by("ines", f"/desk/notes/{note_id}", {"note_version": 1}, **fields)


@case("/desk/notes/<note_id>/autosave")
def _(house: House) -> Sent:
    _couple, note_id = note(house)
    fields = WHOLE | {"revision": "2", "plan": "Other."}
    return house.by("ines", f"/desk/notes/{note_id}/autosave", {"note_version": 1}, **fields)


@case("/desk/notes/<note_id>/merge")
def _(house: House) -> Sent:
    couple, note_id = note(house)
    mine = house.do(lambda: dump(read_note(note_id, actor=couple.lead, now=NOW).body))
    fields = {"revision": "2", "mine": mine, "choose.plan": "mine"}
    return house.by("ines", f"/desk/notes/{note_id}/merge", {"note_version": 1}, **fields)


@case("/desk/notes/<note_id>/sign")
def _(house: House) -> Sent:
    couple = house.couple()
    note_id = house.do(lambda: make_note(couple, at=NOW - timedelta(hours=1), now=NOW))
    fields = {"revision": "2", "password": PASSWORD}
    return house.by("ines", f"/desk/notes/{note_id}/sign", {"note_version": 1}, **fields)


@case("/desk/notes/<note_id>/recall")
def _(house: House) -> Sent:
    return house.by("ines", f"/desk/notes/{signed(house, sealed=False)}/recall")


@case("/desk/notes/<note_id>/addenda")
def _(house: House) -> Sent:
    fields = {"kind": "addendum", "text": "More.", "reason": "Left out", "password": PASSWORD}
    path = f"/desk/notes/{signed(house, sealed=True)}/addenda"
    return house.by("ines", path, {"note_addendum": 1}, **fields)


@case("/desk/notes/<note_id>/cosign")
def _(house: House) -> Sent:
    couple = house.couple()

    def make() -> str:
        now = YESTERDAY + timedelta(hours=1)
        note_id = make_note(couple, at=YESTERDAY, now=now)
        sign_note(note_id, revision=2, proved_at=now, for_cosign=True, actor=couple.lead, now=now)
        return note_id

    return house.by("supervisor", f"/desk/notes/{house.do(make)}/cosign", password=PASSWORD)


@case("/desk/couples/<code>/process-notes")
def _(house: House) -> Sent:
    makes = {"process_note": 1, "data_key": 1}
    return house.by("ines", on_couple(house, "process-notes"), makes, text="Unease.")


@case("/desk/couples/<code>/restricted/disclosures")
def _(house: House) -> Sent:
    fields = {"by": "A", "text": "Told alone.", "review_on": "2026-12-01"}
    path = on_couple(house, "restricted/disclosures")
    return house.by("ines", path, {"individual_disclosure": 1}, **fields)


@case("/desk/couples/<code>/restricted/flags")
def _(house: House) -> Sent:
    fields = {
        "about": "Shouting",
        "level": "1",
        "action": "Seen alone",
        "flag_review_on": "2026-12-01",
    }
    return house.by("ines", on_couple(house, "restricted/flags"), {"safety_flag": 1}, **fields)


@case("/desk/couples/<code>/restricted/flags/<flag_id>/clear")
def _(house: House) -> Sent:
    couple = house.couple()
    flag = house.do(
        lambda: open_safety_flag(
            couple.code,
            FlagDetails("Shouting", 2, "Seen alone"),
            review_on=date(2026, 12, 1),
            actor=couple.lead,
            now=NOW,
        )
    )
    path = f"/desk/couples/{couple.code}/restricted/flags/{flag}/clear"
    return house.by("ines", path, because="Both are safe.")


def rupture(house: House, *more: str) -> str:
    """The path of a couple's ruptures R-01 and on."""
    couple = house.couple()
    content = a_note(
        new_ruptures=tuple(
            NewRupture(title, ("secrecy",), None, 3, key=f"n{at}")
            for at, title in enumerate(("Alone", *more))
        ),
        attempts=(Attempt("A", ("appreciation",), "partly", "n0"),),
    )
    house.do(lambda: make_signed_note(couple, content, at=YESTERDAY))
    return f"/desk/couples/{couple.code}/ruptures/R-01"


@case("/desk/couples/<code>/ruptures/<ref>/status")
def _(house: House) -> Sent:
    fields = {"to": "closed_unrepaired", "reason": "other", "text": "They parted."}
    return house.by("ines", f"{rupture(house)}/status", {"rupture_event": 1}, **fields)


@case("/desk/couples/<code>/ruptures/<ref>/reverse")
def _(house: House) -> Sent:
    path = rupture(house)
    parked = house.by("ines", f"{path}/status", to="parked", reason="agreement")
    assert parked.browser.post(parked.path, data=parked.fields).status_code == 302
    makes = {"rupture_event": 1}
    return house.form("ines", path, f"{path}/reverse", makes, reason="wrong_date")


@case("/desk/couples/<code>/ruptures/<ref>/merge")
def _(house: House) -> Sent:
    path = rupture(house, "Another").replace("R-01", "R-02")
    return house.by("ines", f"{path}/merge", {"rupture_event": 2}, target="R-01")


@case("/desk/couples/<code>/ruptures/<ref>/split")
def _(house: House) -> Sent:
    fields = {"title": "A part", "types": "secrecy", "significance": "2"}
    makes = {"rupture": 1, "rupture_event": 2}
    return house.by("ines", f"{rupture(house)}/split", makes, **fields)


@case("/desk/couples/<code>/ruptures/<ref>/visibility")
def _(house: House) -> Sent:
    fields = {"visibility": "restricted", "revision": "1"}
    return house.by("ines", f"{rupture(house)}/visibility", **fields)


@case("/desk/couples/<code>/at-home/attempts")
def _(house: House) -> Sent:
    fields = {
        "attempt-key": new_id(),
        "attempt-happened_on": "2026-11-20",
        "attempt-by": "B",
        "attempt-acts": "appreciation",
        "attempt-receipt": "partly",
    }
    path = on_couple(house, "at-home/attempts")
    return house.by("ines", path, {"repair_attempt": 1}, **fields)


@case("/desk/couples/<code>/at-home/ratings")
def _(house: House) -> Sent:
    fields = {
        "rating-key": new_id(),
        "rating-partner": "A",
        "rating-source": "self",
        "rating-told_on": "2026-11-20",
        "rating-felt_safety": "7",
    }
    path = on_couple(house, "at-home/ratings")
    return house.by("ines", path, {"partner_rating": 1}, **fields)


@case("/desk/couples/<code>/told/<what>/<entry_id>/in-error")
def _(house: House) -> Sent:
    code = rupture(house).split("/")[3]

    def entry() -> str:
        return session().scalars(sa.select(RepairAttempt.id).order_by(RepairAttempt.id)).all()

    before = set(house.do(entry))
    code = rupture(house).split("/")[3]
    (made,) = set(house.do(entry)) - before
    path = f"/desk/couples/{code}/told/attempt/{made}/in-error"
    return house.by("ines", path, {"entry_in_error": 1}, reason="Another couple's.")


@case("/desk/couples/<code>/cycle/new")
def _(house: House) -> Sent:
    page = on_couple(house, "cycle/new")
    return house.form("ines", page, makes={"cycle_map": 1}, trigger="Silence", pattern="mixed")


@case("/desk/couples/<code>/windows/new")
def _(house: House) -> Sent:
    from tests.notes.test_exercise_views import WINDOW

    return house.form("ines", on_couple(house, "windows/new"), makes={"exercise_run": 1}, **WINDOW)


@case("/desk/couples/<code>/measures/new/<instrument_id>")
def _(house: House) -> Sent:
    shelf = house.do(lambda: put_on_shelf(make_led(house)))
    fields = {"partner": "A", "taken_on": "2026-11-22", "totals.total": "13,5"}
    page = on_couple(house, f"measures/new/{shelf}")
    return house.form("ines", page, makes={"measure_response": 1}, **fields)


@case("/desk/emergency")
def _(house: House) -> Sent:
    name = house.account(Role.THERAPIST, Role.ADMIN)
    house.sign_in(name)
    fields = {"code": house.couple().code, "reason": "Their therapist is ill; a call cannot wait."}
    makes = {"emergency_access": 1}
    return house.form(name, "/desk/emergency", None, makes, **fields, password=PASSWORD)
