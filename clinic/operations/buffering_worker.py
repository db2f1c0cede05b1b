"""A gunicorn worker whose threads wait for no client: requests are collected before they get one.

gunicorn's own threaded worker reads a request in the thread that answers it, without a limit, so a
few clients that send half a request occupy every thread. Here the worker's event loop collects
each request (`request_buffer.py`), as a buffering proxy would; a thread is given the whole
of it and never reads from the connection. `gunicorn.conf.py` names this class.

Only what the product needs is supported: HTTP/1.1 without TLS, which is the proxy's part.
"""

from __future__ import annotations

import contextlib
import errno
import selectors
import socket
import time
from collections import deque
from concurrent.futures import Future
from functools import partial
from typing import Any

from gunicorn import http, util
from gunicorn.errors import AppImportError, ConfigError
from gunicorn.http.unreader import Unreader
from gunicorn.workers.gthread import TConn, ThreadWorker

from clinic.foundation.errors import ClinicError
from clinic.operations.request_buffer import RequestBuffer, State

REQUEST_WITHIN_S = 20.0
"""From a connection's first moment, or the request's first byte on a kept one, to the last byte."""
SENT_WITHIN_S = 20.0
"""How long a thread waits for a client to take what is sent in one piece."""
LINGER_S = 2.0
"""How long a connection that was answered stays half-open, so that the answer is not cut off."""
MAX_COLLECTED_BYTES = 32 * 1024 * 1024
"""Of all requests of this process that are not whole yet."""
READ_BYTES = 64 * 1024


class NothingMore(Unreader):  # type: ignore[misc]
    """Holds the bytes of whole requests, and ends where they end."""

    def chunk(self, size_hint: int | None = None) -> bytes:
        """End: what was not collected is not waited for."""
        del size_hint
        return b""


class Connection(TConn):  # type: ignore[misc]
    """A connection with what it has sent so far."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.received = RequestBuffer()
        self.complete = False
        """Whether the request in work is here to its last byte."""
        self.data_ready = True  # never wait for it in a thread
        self.parser = http.get_parser(self.cfg, self.sock, self.client)
        self.parser.unreader = NothingMore()

    def init(self) -> None:
        """Bound what a thread waits for (called in the thread, at the start of each request)."""
        self.initialized = True
        self.sock.settimeout(SENT_WITHIN_S)

    def hand_over(self) -> None:
        """Give the parser what was received."""
        self.complete = self.received.state is State.COMPLETE
        self.parser.unreader.unread(self.received.drain())

    def receive_rest(self) -> None:
        """Receive what the parser did not use: the beginning of the next request."""
        self.received.add(self.parser.unreader.take_buffered())


class BufferingWorker(ThreadWorker):  # type: ignore[misc]
    """Collects requests in the event loop and answers them in threads.

    `pending_conns` are the connections whose request is not whole, by the time they run out.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lingering: deque[Connection] = deque()

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        """Refuse what this class does not support."""
        super().check_config(cfg, log)
        if cfg.is_ssl or cfg.protocol != "http" or cfg.http2_cleartext != "off":
            raise ConfigError("BufferingWorker serves HTTP/1.1 only; TLS belongs to the proxy.")

    def load_wsgi(self) -> None:
        """Load the application; what it refuses to start with is one line, and ends the server."""
        try:
            super().load_wsgi()
        except ClinicError as error:
            raise AppImportError(str(error)) from error

    # --- Coming in ------------------------------------------------------------------------------

    def accept(self, listener: Any) -> None:
        """Accept a connection, and first give up the oldest incomplete ones when full."""
        try:
            sock, address = listener.accept()
        except OSError as error:
            if error.errno in {errno.EAGAIN, errno.ECONNABORTED}:
                return
            raise
        self.nr_conns += 1
        self._await_request(Connection(self.cfg, sock, address, listener.getsockname()))
        self._stay_within_bounds()

    def on_client_socket_readable(self, conn: Connection, client: Any) -> None:
        """Begin to collect the next request of a kept connection."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._await_request(conn)

    def on_pending_socket_readable(self, conn: Connection, client: Any) -> None:
        """Collect what came, and hand the request to a thread once it is whole."""
        data = _read(client)
        if data:
            conn.received.add(data)
            self._proceed(conn)
            self._stay_within_bounds()
        elif data is not None:
            self._forget(conn, self.pending_conns)

    def _await_request(self, conn: Connection) -> None:
        conn.sock.setblocking(False)
        conn.timeout = time.monotonic() + REQUEST_WITHIN_S
        self.pending_conns.append(conn)
        readable = partial(self.on_pending_socket_readable, conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, readable)

    def _proceed(self, conn: Connection) -> None:
        """Do what the state of a connection that waits asks for."""
        if conn.received.state is State.HEAD_TOO_LONG:
            self._refuse(conn, 431, "Request Header Fields Too Large")
        elif conn.received.state is not State.INCOMPLETE:
            self._leave(conn, self.pending_conns)
            conn.hand_over()
            self.enqueue_req(conn)
        elif conn.received.expects_continue:
            conn.received.expects_continue = False
            with contextlib.suppress(OSError):
                util.write_nonblock(conn.sock, b"HTTP/1.1 100 Continue\r\n\r\n")

    # --- Going out ------------------------------------------------------------------------------

    def handle_request(self, req: Any, conn: Connection) -> Any:
        """Answer; a client that does not take the answer in time counts as gone."""
        try:
            return super().handle_request(req, conn)
        except TimeoutError as slow:
            raise ConnectionResetError(errno.ECONNRESET, "not read in time") from slow

    def finish_request(self, conn: Connection, fs: Future[Any]) -> None:
        """Hold, continue or close the connection of a request that was answered."""
        kept = not fs.cancelled() and fs.exception() is None and bool(fs.result())
        if not kept:
            self._linger(conn)
            return
        conn.receive_rest()
        if len(conn.received):
            self._await_request(conn)
            self._proceed(conn)
        else:
            super().finish_request(conn, fs)

    def _keepalive_after(self, conn: Connection, keepalive: bool) -> bool:  # noqa: FBT001
        """Whether another request may follow: never after one that was not read to its end."""
        return bool(conn.complete and super()._keepalive_after(conn, keepalive))

    def _refuse(self, conn: Connection, status: int, reason: str) -> None:
        self._leave(conn, self.pending_conns)
        with contextlib.suppress(OSError):
            util.write_error(conn.sock, status, reason, "")
        self._linger(conn)

    def _linger(self, conn: Connection) -> None:
        """Close after the client has, or after a while; the event loop never waits for it."""
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.nr_conns -= 1
            conn.close()
            return
        conn.timeout = time.monotonic() + LINGER_S
        self.lingering.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._drain, conn))

    def _drain(self, conn: Connection, client: Any) -> None:
        if _read(client) == b"":
            self._forget(conn, self.lingering)

    # --- Limits ---------------------------------------------------------------------------------

    def murder_pending(self) -> None:
        """Refuse requests that took too long, and close what lingered (each turn of the loop)."""
        now = time.monotonic()
        while self.pending_conns and self.pending_conns[0].timeout <= now:
            conn = self.pending_conns[0]
            if len(conn.received):
                self._refuse(conn, 408, "Request Timeout")
            else:
                self._forget(conn, self.pending_conns)
        while self.lingering and self.lingering[0].timeout <= now:
            self._forget(self.lingering[0], self.lingering)

    def _stay_within_bounds(self) -> None:
        """Give up connections nobody works on, oldest first, when there are too many or too much.

        Connections without a request in work never keep this worker from accepting others.
        """
        for among in (self.lingering, self.keepalived_conns, self.pending_conns):
            while among and self.nr_conns >= self.worker_connections:
                self._forget(among[0], among)
        while sum(len(conn.received) for conn in self.pending_conns) > MAX_COLLECTED_BYTES:
            self._forget(self.pending_conns[0], self.pending_conns)

    def _cap_keepalive(self, deadline: float) -> None:
        """Wait no longer than `deadline` for anybody when the worker is told to end."""
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, deadline)

    def _leave(self, conn: Connection, among: deque[Connection]) -> None:
        self.poller.unregister(conn.sock)
        among.remove(conn)

    def _forget(self, conn: Connection, among: deque[Connection]) -> None:
        self._leave(conn, among)
        self.nr_conns -= 1
        conn.close()


def _read(sock: Any) -> bytes | None:
    """Read what is there: nothing at the end of it, None when there is nothing to be done.

    A connection that was given up in the same turn of the event loop is closed already.
    """
    if sock.fileno() < 0:
        return None
    try:
        data: bytes = sock.recv(READ_BYTES)
    except BlockingIOError:
        return None
    except OSError:
        return b""
    return data
