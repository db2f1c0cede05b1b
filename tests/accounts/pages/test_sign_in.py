"""Signing in over HTTP: answers alike, forms protected, nobody led elsewhere."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, table, text

from clinic.accounts.administration.service import deactivate_account
from clinic.accounts.browser.route_guard import requires
from clinic.extensions import db
from clinic.foundation.clock import clock
from clinic.foundation.permissions.actors import Actor, Role
from clinic.foundation.permissions.permission_names import Permission
from tests.support.accounts.sign_in import (
    ELSEWHERE,
    EMAIL,
    TOKEN_FIELD,
    clinic_with_account,
    csrf_token,
    is_inside,
    sign_in,
    signed_in,
)
from tests.support.factories import NOW, PASSWORD, make_account


def body(response) -> str:
    """The page without its form token and without the e-mail that was typed."""
    page = re.sub(TOKEN_FIELD, "", response.text)
    return re.sub(r"[a-z.]+@example\.org", "", page)


def test_right_credentials_lead_to_the_desk(app, client):
    clinic_with_account(app)
    response = sign_in(client)
    assert (response.status_code, response.location, is_inside(client)) == (302, "/desk", True)


def test_visitors_are_sent_to_sign_in_and_back(app, client):
    clinic_with_account(app)
    asked = client.get("/desk/account?tab=sessions")
    assert (asked.status_code, asked.location) == (302, "/login?next=/desk/account?tab%3Dsessions")
    page = client.get(asked.location)
    assert 'name="next" type="hidden" value="/desk/account?tab=sessions"' in page.text
    assert (
        sign_in(client, next="/desk/account?tab=sessions").location == "/desk/account?tab=sessions"
    )


def test_a_program_without_a_session_gets_a_problem_document(app):
    clinic_with_account(app)
    app.add_url_rule("/api/v1/probe", "probe", requires(Permission.SEE_OWN_DAY)(lambda: "inside"))
    response = app.test_client().get("/api/v1/probe")
    assert (response.status_code, response.content_type) == (401, "application/problem+json")
    assert signed_in(app).get("/api/v1/probe").text == "inside"


def test_unknown_wrong_and_deactivated_get_the_same_answer(app):
    account = clinic_with_account(app, roles=[Role.ADMIN])
    with app.app_context():
        from clinic.practice.clinic.clinics import the_clinic

        closed = make_account(the_clinic(), email="closed@example.org")
        system = Actor(clinic_id=account.clinic_id, name="system:test", is_system=True)
        deactivate_account(closed.id, actor=system, now=NOW)
    answers = [
        sign_in(app.test_client(), email=EMAIL, password="not the password"),
        sign_in(app.test_client(), email="nobody@example.org", password="not the password"),
        sign_in(app.test_client(), email="closed@example.org", password=PASSWORD),
        sign_in(app.test_client(), email="not an address", password=PASSWORD),
    ]
    assert {answer.status_code for answer in answers} == {422}
    pages = [body(answer).replace("not an address", "") for answer in answers]
    assert pages == [pages[0]] * 4
    assert "E-mail and password do not fit together." in pages[0]


def test_throttled_tries_get_the_same_answer_known_or_not_right_or_wrong(app):
    clinic_with_account(app)
    answers = []
    for n, email in enumerate([EMAIL, "nobody@example.org"]):
        for _ in range(5):
            sign_in(app.test_client(), email=email, password="x", address=f"203.0.113.{n}")
        answers += [
            sign_in(app.test_client(), email=email, password=password, address=f"203.0.113.{n}")
            for password in (PASSWORD, "x")
        ]
    assert [(a.status_code, a.headers["Retry-After"]) for a in answers] == [(429, "30")] * 4
    pages = [body(answer) for answer in answers]
    assert pages == [pages[0]] * 4
    assert "There were too many tries." in pages[0]


def test_what_was_typed_stays_but_never_the_password(app, client):
    clinic_with_account(app)
    page = sign_in(client, password="a secret that is wrong").text
    assert (f'value="{EMAIL}"' in page, "a secret that is wrong" in page) == (True, False)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"email": ""}, "Please enter your e-mail address."),
        ({"password": ""}, "Please enter your password."),
        ({"email": "x" * 255}, "This is too long for an e-mail address."),
    ],
)
def test_what_is_missing_is_said_at_its_field(app, client, fields, said):
    clinic_with_account(app)
    response = sign_in(client, **fields)
    assert (response.status_code, said in response.text) == (422, True)


@pytest.mark.parametrize(
    "value", ["\x00", "a\r\nBcc: b@example.org", "'; --", "\u202e", "<script>", "٣" * 20, "é" * 200]
)
def test_odd_texts_are_refused_like_any_wrong_ones(app, client, value):
    clinic_with_account(app)
    response = sign_in(client, email=value, password=value)
    assert (response.status_code, "<script>" in response.text) == (422, False)


def test_spoofed_forwarding_headers_change_nothing(app):
    clinic_with_account(app)
    said = []
    for n in range(7):
        spoofed = f"198.51.100.{n}"
        headers = {
            "X-Forwarded-For": spoofed,
            "X-Real-IP": spoofed,
            "Forwarded": f"for={spoofed}",
            "X-Client-IP": spoofed,
            "CF-Connecting-IP": spoofed,
            "True-Client-IP": spoofed,
        }
        said.append(
            sign_in(app.test_client(), password="x", address=ELSEWHERE, headers=headers).status_code
        )
    assert said == [422] * 5 + [429] * 2


def test_a_form_without_its_token_is_refused(app, client):
    clinic_with_account(app)
    response = client.post("/login", data={"email": EMAIL, "password": PASSWORD})
    assert (response.status_code, is_inside(client)) == (400, False)


def test_a_token_of_another_browser_is_refused(app, client):
    clinic_with_account(app)
    foreign = csrf_token(app.test_client())
    client.get("/login")
    data = {"csrf_token": foreign, "email": EMAIL, "password": PASSWORD}
    assert (client.post("/login", data=data).status_code, is_inside(client)) == (400, False)


def test_json_is_not_a_way_in(app, client):
    clinic_with_account(app)
    headers = {"X-CSRFToken": csrf_token(client)}
    for payload in ({"email": EMAIL, "password": PASSWORD}, [1], "x"):
        response = client.post("/login", json=payload, headers=headers)
        assert (response.status_code, is_inside(client)) == (415, False)


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "http:/\\evil.example",
    ],
)
def test_next_never_leads_elsewhere(app, target):
    clinic_with_account(app)
    client = app.test_client()
    page = client.get("/login", query_string={"next": target})
    assert 'id="next" name="next" type="hidden" value=""' in page.text
    assert sign_in(client, next=target).location == "/desk"
    again = client.get("/login", query_string={"next": target})
    assert (again.status_code, again.location) == (302, "/desk")


def test_query_arguments_and_headers_do_not_sign_anybody_in(app):
    account = clinic_with_account(app)
    with app.test_request_context():
        token = account.get_auth_token()
    app.add_url_rule("/api/v1/probe", "probe", requires(Permission.SEE_OWN_DAY)(lambda: "inside"))
    client = app.test_client()
    by_header = client.get("/api/v1/probe", headers={"Authentication-Token": str(token)})
    by_query = client.get(f"/api/v1/probe?auth_token={token}")
    assert (by_header.status_code, by_query.status_code) == (401, 401)


def test_a_remember_cookie_opens_nothing(app):
    from flask_login import encode_cookie

    account = clinic_with_account(app)
    client = app.test_client()
    with app.test_request_context():
        client.set_cookie("remember_token", encode_cookie(account.fs_uniquifier))
    assert not is_inside(client)


def test_e_mail_name_and_password_hash_are_nowhere_in_clear(app, client):
    clinic_with_account(app)
    sign_in(client)
    sign_in(app.test_client(), email="mistyped.person@example.org", address="203.0.113.77")
    with app.app_context(), db.engine.connect() as connection:
        if db.engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").all()
            kept = Path(str(db.engine.url.database)).read_bytes()
        else:
            tables = ("account", "staff_session", "failed_sign_in", "audit_entry")
            rows = [
                connection.execute(select(text("*")).select_from(table(t))).all() for t in tables
            ]
            kept = repr(rows).encode()
    assert b"staff_session" in kept or b"account:" in kept  # the search itself finds what is there
    clear = [EMAIL, "ines.duarte", "Inês Duarte", "mistyped", "argon2id", "203.0.113.77", "198.51"]
    assert [text for text in clear if text.encode() in kept] == []


def test_without_its_counts_nobody_gets_in(app, client):
    clinic_with_account(app)
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("DROP TABLE failed_sign_in"))
    assert (sign_in(client).status_code >= 500, is_inside(client)) == (True, False)


def test_the_sign_in_page_speaks_for_an_idle_session(app):
    clinic_with_account(app)
    client = signed_in(app)
    clock.move(timedelta(minutes=15))
    assert not is_inside(client)
    said = "You were signed out because the page was left for a while."
    pages = [client.get("/login").text, client.get("/login").text]
    assert [said in page for page in pages] == [True, False]
    assert sign_in(client).status_code == 302
