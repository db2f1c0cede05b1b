"""Every address of the desk asked for as every role, enumerated: one without a row fails.

The world holds one of everything. Inês leads the couple; Daniel is another therapist; a supervisor,
the front desk and an admin work in the same clinic. A row says what each of them is answered: by
page, by an empty form, and where it is refused that nothing changed. Who has not signed in is sent
to the sign-in page, and a program is told 401.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from clinic.accounts.browser.route_guard import declared
from clinic.booking.appointments.links import links_of
from clinic.booking.appointments.sequence_and_history import manage_token
from clinic.calendars.feeds.service import create_therapist_feed
from clinic.calendars.models import OutsideCalendar
from clinic.extensions import db
from clinic.foundation.database.transactions import Base, session, transaction
from clinic.foundation.permissions.actors import Actor, Role
from clinic.foundation.permissions.permission_names import Permission
from clinic.notes.record.rupture_models import RepairAttempt
from clinic.notes.restricted.disclosures import write_disclosure
from clinic.notes.restricted.process_notes import write_process_note
from clinic.notes.rules.clinical_values import DisclosureDetails, FlagDetails
from clinic.notes.rules.note_content import Attempt, NewRupture
from clinic.notes.ruptures.safety_flags import open_safety_flag
from clinic.notes.session_notes.service import open_note
from tests.support.accounts.sign_in import csrf_token, signed_in
from tests.support.factories import (
    NOW,
    PASSWORD,
    CareCouple,
    a_note,
    add_closeness,
    make_account,
    make_appointment,
    make_care_couple,
    make_note,
    make_practice,
    make_signed_note,
    make_therapist,
)
from tests.support.notes.separate_session import AFTER, open_separate_session
from tests.support.paths import DATA

pytestmark = pytest.mark.one_database  # the policy is code: PostgreSQL would say the same

YESTERDAY = datetime(2026, 11, 20, 10, tzinfo=UTC)
TOMORROW = datetime(2026, 11, 24, 10, tzinfo=UTC)
UNKNOWN = "0" * 32
STAFF = ("ines", "daniel", "supervisor", "desk", "admin")

TABLE = (DATA / "routes_as_each_role.txt").read_text(encoding="utf-8")
"""Method, address; then what is answered to Inês, Daniel, the supervisor, the desk, the admin.

200, 302, 303, 409 and 422 let in, and any of them will do (a form is taken, or something in it is
looked at again); 403 is refused; 404 is all that is told to who may not know of it. Under the same answer to everybody stands
what is everybody's own.
"""
ROWS = {
    (line.split()[0], line.split()[1]): dict(zip(STAFF, map(int, line.split()[2:]), strict=True))
    for line in TABLE.strip().splitlines()
}


APART = """
GET  /api/v1/couples/<code>/timeline    in  404 404 in  403 403
GET  /desk/appointments/<reference>     404 in  404 in  in  in
GET  /desk/couples/<code>               in  404 404 in  403 403
GET  /desk/couples/<code>/brief         in  in  404 in  403 403
GET  /desk/couples/<code>/ledger        in  404 404 in  403 403
GET  /desk/couples/<code>/notes/new     in  in  404 403 403 403
POST /desk/couples/<code>/notes/new     404 in  404 403 403 403
GET  /desk/notes/<note_id>              404 in  404 404 403 403
GET  /desk/notes/<note_id>/sign         404 in  404 403 403 403
GET  /desk/notes/<note_id>/state        404 in  404 403 403 403
GET  /desk/notes/<note_id>/versions     404 in  404 403 403 403
POST /desk/notes/<note_id>              404 in  404 403 403 403
POST /desk/notes/<note_id>/addenda      404 in  404 403 403 403
POST /desk/notes/<note_id>/autosave     404 in  404 403 403 403
POST /desk/notes/<note_id>/cosign       404 403 404 in  403 403
POST /desk/notes/<note_id>/merge        404 in  404 403 403 403
POST /desk/notes/<note_id>/recall       404 in  404 403 403 403
POST /desk/notes/<note_id>/sign         404 in  404 403 403 403
"""
"""Of a session that Daniel held with one partner alone, its note a draft: what is answered to Inês,
who leads the couple, to Daniel, a third therapist, the supervisor, the desk, the admin."""


@dataclass(frozen=True)
class World:
    """What stands in the placeholders of an address."""

    values: dict[str, str]
    signed: str

    def address(self, rule, endpoint):
        """The address, with Inês's own things in its placeholders."""
        values = self.values | ({"note_id": self.signed} if endpoint in ON_A_SIGNED_NOTE else {})
        return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: values[found[1]], rule)


ON_A_SIGNED_NOTE = {"addenda.add", "addenda.cosign", "session_notes.recall"}

FORMS = {
    "addenda.add": {
        "kind": "addendum",
        "text": "More.",
        "reason": "Left out",
        "password": PASSWORD,
    },
    "addenda.cosign": {"password": PASSWORD},
    "told.add": {
        "attempt-key": "1" * 32,
        "attempt-happened_on": "2026-11-20",
        "attempt-by": "B",
        "attempt-acts": "appreciation",
        "attempt-receipt": "partly",
        "rating-key": "2" * 32,
        "rating-partner": "A",
        "rating-source": "self",
        "rating-told_on": "2026-11-20",
        "rating-felt_safety": "7",
    },
    "told.mark": {"reason": "Another couple's."},
    "restricted.clear": {"because": "Both are safe."},
    "restricted.disclose": {"by": "A", "text": "Told alone.", "review_on": "2026-12-01"},
    "restricted.flag": {
        "about": "Shouting",
        "level": "1",
        "action": "Seen alone",
        "flag_review_on": "2026-12-01",
    },
    "restricted.write_process": {"text": "Unease."},
    "ruptures.change": {"to": "closed_unrepaired", "reason": "other", "text": "They parted."},
    "ruptures.merge": {"target": "R-01"},
    "ruptures.reverse": {"event": "2", "reason": "entered_by_mistake"},
    "ruptures.show_or_restrict": {"visibility": "restricted", "revision": "1"},
    "ruptures.split": {"title": "A part", "types": "secrecy", "significance": "2"},
    "session_notes.autosave": {"revision": "2", "plan": "Other."},
    "session_notes.save": {"revision": "2", "plan": "Other."},
    "session_notes.sign": {"revision": "2", "password": PASSWORD},
}
"""Forms without a fault, so that who is refused is refused for who they are."""


@dataclass(frozen=True)
class LedCouple(CareCouple):
    """A couple whose therapist is the one who signs in."""

    account: str = ""

    @property
    def lead(self):
        return Actor(
            clinic_id=self.practice.clinic.id,
            name=f"account:{self.account}",
            account_id=self.account,
            roles=frozenset({Role.THERAPIST}),
            therapist_id=self.practice.therapist.id,
        )


def make_world(app):
    """One of everything that is Inês's."""
    with app.app_context():
        practice = make_practice()
        clinic, ines = practice.clinic, practice.therapist
        daniel = make_therapist(
            clinic, session_types=[practice.session_type], slug="daniel-reyes", name="Daniel"
        )
        accounts = {}
        for name, role, therapist in (
            ("ines", Role.THERAPIST, ines.id),
            ("daniel", Role.THERAPIST, daniel.id),
            ("supervisor", Role.SUPERVISOR, None),
            ("desk", Role.FRONT_DESK, None),
            ("admin", Role.ADMIN, None),
        ):
            accounts[name] = make_account(
                clinic, email=f"{name}@example.org", name=name, roles=[role], therapist_id=therapist
            ).id
        made = make_care_couple(practice)
        couple = LedCouple(practice, made.id, made.code, accounts["ines"])
        appointment = make_appointment(practice, TOMORROW)
        told = a_note(
            new_ruptures=(NewRupture("Alone", ("secrecy",), None, 3, key="n"),),
            attempts=(Attempt("A", ("appreciation",), "partly", "n"),),
        )
        signed = make_signed_note(couple, told, at=NOW - timedelta(hours=1), sealed=False)
        draft = make_note(couple, at=YESTERDAY, now=NOW)
        write_process_note(couple.code, "My own unease.", actor=couple.lead, now=NOW)
        write_disclosure(
            couple.code,
            DisclosureDetails("A", "Told alone."),
            review_on=date(2026, 12, 1),
            flagged=False,
            actor=couple.lead,
            now=NOW,
        )
        flag = open_safety_flag(
            couple.code,
            FlagDetails("Shouting", 2, "Seen alone"),
            review_on=date(2026, 12, 1),
            actor=couple.lead,
            now=NOW,
        )
        feed, _token = create_therapist_feed(ines.id, name="phone", actor=couple.admin, now=NOW)
        with transaction() as current:
            calendar = OutsideCalendar(
                clinic_id=clinic.id,
                therapist_id=ines.id,
                name="Private",
                url_index=b"x",
                host="calendar.example",
                warnings=[],
                created_at=NOW,
            )
            current.add(calendar)
            current.flush()
            calendar.url = "https://calendar.example/private.ics"
        token = manage_token(links_of(appointment)[0], clinic_id=clinic.id)
        values = {
            "code": couple.code,
            "note_id": draft,
            "ref": "R-01",
            "flag_id": flag,
            "feed_id": feed.id,
            "calendar_id": calendar.id,
            "reference": appointment.reference,
            "slug": "ines-duarte",
            "on": "2026-12-01",
            "token": token,
            "message_id": "1",
            "name": "rupture_type",
            "what": "attempt",
            "entry_id": session().scalars(sa.select(RepairAttempt.id)).one(),
            "instrument_id": add_closeness(couple),
            "version": "2",
            "language": "en",
            "account_id": UNKNOWN,
            "session_id": UNKNOWN,
            "time_off_id": UNKNOWN,
            "closure_id": UNKNOWN,
            "connection_id": UNKNOWN,
            "step": "check",
            "delivery_id": UNKNOWN,
            "task_id": UNKNOWN,
            "subscriber_id": UNKNOWN,
        }
        db.session.remove()
        return World(values, signed)


def desk_routes(app):
    """(method, rule, endpoint) of every address that asks for a permission."""
    with app.app_context():
        return sorted(
            (method, rule.rule, rule.endpoint)
            for rule in app.url_map.iter_rules()
            for method in rule.methods & {"GET", "POST"}
            if isinstance(declared(rule.endpoint), Permission)
        )


def ask(browser, world, method, rule, endpoint, token):
    """What is answered to one asking, by its status."""
    address = world.address(rule, endpoint)
    if method == "GET":
        return browser.get(address).status_code
    fields = FORMS.get(endpoint, {}) | {"csrf_token": token}
    return browser.post(address, data=fields).status_code


def refuses(status):
    return status in {401, 403, 404}


def differs(status, expected):
    """Whether one lets in where the other refuses; how a form is taken is told elsewhere."""
    if status >= 500 or refuses(status) or refuses(expected):
        return status != expected
    return False


def stored(app):
    """A digest of every row, but for what asking itself leaves behind."""
    beside = {"audit_entry", "audit_head", "staff_session", "failed_sign_in"}
    with app.app_context():
        found = hashlib.sha256()
        for table in Base.metadata.sorted_tables:
            if table.name not in beside:
                rows = session().execute(sa.select(table).order_by(*table.primary_key)).all()
                found.update(repr((table.name, rows)).encode())
        db.session.remove()
    return found.hexdigest()


def test_every_address_has_its_row_in_the_table(app):
    asked = {(method, rule) for method, rule, _endpoint in desk_routes(app)}

    assert asked == set(ROWS)


@pytest.mark.parametrize("who", STAFF)
def test_each_address_answers_each_role_as_the_table_says(app, who):
    world = make_world(app)
    browser = signed_in(app, email=f"{who}@example.org")
    token = csrf_token(browser, "/desk/account")
    routes = desk_routes(app)
    before = stored(app)

    shut = [one for one in routes if refuses(ROWS[one[0], one[1]][who])]
    given = {one[:2]: ask(browser, world, *one, token) for one in shut}
    assert stored(app) == before, "somebody who was refused changed something"
    given |= {one[:2]: ask(browser, world, *one, token) for one in routes if one not in shut}

    other = {place: status for place, status in given.items() if differs(status, ROWS[place][who])}
    assert other == {}
    assert len(given) == len(ROWS)


def test_session_that_another_held_with_one_partner_answers_each_role(app):
    house = open_separate_session(app)
    daniel = house.actor("daniel")
    note_id = house.do(lambda: open_note(house.appointment, actor=daniel, now=AFTER))
    places = {"<code>": house.code, "<note_id>": note_id, "<reference>": house.reference}
    rows = {tuple(line.split()[:2]): line.split()[2:] for line in APART.strip().splitlines()}
    wrong = {}
    for column, who in enumerate(("ines", "daniel", "ruth", "supervisor", "desk", "admin")):
        browser = signed_in(app, email=f"{who}@example.org")
        fields = {"csrf_token": csrf_token(browser, "/desk/account"), "revision": "1"}
        fields |= {"kind": "addendum", "text": "x", "comment": "Again?", "password": PASSWORD}
        for (method, rule), row in rows.items():
            address = re.sub("<.*?>", lambda found: places[found[0]], rule)
            query = {"appointment": house.appointment}
            sent = {"data": fields | query} if method == "POST" else {"query_string": query}
            status = browser.open(address, method=method, **sent).status_code
            if (str(status) if refuses(status) else "in") != row[column]:
                wrong[who, method, rule] = status
    assert wrong == {}


def test_visitor_is_sent_to_sign_in_and_a_program_is_told_401(app, client):
    world = make_world(app)
    token = csrf_token(client)
    before = stored(app)
    pages, told = {}, {}
    for method, rule, endpoint in desk_routes(app):
        address = world.address(rule, endpoint)
        data = FORMS.get(endpoint, {}) | {"csrf_token": token}
        answer = client.open(address, method=method, data=data if method == "POST" else None)
        pages[rule] = (answer.status_code, (answer.location or "").partition("?")[0])
        answer = client.open(
            address,
            method=method,
            data=data if method == "POST" else None,
            headers={"Accept": "application/json"},
        )
        told[rule] = answer.status_code

    assert {rule: one for rule, one in pages.items() if one != (302, "/login")} == {
        "/api/v1/couples/<code>/timeline": (401, "")
    }
    assert set(told.values()) == {401}
    assert stored(app) == before


@pytest.mark.parametrize("who", ["daniel", "desk"])
def test_other_views_of_a_page_are_as_shut_as_the_page(app, who):
    world = make_world(app)
    browser = signed_in(app, email=f"{who}@example.org")
    code, note = world.values["code"], world.signed
    pages = [
        f"/desk/couples/{code}/ledger?for=partner&viewer=A&axis=date",
        f"/desk/couples/{code}?what=note",
        f"/desk/couples/{code}/search?q=Alone",
        f"/desk/notes/{note}?view=soap",
        f"/desk/notes/{note}/versions?first=1",
        f"/api/v1/couples/{code}/timeline?limit=1",
    ]
    shut = {"daniel": {404}, "desk": {403}}[who]

    for accepted in ("text/html", "application/json", "text/calendar"):
        given = {browser.get(one, headers={"Accept": accepted}).status_code for one in pages}
        assert given == shut


def test_address_behind_a_link_that_nobody_gave_out_is_not_there(app, client):
    world = make_world(app)
    token = csrf_token(client)
    with app.app_context():
        open_to_all = [
            (method, rule.rule)
            for rule in app.url_map.iter_rules()
            for method in rule.methods & {"GET", "POST"}
            if "<token>" in rule.rule and not rule.rule.startswith("/api/")
        ]
    unknown = World(world.values | {"token": "A" * 43}, world.signed)

    given = {
        (method, rule): client.open(
            unknown.address(rule, ""),
            method=method,
            data={"csrf_token": token} if method == "POST" else None,
        ).status_code
        for method, rule in open_to_all
    }

    assert len(given) >= 12
    assert {place: status for place, status in given.items() if status != 404} == {}
