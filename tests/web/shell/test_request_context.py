"""What surrounds every page: language, theme, the clinic's name, and the way back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import g

from clinic.extensions import db
from clinic.foundation.permissions.actors import Role
from clinic.foundation.permissions.permission_names import Permission
from clinic.web.shell.request_context import (
    LANGUAGE_NAMES,
    clock_time,
    day_name,
    language,
    may,
    translated,
    when,
)
from clinic.web.shell.views import local_target
from tests.support.accounts.sign_in import clinic_with_account, signed_in
from tests.support.factories import make_clinic, make_practice

TEN = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)


@pytest.fixture
def clinic(app):
    with app.app_context():
        made = make_clinic()
        db.session.remove()
    return made


def lang(response):
    return response.text.split('<html lang="')[1][:2]


@pytest.mark.parametrize(
    ("accepts", "expected"),
    [
        ("pt-PT,pt;q=0.9,en;q=0.5", "pt"),
        ("pt-BR", "pt"),
        ("en-GB,en;q=0.9", "en"),
        ("de-DE,de;q=0.9,pt;q=0.3", "pt"),
        ("de-DE,de;q=0.9", "en"),
        ("", "en"),
        ("*", "en"),
        (";;;=,,", "en"),
    ],
)
def test_page_is_in_the_language_the_browser_asks_for(client, clinic, accepts, expected):
    assert lang(client.get("/privacy", headers={"Accept-Language": accepts})) == expected


def test_clinic_decides_where_the_browser_says_nothing_it_knows(app):
    with app.app_context():
        make_clinic(language="pt")
        db.session.remove()

    assert lang(app.test_client().get("/privacy", headers={"Accept-Language": "de"})) == "pt"


def test_chosen_language_stays_chosen_and_wins_over_the_browsers(client, clinic):
    answer = client.get("/language?language=pt&next=/privacy")

    assert (answer.status_code, answer.location) == (302, "/privacy")
    assert lang(client.get("/privacy", headers={"Accept-Language": "en"})) == "pt"
    client.get("/language?language=xx")
    assert lang(client.get("/privacy")) == "pt"


def test_members_of_staff_read_the_language_of_their_account(app):
    clinic_with_account(app, language="pt")

    assert lang(signed_in(app).get("/desk/account", headers={"Accept-Language": "en"})) == "pt"


OUTSIDE = [
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "javascript:alert(1)",
    "/a\r\nSet-Cookie: x=1",
    "/\tevil",
    "evil.example",
    " //evil.example",
    "",
]


@pytest.mark.parametrize("target", OUTSIDE)
def test_language_switch_never_leads_away_from_the_site(client, clinic, target):
    answer = client.get("/language", query_string={"language": "en", "next": target})

    assert (answer.status_code, answer.location) == (302, "/")
    assert local_target(target) is None


def test_way_back_within_the_site_keeps_its_query():
    assert local_target("/book?need=trust&step=2") == "/book?need=trust&step=2"


def test_both_languages_are_offered_by_their_own_names(client, clinic):
    page = client.get("/").text

    assert LANGUAGE_NAMES == {"en": "English", "pt": "Português"}
    for code, name in LANGUAGE_NAMES.items():
        assert f'value="{code}" lang="{code}" aria-label="{name}"' in page


def test_instants_are_written_in_the_readers_zone_and_language(app, clinic):
    with app.test_request_context("/", headers={"Accept-Language": "en"}):
        assert when(TEN, "America/New_York") == "Tuesday 1 December 2026, 05:00 (New York)"
        assert clock_time(TEN, "Asia/Kathmandu") == "15:45"
        assert day_name(TEN, "Pacific/Kiritimati") == "Wednesday 2 December"
    with app.test_request_context("/", headers={"Accept-Language": "pt"}):
        assert day_name(TEN, "Europe/Lisbon") == "terça-feira, 1 de dezembro"
        assert translated({"en": "Initial consultation", "pt": "Consulta inicial"}) == (
            "Consulta inicial"
        )


def test_mail_language_is_used_where_there_is_no_request(app, clinic):
    with app.test_request_context("/", headers={"Accept-Language": "pt-PT"}):
        assert language() == "pt"


def test_templates_ask_the_policy_what_to_show(app, clinic):
    with app.test_request_context("/"):
        g.clinic_id = clinic.id
        assert may(Permission.BOOK)
        assert not may(Permission.SEE_AUDIT)


def test_visitor_is_offered_the_sign_in_and_staff_their_desk(app):
    with app.app_context():
        db.session.remove()
    clinic_with_account(app, roles=[Role.THERAPIST])

    assert 'href="/login"' in app.test_client().get("/").text
    assert 'href="/login"' not in signed_in(app).get("/").text


def test_static_files_and_health_need_no_clinic(client):
    assert client.get("/static/css/tokens.css", buffered=True).status_code == 200
    assert client.get("/healthz").json == {"status": "alive"}


def test_readiness_tells_how_the_outbox_stands(app, client):
    with app.app_context():
        make_practice()
        db.session.remove()

    assert client.get("/readyz").json == {"status": "ready", "outbox": {"waiting": 0, "dead": 0}}


def test_word_that_never_changes_is_still_in_the_readers_language(app, clinic):
    page = app.jinja_env.from_string(
        "{{ 'restricted'|choice_name }}, {{ 'open'|term_name('rupture_status') }}"
    )
    said = []
    for chosen in ("en-GB", "pt-PT", "en-GB"):
        with app.test_request_context("/", headers={"Accept-Language": chosen}):
            said.append(page.render())

    assert said == ["Restricted, Open", "Reservado, Aberta", "Restricted, Open"]
