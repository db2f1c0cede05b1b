"""What every answer carries, whatever it is an answer to."""

from __future__ import annotations

import pytest

from app import create_app
from clinic.extensions import db
from tests.conftest import settings_for
from tests.support.accounts.sign_in import clinic_with_account, csrf_token, sign_in, signed_in
from tests.support.factories import PASSWORD, make_account, make_practice
from tests.support.web.api_client import a_body, book

OUR_SITE = "https://clinic.example"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; manifest-src 'self'; "
    "frame-ancestors 'none'"
)
ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()",
}
PATHS = {
    "/": 200,
    "/book": 200,
    "/login": 200,
    "/privacy": 200,
    "/healthz": 200,
    "/readyz": 200,
    "/api/v1/therapists": 200,
    "/api/v1/openapi.json": 200,
    "/api/v1/slots": 422,
    "/static/css/tokens.css": 200,
    "/nothing/here": 404,
    "/static/nothing": 404,
    "/a/no-such-token": 404,
    "/calendar/no-such-token.ics": 404,
    "/desk": 302,
}


@pytest.fixture
def practice(app):
    with app.app_context():
        made = make_practice()
        make_account(made.clinic)
        db.session.remove()
    return made


@pytest.fixture
def over_tls(settings, practice):
    """The same clinic behind TLS: `over_tls(frame_ancestors=...)` gives a browser."""
    made = []

    def open_browser(**changes):
        app = create_app(
            settings_for(
                settings.instance,
                settings.database_url,
                base_url="https://clinic.example",
                **changes,
            )
        )
        made.append(app)
        return app.test_client()

    yield open_browser
    for app in made:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_carries_the_security_headers(client, practice, path):
    response = client.get(path, buffered=True)

    assert response.status_code == PATHS[path]
    assert {name: response.headers.get(name) for name in ALWAYS} == ALWAYS
    assert "Server" not in response.headers
    assert "Strict-Transport-Security" not in response.headers


def test_policy_allows_no_inline_code_and_no_other_host(client, practice):
    policy = client.get("/").headers["Content-Security-Policy"]

    for weak in ("unsafe", "http:", "https:", "*", "data:", "blob:"):
        assert weak not in policy


@pytest.mark.parametrize("path", [path for path in PATHS if not path.startswith("/static/")])
def test_nothing_but_static_files_and_feeds_may_be_kept(client, practice, path):
    if path != "/api/v1/openapi.json":
        assert client.get(path).headers["Cache-Control"] == "no-store"


def test_private_pages_are_kept_out_of_search_engines(app, client, practice):
    with app.app_context():
        token = book(client, **a_body())["manage_token"]

    for path in (f"/a/{token}", "/desk", "/calendar/x.ics"):
        assert client.get(path).headers["X-Robots-Tag"] == "noindex, nofollow"
    assert "X-Robots-Tag" not in client.get("/").headers


def test_page_of_somebody_signed_in_is_private_wherever_it_is(app):
    clinic_with_account(app)

    response = signed_in(app).get("/")

    assert response.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert response.headers["Cache-Control"] == "no-store"


def test_over_tls_browsers_are_told_to_stay_on_it_and_cookies_are_bound_to_the_host(over_tls):
    browser = over_tls()

    response = browser.get("/login", base_url=OUR_SITE)

    assert response.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    cookies = response.headers.getlist("Set-Cookie")
    assert cookies
    for cookie in cookies:
        name, *attributes = (part.strip() for part in cookie.split(";"))
        assert name.startswith("__Host-")
        assert {"Secure", "HttpOnly", "Path=/"} <= set(attributes)
        assert not any(attribute.startswith("Domain") for attribute in attributes)
        assert any(attribute in {"SameSite=Lax", "SameSite=Strict"} for attribute in attributes)


def test_every_cookie_is_closed_to_scripts_and_to_other_sites(app, client):
    clinic_with_account(app)
    cookies = client.get("/login").headers.getlist("Set-Cookie")
    cookies += sign_in(client).headers.getlist("Set-Cookie")

    assert cookies
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie or "SameSite=Strict" in cookie


def test_only_the_clinics_own_sites_may_show_the_embedded_pages(over_tls):
    browser = over_tls(frame_ancestors=("https://site.example", "https://www.site.example"))

    inside = browser.get("/embed/book", base_url=OUR_SITE).headers["Content-Security-Policy"]
    outside = browser.get("/book", base_url=OUR_SITE).headers["Content-Security-Policy"]

    assert inside.endswith("frame-ancestors https://site.example https://www.site.example")
    assert outside.endswith("frame-ancestors 'none'")


def test_without_named_sites_nobody_may_show_the_embedded_pages(client, practice):
    assert client.get("/embed/book").headers["Content-Security-Policy"] == POLICY


def test_form_from_elsewhere_is_refused_on_every_page_that_changes_something(app, client, practice):
    refused = {
        rule.rule: client.post(
            rule.rule.replace("<int:message_id>", "1").replace("<", "").replace(">", "")
        ).status_code
        for rule in app.url_map.iter_rules()
        if "POST" in rule.methods and not rule.rule.startswith(("/api/", "/webhooks/"))
    }

    assert refused
    assert {path for path, status in refused.items() if status != 400} == set()


def test_sign_in_needs_the_token_of_its_own_form(app, client):
    clinic_with_account(app)
    csrf_token(client)
    fields = {"email": "ines.duarte@example.org", "password": PASSWORD}

    assert client.post("/login", data=fields).status_code == 400
    assert client.post("/login", data=fields | {"csrf_token": "forged"}).status_code == 400
    assert sign_in(client).status_code == 302
