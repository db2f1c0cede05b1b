"""A real HTTP server that answers as other people's calendar servers do, well and badly."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

EVENT = "BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20261101T000000Z\r\nDTSTART:{start}\r\nDTEND:{end}\r\nSUMMARY:Dentist in secret\r\nEND:VEVENT\r\n"


def calendar_of(*parts: str, more: str = "") -> bytes:
    inside = "".join(parts)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{more}{inside}END:VCALENDAR\r\n".encode()


def busy_at(start: str, end: str, *, uid: str = "one") -> str:
    """An entry of a day in November 2026, e.g. `24T100000Z` to `24T110000Z`."""
    return EVENT.format(uid=uid, start=f"202611{start}", end=f"202611{end}")


@dataclass
class Answer:
    """What the server says next. With `conditional` it says 304 to a reader that has the ETag."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    conditional: bool = False
    length: int | None = None
    before: Callable[[], None] | None = None


@dataclass
class CalendarServer:
    """Set `answer`; `asked` holds the headers of every request."""

    port: int
    answer: Answer
    asked: list[dict[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/private/secret-token/basic.ics"


@contextmanager
def calendar_server() -> Iterator[CalendarServer]:
    served = CalendarServer(0, Answer(calendar_of()))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            served.asked.append({name.lower(): value for name, value in self.headers.items()})
            answer = served.answer
            if answer.before:
                answer.before()
            known = answer.headers.get("ETag")
            if answer.conditional and known and self.headers.get("If-None-Match") == known:
                self.send_response(304)
                self.end_headers()
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            length = len(answer.body) if answer.length is None else answer.length
            self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_args):
            """Log nothing."""

        def handle(self):
            with suppress(OSError):  # the reader had enough
                super().handle()

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        served.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()
