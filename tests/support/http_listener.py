"""A real HTTP server on a free port that answers POSTs as a test says and keeps what it heard."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


class Listener:
    """`heard` holds (headers, body) of each POST; `status` and `more` headers are the answer.

    `meanwhile` is called while whoever sent it waits.
    """

    def __init__(self) -> None:
        self.status = 200
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.url = ""
        self.more: dict[str, Any] = {}
        self.meanwhile: Callable[[], None] = lambda: None


@contextmanager
def listening() -> Iterator[Listener]:
    """Serve until the block ends."""
    state = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.heard.append((dict(self.headers), body))
            state.meanwhile()
            self.send_response(state.status)
            self.send_header("Content-Length", "0")
            for name, value in state.more.items():
                self.send_header(name, value.encode().decode("latin-1"))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    yield state
    server.shutdown()
    server.server_close()
    thread.join()
