"""The real app on a real port, in a thread of the test's process (so that it shares the clock)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from threading import Event, Thread
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from app import create_app
from clinic.extensions import db
from clinic.foundation import outbox
from clinic.foundation.clock import clock
from tests.conftest import settings_for


class QuietHandler(WSGIRequestHandler):
    def log(self, *_args: Any, **_more: Any) -> None:
        """Log nothing."""


@dataclass
class LiveClinic:
    url: str
    folder: Path
    app: Flask
    answers_go: Event

    @contextmanager
    def answers_held(self) -> Iterator[None]:
        """What is asked inside is done at once, but answered only at the end of the block."""
        self.answers_go.clear()
        try:
            yield
        finally:
            self.answers_go.set()

    def sent_mails(self) -> dict[str, EmailMessage]:
        """Deliver what is due; the newest mail of each recipient, and forget them all."""
        with self.app.app_context():
            while outbox.deliver_due(now=clock.now()):
                pass
            db.session.remove()
        found: dict[str, EmailMessage] = {}
        for path in sorted(self.folder.glob("mail/*.eml")):
            mail = message_from_bytes(path.read_bytes(), policy=policy.default)
            found[str(mail["To"])] = mail
            path.unlink()
        return found

    def appointments(self) -> list[dict[str, Any]]:
        """Every appointment booked on the site, as `flask appointments list` tells them."""
        from clinic.booking.appointments.json_list import list_appointments

        with self.app.app_context():
            found = list_appointments(source="site")
            db.session.remove()
        return list(found)


def link_in(mail: EmailMessage) -> str:
    """The reader's own link in a mail."""
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    found = re.search(r"http\S+/a/[\w-]{43}", text)
    assert found is not None, text
    return found[0]


@contextmanager
def live_clinic(folder: Path, database_url: str) -> Iterator[LiveClinic]:
    """Serve the app over `database_url` for as long as the block runs."""
    server = make_server("127.0.0.1", 0, Flask("none"), threaded=True, request_handler=QuietHandler)
    url = f"http://127.0.0.1:{server.server_port}"
    app = create_app(settings_for(folder, database_url, base_url=url))
    answers_go = Event()
    answers_go.set()

    def holding(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer = app(environ, start_response)
        answers_go.wait()
        return answer

    server.app = holding
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield LiveClinic(url, folder, app, answers_go)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
