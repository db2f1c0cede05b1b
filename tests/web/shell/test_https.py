"""Behind TLS: cookies are secure, forms pass, and no other host name is answered."""

from dataclasses import replace

import pytest

from clinic.extensions import db
from tests.support.factories import make_practice


@pytest.fixture
def settings(settings):
    return replace(settings, base_url="https://clinic.example", production=True)


@pytest.fixture
def practice(app):
    with app.app_context():
        made = make_practice()
        db.session.remove()
    return made


def test_form_sent_over_https_from_our_own_page_is_taken(client, practice):
    page = client.get("/book", base_url="https://clinic.example")
    token = page.text.split('name="csrf_token" type="hidden" value="')[1].split('"')[0]

    answer = client.post(
        "/book",
        base_url="https://clinic.example",
        headers={"Referer": "https://clinic.example/book"},
        data={"csrf_token": token},
    )

    assert page.headers["Referrer-Policy"] == "same-origin"
    assert (answer.status_code, answer.location) == (303, "/book/therapists")


def test_form_sent_from_another_site_is_refused(client, practice):
    page = client.get("/book", base_url="https://clinic.example")
    token = page.text.split('name="csrf_token" type="hidden" value="')[1].split('"')[0]

    answer = client.post(
        "/book",
        base_url="https://clinic.example",
        headers={"Referer": "https://elsewhere.example/"},
        data={"csrf_token": token},
    )

    assert answer.status_code == 400


def test_session_cookie_is_bound_to_the_host_and_to_tls(client, practice):
    answer = client.get("/book", base_url="https://clinic.example")

    name, *attributes = answer.headers["Set-Cookie"].split("; ")
    assert name.startswith("__Host-clinic=")
    assert set(attributes) >= {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"}


def test_another_host_name_is_not_answered(client, practice):
    assert client.get("/", base_url="https://elsewhere.example").status_code == 400


def test_program_at_another_host_name_is_told_in_a_problem_document(client, practice):
    answer = client.get("/api/v1/therapists", base_url="https://elsewhere.example")

    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")
    assert answer.json["type"] == "https://clinic.example/problems/foreign-host"
