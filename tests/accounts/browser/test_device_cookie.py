"""The cookie of a browser that has signed in: what it is, and what it opens over HTTP."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clinic.accounts.browser.device_cookie import LONGEST_TOKEN
from clinic.foundation.clock import clock
from tests.conftest import settings_for
from tests.support.accounts.sign_in import (
    EMAIL,
    HOME,
    clinic_with_account,
    csrf_token,
    is_inside,
    sign_in,
    signed_in,
)
from tests.support.factories import PASSWORD

COOKIE = "clinic-device"


def cookie_of(client, name=COOKIE):
    kept = client.get_cookie(name)
    return kept.value if kept else None


def sign_out(client):
    client.post("/logout", data={"csrf_token": csrf_token(client, "/desk/account")})
    assert not is_inside(client)


def use_up_the_address(app):
    """Thirty wrong passwords for made-up accounts, and a few for the owner's, from one address."""
    stranger = app.test_client()
    for n in range(27):
        assert sign_in(stranger, email=f"made-up{n}@example.org", password="x").status_code == 422
    for _ in range(5):
        sign_in(stranger, password="x")
    assert sign_in(stranger).status_code == 429


def test_owner_comes_in_where_strangers_have_used_up_the_address(app):
    clinic_with_account(app)
    owner = signed_in(app)
    sign_out(owner)
    use_up_the_address(app)

    assert sign_in(app.test_client()).status_code == 429
    assert sign_in(owner).status_code == 302
    assert is_inside(owner)


def test_cookie_is_for_the_server_alone_and_tells_nothing(app):
    account = clinic_with_account(app)
    client = app.test_client()

    answer = sign_in(client)

    line = next(one for one in answer.headers.getlist("Set-Cookie") if one.startswith(COOKIE))
    value, *attributes = line.split("; ")
    assert {one.partition("=")[0] for one in attributes} == {
        "Expires",
        "Max-Age",
        "HttpOnly",
        "Path",
        "SameSite",
    }
    assert {"Max-Age=7776000", "Path=/", "SameSite=Strict"} <= set(attributes)
    assert len(value) == len(COOKIE) + 1 + 43
    assert account.id not in value


def test_wrong_password_brings_no_cookie_and_every_sign_in_a_new_one(app):
    clinic_with_account(app)
    client = app.test_client()
    sign_in(client, password="x")
    assert cookie_of(client) is None

    sign_in(client)
    first = cookie_of(client)
    sign_out(client)
    sign_in(client)

    assert cookie_of(client) not in {None, first}


def test_signing_out_leaves_the_browser_known(app):
    clinic_with_account(app)
    client = signed_in(app)
    before = cookie_of(client)
    sign_out(client)

    assert cookie_of(client) == before


def test_password_shown_again_is_not_held_up_by_strangers_either(app):
    clinic_with_account(app)
    owner = signed_in(app)
    use_up_the_address(app)

    token = csrf_token(owner, "/desk/account")
    answer = owner.post(
        "/desk/account/password",
        data={"csrf_token": token, "present": PASSWORD, "new": "a quiet harbour at dusk"},
        environ_base={"REMOTE_ADDR": HOME},
    )

    assert (answer.status_code, answer.location) == (302, "/desk/account")
    sign_out(owner)
    assert sign_in(owner, password="a quiet harbour at dusk").status_code == 302


def test_refusal_says_what_helps(app):
    clinic_with_account(app)
    use_up_the_address(app)

    page = sign_in(app.test_client()).text

    assert "A browser you have signed in with before still works; so does a new password." in page


@pytest.mark.parametrize("value", ["", "x", "x" * (LONGEST_TOKEN + 1), "é", "a;b=c", '"', "\\000"])
def test_foreign_cookie_is_nothing(app, value):
    clinic_with_account(app)
    client = app.test_client()
    client.set_cookie(COOKIE, value)

    assert sign_in(client, password="x").status_code == 422
    assert sign_in(client).status_code == 302
    assert len(cookie_of(client)) == 43


class TestBehindTls:
    @pytest.fixture
    def settings(self, database_url, tmp_path):
        return settings_for(tmp_path, database_url, base_url="https://clinic.example")

    def test_cookie_is_secure_and_of_this_host_alone(self, app):
        clinic_with_account(app)
        client = app.test_client()
        page = client.get("/login", base_url="https://clinic.example")
        token = page.text.partition('name="csrf_token"')[2].partition('value="')[2]
        data = {
            "email": EMAIL,
            "password": PASSWORD,
            "csrf_token": token.partition('"')[0],
        }
        answer = client.post(
            "/login",
            data=data,
            base_url="https://clinic.example",
            headers={"Referer": "https://clinic.example/login"},
        )

        name = "__Host-clinic-device="
        line = next(one for one in answer.headers.getlist("Set-Cookie") if one.startswith(name))
        assert {"Secure", "HttpOnly", "Path=/"} <= set(line.split("; "))
        assert "Domain" not in line


def test_browser_is_a_strangers_after_ninety_days(app):
    clinic_with_account(app)
    owner = signed_in(app)
    sign_out(owner)
    clock.move(timedelta(days=90))
    use_up_the_address(app)

    assert sign_in(owner).status_code == 429
