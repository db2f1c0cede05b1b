"""What tests of the public pages share: a browser that books, and the words a page shows."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from html import unescape
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from clinic.extensions import db
from clinic.foundation.database.transactions import Base
from tests.support.accounts.sign_in import TOKEN_FIELD

DETAILS = {
    "name": "Alex Example",
    "email": "alex@example.org",
    "language": "en",
    "format": "online",
    "time_zone": "Europe/Lisbon",
    "privacy_accepted": "y",
}


def start_value(start: datetime, slug: str = "ines-duarte") -> str:
    """What a chip sends."""
    return f"{start:%Y-%m-%dT%H:%M:%SZ}|{slug}"


def form_token(client: FlaskClient, page: str = "/book") -> str:
    found = TOKEN_FIELD.search(client.get(page).text)
    assert found is not None, f"no form on {page}"
    return found[1]


def post(client: FlaskClient, path: str, *, page: str = "/book", **fields: Any) -> TestResponse:
    return client.post(path, data={"csrf_token": form_token(client, page)} | fields)


def choose(client: FlaskClient, start: datetime, **fields: str) -> TestResponse:
    """Tap a time."""
    return post(client, "/book/hold", start=start_value(start), **fields)


def hidden_fields(page: str) -> dict[str, str]:
    """Every hidden field of a page."""
    found = re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", page)
    pairs = [
        (re.search(r'name="([^"]*)"', one), re.search(r'value="([^"]*)"', one)) for one in found
    ]
    return {name[1]: unescape(value[1]) for name, value in pairs if name and value}


def details_form(client: FlaskClient, **changes: str) -> dict[str, str]:
    """The details as filled in on the page of the held time."""
    page = client.get("/book/details")
    assert page.status_code == 200, page.location
    hidden = {
        name: value
        for name, value in hidden_fields(page.text).items()
        if name in {"csrf_token", "hold", "key"}
    }
    return DETAILS | hidden | changes


def book(client: FlaskClient, start: datetime, **changes: str) -> str:
    """Book by the pages; the token of the link."""
    assert choose(client, start).status_code == 303
    answer = client.post("/book/details", data=details_form(client, **changes))
    assert answer.status_code == 303, words(answer)
    return answer.location.split("/")[2]


def words(response: TestResponse) -> str:
    """What a page says in its main part, tags and runs of white space taken out."""
    main = response.text.partition("<main")[2].partition("</main>")[0]
    plain = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main.partition(">")[2]))
    return unescape(plain).strip()


def heading(response: TestResponse) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", response.text, re.DOTALL)
    return unescape(re.sub(r"<[^>]+>", "", found[1])).strip() if found else ""


def dump(app: Flask) -> str:
    """A digest of every row of every table: equal when nothing was changed."""
    with app.app_context():
        rows = [
            f"{table.name}:{sorted(map(repr, map(tuple, db.session.execute(select(table)))))}"
            for table in Base.metadata.sorted_tables
        ]
        db.session.remove()
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()
