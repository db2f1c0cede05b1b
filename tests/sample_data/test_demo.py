from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from app import create_app
from clinic.booking.appointments.models import Appointment
from clinic.couples.models import Couple
from clinic.extensions import db
from clinic.foundation.audit import first_broken_entry
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import Conflict
from clinic.foundation.outbox import OutboxMessage, deliver_due
from clinic.practice.models import Therapist
from clinic.sample_data.demo import load_demo
from tests.conftest import settings_for
from tests.support.accounts.sign_in import sign_in
from tests.support.booking.booking_client import dump
from tests.support.demo_clinic import FIRST_COUPLES, on_sqlite, rows
from tests.support.factories import NOW, make_clinic


def test_demo_json_holds_what_programs_rely_on(demo, tmp_path):
    assert json.loads((tmp_path / "demo.json").read_text(encoding="utf-8")) == demo
    assert {"base_url", "accounts", "therapists", "session_types", "couples"} <= set(demo)
    assert demo["base_url"] == "http://localhost"
    assert [(one["role"], one["email"]) for one in demo["accounts"]][:5] == [
        ("admin", "admin@harbour-lane.example"),
        ("front_desk", "desk@harbour-lane.example"),
        ("therapist", "ines@harbour-lane.example"),
        ("therapist", "daniel@harbour-lane.example"),
        ("therapist", "marta@harbour-lane.example"),
    ]
    assert demo["session_types"] == [
        {"slug": "initial-consultation", "minutes": 30, "public": True},
        {"slug": "short-call", "minutes": 15, "public": True},
        {"slug": "joint-session", "minutes": 60, "public": False},
    ]
    assert demo["couples"][:4] == FIRST_COUPLES


def test_demo_json_tells_each_therapist_with_two_addresses(demo):
    plain = [
        {name: value for name, value in one.items() if name not in {"feed_url", "busy_url"}}
        for one in demo["therapists"]
    ]
    assert plain == [
        {
            "slug": "ines-duarte",
            "name": "Inês Duarte",
            "email": "ines@harbour-lane.example",
            "time_zone": "Europe/Lisbon",
            "languages": ["en", "pt"],
        },
        {
            "slug": "daniel-reyes",
            "name": "Daniel Reyes",
            "email": "daniel@harbour-lane.example",
            "time_zone": "America/New_York",
            "languages": ["en"],
        },
        {
            "slug": "marta-vale",
            "name": "Marta Vale",
            "email": "marta@harbour-lane.example",
            "time_zone": "Europe/Lisbon",
            "languages": ["pt"],
        },
    ]
    for one in demo["therapists"]:
        token = re.fullmatch(r"http://localhost/calendar/([\w-]{43})\.ics", one["feed_url"])[1]
        assert one["busy_url"] == f"http://localhost/calendar/{token}/busy.ics"


def test_everybody_in_demo_json_can_sign_in(app, demo):
    for account in demo["accounts"]:
        if account["role"] == "partner":
            continue
        client = app.test_client()
        answer = sign_in(client, email=account["email"], password=account["password"])
        assert (account["email"], answer.status_code) == (account["email"], 302)


def test_feeds_of_demo_json_answer(client, demo):
    for one in demo["therapists"]:
        for name in ("feed_url", "busy_url"):
            answer = client.get(one[name].removeprefix("http://localhost"))
            assert answer.status_code == 200
            assert answer.text.startswith("BEGIN:VCALENDAR\r\n")


def test_couples_are_at_different_points_and_each_has_a_time_coming(app, demo):
    found = rows(
        app,
        select(Couple.code, Couple.status, Therapist.slug, Appointment.status)
        .join(Appointment, Appointment.couple_id == Couple.id)
        .join(Therapist, Therapist.id == Appointment.therapist_id)
        .where(Appointment.starts_at > NOW, Couple.code.in_(FIRST_COUPLES))
        .order_by(Couple.code),
    )

    assert found == [
        ("C-0001", "active", "ines-duarte", "confirmed"),
        ("C-0002", "intake", "marta-vale", "confirmed"),
        ("C-0003", "enquiry", "daniel-reyes", "requested"),
        ("C-0004", "enquiry", "ines-duarte", "confirmed"),
    ]


def test_nobody_made_up_is_written_to(app, demo, tmp_path):
    with app.app_context():
        while deliver_due(now=NOW):
            pass

    assert list(tmp_path.glob("mail/*")) == []


def test_request_in_the_demo_runs_out_as_in_real_life(app, demo):
    waiting = rows(app, select(OutboxMessage.kind).where(OutboxMessage.done_at.is_(None)))

    assert waiting == [("appointment.expire_request",)]


def test_second_demo_is_refused_and_changes_nothing(app, demo, settings):
    before = dump(app)

    with app.app_context(), pytest.raises(Conflict):
        load_demo(settings, now=NOW)

    assert dump(app) == before


def test_demo_does_not_go_into_a_real_clinic(app, settings, tmp_path):
    with app.app_context():
        make_clinic()
        before = dump(app)
        with pytest.raises(Conflict):
            load_demo(settings, now=NOW)

    assert (dump(app), (tmp_path / "demo.json").exists()) == (before, False)


def test_audit_chain_of_the_demo_is_whole(app, demo):
    with app.app_context():
        assert first_broken_entry(session()) is None


@pytest.mark.parametrize(
    "now",
    [
        "2026-01-01T00:00Z",
        "2026-03-29T00:30Z",
        "2026-10-25T00:30Z",
        "2026-12-24T23:59Z",
        "2027-02-28T12:00Z",
        "2030-07-01T06:00Z",
    ],
)
def test_demo_can_be_made_on_any_day(app, settings, now):
    at = datetime.fromisoformat(now).astimezone(UTC)
    clock.freeze(at)

    with app.app_context():
        found = load_demo(settings, now=at)
        coming = session().scalar(
            select(func.count())
            .select_from(Appointment)
            .join(Couple, Couple.id == Appointment.couple_id)
            .where(Appointment.starts_at > at, Couple.code.in_(FIRST_COUPLES))
        )

    assert (found["couples"][:4], coming) == (FIRST_COUPLES, 4)


@on_sqlite
def test_demo_made_twice_is_the_same_but_for_what_must_be_secret(
    app, demo, tmp_path, template_database
):
    def told(found):
        secret = r'(/calendar/|secret": "|signing_key": ")[\w-]{43}'
        return re.sub(secret, r"\1SECRET", json.dumps(found))

    def times(one):
        return rows(
            one,
            select(Appointment.starts_at, Appointment.status, Appointment.format, Couple.code)
            .join(Couple, Couple.id == Appointment.couple_id)
            .order_by(Appointment.starts_at, Couple.code),
        )

    second = tmp_path / "second"
    second.mkdir()
    shutil.copy(template_database, second / "clinic.db")
    other = create_app(settings_for(second, f"sqlite:///{second / 'clinic.db'}"))
    with other.app_context():
        again = load_demo(other.extensions["settings"], now=NOW)
        db.session.remove()

    assert told(again) == told(demo)
    assert again["therapists"][0]["feed_url"] != demo["therapists"][0]["feed_url"]
    assert times(other) == times(app)
    with other.app_context():
        db.engine.dispose()
