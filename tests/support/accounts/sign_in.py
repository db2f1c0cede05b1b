"""What the tests of signing in share: a clinic with an account, and a browser at its door."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from clinic.accounts.models import Account
from tests.support.factories import PASSWORD, make_account, make_clinic

EMAIL = "ines.duarte@example.org"
HOME = "198.51.100.7"
ELSEWHERE = "203.0.113.9"
TOKEN_FIELD = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


def clinic_with_account(app: Flask, **changes: Any) -> Account:
    """A clinic with one account."""
    with app.app_context():
        return make_account(make_clinic(), **changes)


def csrf_token(client: FlaskClient, path: str = "/login") -> str:
    found = TOKEN_FIELD.search(client.get(path).text)
    assert found is not None, f"no form on {path}"
    return found[1]


def sign_in(
    client: FlaskClient,
    *,
    email: str = EMAIL,
    password: str = PASSWORD,
    address: str = HOME,
    headers: dict[str, str] | None = None,
    **fields: str,
) -> TestResponse:
    data = {"csrf_token": csrf_token(client), "email": email, "password": password} | fields
    return client.post("/login", data=data, headers=headers, environ_base={"REMOTE_ADDR": address})


def signed_in(app: Flask, **changes: Any) -> FlaskClient:
    client = app.test_client()
    response = sign_in(client, **changes)
    assert (response.status_code, response.location) == (302, "/desk")
    return client


def is_inside(client: FlaskClient) -> bool:
    """Whether the account page opens; otherwise it must send to the sign-in page."""
    response = client.get("/desk/account")
    if response.status_code == 200:
        return True
    assert (response.status_code, response.location) == (302, "/login?next=/desk/account")
    return False


def post(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    """Send one of the forms of the account page."""
    return client.post(path, data={"csrf_token": csrf_token(client, "/desk/account")} | fields)
