from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app import create_app
from clinic.extensions import db
from clinic.foundation import outbox
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import session
from clinic.practice.models import SessionType
from clinic.web.shell.views import local_target
from tests.conftest import settings_for
from tests.support.booking.booking_client import heading, words
from tests.support.factories import (
    make_appointment,
    make_clinic,
    make_practice,
    make_session_type,
    make_therapist,
)
from tests.support.query_counting import count_queries

TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)
LEAVING = [
    "//evil.example",
    "https://evil.example/book",
    "/\\evil.example",
    "/\t/evil.example",
    "javascript:alert(1)",
    "\\\\evil.example",
    "///evil.example",
    "//[",
    "/book\r\nSet-Cookie: a=b",
    "https:evil.example",
    "evil.example",
    "http://[::1",
    "//a\u2100b",
    "",
]


@pytest.fixture
def practice(app):
    with app.app_context():
        return make_practice()


def test_front_page_tells_the_next_free_time_and_who_there_is(client, practice):
    page = client.get("/")

    assert page.status_code == 200
    said = words(page)
    assert "Monday 23 November, 10:00" in said
    assert "Lasts 30 minutes" in said
    assert "Where Online, by video · At the clinic" in said
    assert "Languages English, Portuguese" in said
    assert re.findall(r'href="(/book/times[^"]*)"', page.text) == [
        "/book/times?session_type=initial-consultation&amp;therapist=ines-duarte"
    ]


def test_front_page_is_on_the_readers_clocks(client, practice):
    client.get("/book/times?time_zone=Asia/Kathmandu")

    assert "Monday 23 November, 15:45" in words(client.get("/"))


def test_front_page_of_a_clinic_without_therapists_and_types(app, client):
    with app.app_context():
        make_clinic()

    assert client.get("/").status_code == 200


def test_therapist_with_nothing_for_everybody_has_no_link_to_times(app, client):
    with app.app_context():
        clinic = make_clinic()
        public, known = (
            make_session_type(clinic),
            make_session_type(clinic, slug="joint", audience="existing"),
        )
        make_therapist(clinic, session_types=[public, known])
        make_therapist(clinic, slug="only-known", session_types=[known], sort=1)
        make_therapist(clinic, slug="none", sort=2)

    links = re.findall(r'href="(/book/times[^"]*)"', client.get("/").text)

    assert links == ["/book/times?session_type=initial-consultation&amp;therapist=ines-duarte"]
    assert client.get(links[0].replace("&amp;", "&")).status_code == 200


def test_front_page_costs_the_same_for_one_therapist_and_for_many(app, client, practice):
    def cost():
        with app.app_context(), count_queries() as seen:
            client.get("/")
        return len(seen)

    cost()
    one = cost()
    with app.app_context():
        kind = session().get_one(SessionType, practice.session_type.id)
        for number in range(5):
            make_therapist(practice.clinic, slug=f"t-{number}", session_types=[kind])

    assert cost() == one


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("pt-PT,pt;q=0.9", "pt"),
        ("en", "en"),
        ("de", "en"),
        ("pt;q=0.2, en;q=0.8", "en"),
        ("", "en"),
    ],
)
def test_page_is_in_the_browsers_language_else_the_clinics(client, practice, header, language):
    page = client.get("/", headers={"Accept-Language": header})

    assert re.search(r'<html[^>]* lang="(\w\w)', page.text)[1] == language


def test_chosen_language_stays_and_leads_back_to_the_page(client, practice):
    answer = client.get("/language?language=pt&next=/book/times?week%3D2026-11-30")

    assert (answer.status_code, answer.location) == (302, "/book/times?week=2026-11-30")
    page = client.get("/", headers={"Accept-Language": "en"})
    assert re.search(r'<html[^>]* lang="(\w\w)', page.text)[1] == "pt"


@pytest.mark.parametrize("chosen", ["xx", "", "EN", "\x00", "x" * 10_000])
def test_unknown_language_changes_nothing(client, practice, chosen):
    answer = client.get("/language", query_string={"language": chosen, "next": "/book"})

    assert (answer.location, client.get_cookie("clinic")) == ("/book", None)


@pytest.mark.parametrize("target", LEAVING)
def test_no_redirect_leaves_the_site(client, practice, target):
    answer = client.get("/language", query_string={"language": "en", "next": target})

    assert (answer.status_code, answer.location) == (302, "/")
    assert local_target(target) is None


@pytest.mark.parametrize("target", ["/", "/book/times?week=2026-11-30", "/a/token/move#times"])
def test_paths_of_the_site_are_kept(target):
    assert local_target(target) == target


def test_privacy_page_is_there_in_both_languages(client, practice):
    english = client.get("/privacy")
    portuguese = client.get("/privacy", headers={"Accept-Language": "pt"})

    assert [english.status_code, portuguese.status_code] == [200, 200]
    assert heading(english) != heading(portuguese)


def test_alive_and_ready(app, client, practice):
    with app.app_context():
        make_appointment(practice, TEN)
        waiting = outbox.backlog(now=clock.now()).waiting

    assert client.get("/healthz").json == {"status": "alive"}
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json) == (
        200,
        {"status": "ready", "outbox": {"waiting": waiting, "dead": 0}},
    )
    assert waiting > 0


def test_ready_counts_dead_letters(app, client, practice):
    with app.app_context():
        make_appointment(practice, TEN)
        app.extensions["outbox"] = {}
        outbox.deliver_due(now=clock.now())

    assert client.get("/readyz").json["outbox"]["dead"] == 1


AWAY = {
    "no such folder": "sqlite:///{folder}/nowhere/clinic.db",
    "no such server": "postgresql+psycopg://nobody@127.0.0.1:9/clinic",
    "empty": "sqlite:///{folder}/empty.db",
}


@pytest.mark.parametrize("away", AWAY)
def test_without_its_database_the_product_is_alive_not_ready_and_says_so(tmp_path, away):
    app = create_app(settings_for(tmp_path, AWAY[away].format(folder=tmp_path)))
    client = app.test_client()

    assert client.get("/healthz").json == {"status": "alive"}
    ready = client.get("/readyz")
    assert (ready.status_code, ready.content_type) == (503, "application/problem+json")
    assert (ready.json["status"], ready.json["type"]) == (
        503,
        "http://localhost/problems/unavailable",
    )
    page = client.get("/")
    assert page.status_code == 503
    for secret in ("sqlite", "psycopg", "Traceback", str(tmp_path)):
        assert secret not in page.text + ready.text
    with app.app_context():
        db.engine.dispose()


def test_database_that_comes_back_is_used_again(tmp_path, template_database):
    if not Path(template_database).exists():
        pytest.skip("a file can be taken away, a server's database cannot")
    file = tmp_path / "clinic.db"
    app = create_app(settings_for(tmp_path, f"sqlite:///{tmp_path}/later/clinic.db"))
    client = app.test_client()
    assert client.get("/readyz").status_code == 503

    (tmp_path / "later").mkdir()
    shutil.copy(template_database, file.parent / "later" / "clinic.db")

    assert client.get("/readyz").status_code == 200
    with app.app_context():
        db.engine.dispose()


def test_installation_without_a_clinic_says_that_it_cannot_answer_yet(client):
    page = client.get("/")

    assert page.status_code == 503
    assert "This clinic has not been set up yet." in words(page)
    assert [client.get(path).status_code for path in ("/healthz", "/readyz")] == [200, 200]
