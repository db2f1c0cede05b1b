"""The same request twelve times at the same moment, against the app and its real database."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from clinic.extensions import db
from clinic.foundation.audit import first_broken_entry
from clinic.foundation.database.transactions import Base, session

TIMES = 12
BESIDE = {
    "audit_entry",
    "audit_head",
    "staff_session",
    "failed_sign_in",
    "outbox_message",
    "known_device",
}
"""Tables that every request may add to: what it makes is counted in the others."""


@dataclass(frozen=True)
class Sent:
    """A request ready to be sent, by somebody's browser, and how many rows it is to make."""

    browser: FlaskClient
    path: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    makes: Mapping[str, int] = field(default_factory=dict)
    """Rows by table, all twelve together; a table that is not named stays as long as it was."""
    beside: frozenset[str] = frozenset()
    """Tables that an answer may add a row to besides, which is told elsewhere."""
    is_valid: bool = True
    """Whether one of the twelve is to be taken."""
    request: Mapping[str, Any] = field(default_factory=dict)
    """For what is no form: `json`, `data`, `headers`, handed to the client as they are."""


def send_at_once(app: Flask, sent: Sent, times: int = TIMES) -> list[TestResponse]:
    """The answers, in no order. Each sender has a client of its own with the browser's cookies."""
    clients = [_copy(app, sent.browser) for _ in range(times)]
    gate, answers = threading.Barrier(times), []

    def send(client: FlaskClient) -> None:
        what = dict(sent.request) or {"data": _with_files(sent.fields)}
        gate.wait(60)
        answers.append(client.post(sent.path, **what))

    threads = [threading.Thread(target=send, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(answers) == times, "an answer never came"
    return answers


def _with_files(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Bytes are sent as a file."""
    return {
        name: (BytesIO(value), f"{name}.json") if isinstance(value, bytes) else value
        for name, value in fields.items()
    }


def _copy(app: Flask, browser: FlaskClient) -> FlaskClient:
    """Another client with the same cookies."""
    client = app.test_client()
    if (cookie := browser.get_cookie("clinic")) is not None:
        client.set_cookie("clinic", cookie.value)
    return client


def statuses(answers: list[TestResponse]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def rows_by_table(app: Flask) -> dict[str, int]:
    tables = [one for one in Base.metadata.sorted_tables if one.name not in BESIDE]
    counts = [sa.select(sa.func.count()).select_from(one).scalar_subquery() for one in tables]
    return look(
        app,
        lambda: dict(
            zip(
                [one.name for one in tables],
                session().execute(sa.select(*counts)).one(),
                strict=True,
            )
        ),
    )


def made(sent: Sent, before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    """By how many rows each table grew or shrank."""
    changed = {name: after[name] - before[name] for name in before if name not in sent.beside}
    return {name: rows for name, rows in changed.items() if rows}


def audit_is_whole(app: Flask) -> bool:
    return look(app, lambda: first_broken_entry(session()) is None)


def look(app: Flask, work: Callable[[], Any]) -> Any:
    """Do something in a context of its own."""
    with app.app_context():
        try:
            return work()
        finally:
            db.session.remove()
