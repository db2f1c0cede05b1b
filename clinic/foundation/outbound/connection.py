"""Connections that go to exactly the address that was checked, and end on time.

The check happens where the socket is opened: the name is looked up once, every address in
the answer must be public, and the socket connects to one of those numbers. A name server
that changes its answer between check and connection has no second question to answer.
TLS still verifies the certificate for the name. Source: calendars.md 10, reliability.md 7.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self, cast

from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError

from clinic.foundation.outbound.allowed_addresses import Guard, OutboundRefused, is_public

SocketAddress = tuple[socket.AddressFamily, tuple[Any, ...]]

# Below this level urllib3 writes whole addresses into the log, and a calendar's is a secret:
# each request at DEBUG, and an answer with a broken header at WARNING.
logging.getLogger("urllib3").setLevel(logging.ERROR)


def look_up(host: str, port: int) -> Sequence[SocketAddress]:
    """Every address the system's resolver knows for a name, each as a socket would use it."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, address) for family, _type, _protocol, _name, address in found]


def connect(address: SocketAddress, timeout: float) -> socket.socket:
    """A TCP connection to one numeric address, within `timeout` seconds."""
    family, number = address
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout)
        connection.connect(number)
    except BaseException:
        connection.close()
        raise
    return connection


@dataclass(frozen=True, slots=True)
class Network:
    """The two things asked of the outside world, and who is trusted to vouch for names."""

    look_up: Callable[[str, int], Sequence[SocketAddress]] = look_up
    connect: Callable[[SocketAddress, float], socket.socket] = connect
    ca_file: str | None = None


THE_INTERNET = Network()


class Deadline:
    """A total time for a whole call; when it is over, its connections are cut.

    A time limit on the socket is one for each read, and a server that sends a byte now and
    then never meets it. Cutting works in headers, TLS handshake and body alike.
    """

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._held: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._timer.join()
        for held in self._held:
            held.close()

    @property
    def remaining(self) -> float:
        """Seconds left; never below a millisecond, for socket time limits of 0 mean none."""
        return max(self._end - time.monotonic(), 0.001)

    @property
    def passed(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() >= self._end

    def watch(self, connection: socket.socket) -> None:
        """Cut this connection when the time is over, whatever TLS wraps around it later."""
        with self._lock:
            self._held.append(connection.dup())
        if self.passed:
            self._cut()

    def _cut(self) -> None:
        with self._lock:
            for held in self._held:
                with contextlib.suppress(OSError):
                    held.shutdown(socket.SHUT_RDWR)


@dataclass(frozen=True, slots=True)
class Dialler:
    """Opens checked connections for one call."""

    guard: Guard
    network: Network
    deadline: Deadline
    connect_seconds: float

    def dial(self, host: str, port: int) -> socket.socket:
        """A connection to a checked address of `host`; tries each address once."""
        addresses = self._checked_addresses(host, port)
        end = time.monotonic() + min(self.connect_seconds, self.deadline.remaining)
        for address in addresses:
            left = end - time.monotonic()
            if left <= 0:
                break
            with contextlib.suppress(OSError):
                connection = self.network.connect(address, left)
                self.deadline.watch(connection)
                return connection
        raise ConnectionRefusedError

    def _checked_addresses(self, host: str, port: int) -> Sequence[SocketAddress]:
        addresses = self._look_up(host, port)
        allowed = self.guard.allows(host, port)
        # A name that does not exist is refused like a private one: the difference would
        # tell a stranger which names the inner network has.
        if not addresses or not (
            allowed or all(is_public(str(number[0])) for _family, number in addresses)
        ):
            raise OutboundRefused
        return addresses

    def _look_up(self, host: str, port: int) -> Sequence[SocketAddress]:
        # The system's resolver knows no time limit, so it is asked from a thread.
        answers: list[Sequence[SocketAddress]] = []

        def ask() -> None:
            with contextlib.suppress(OSError, UnicodeError):
                answers.append(self.network.look_up(host, port))

        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        thread.join(min(self.connect_seconds, self.deadline.remaining))
        return answers[0] if answers else ()


class _CheckedConnection(HTTPConnection):
    """Plain HTTP over a dialled socket."""

    def __init__(self, *args: Any, dialler: Dialler, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._dialler = dialler

    def _new_conn(self) -> socket.socket:
        return _dialled(self, self._dialler)


class _CheckedTlsConnection(HTTPSConnection):
    """HTTPS over a dialled socket; the certificate is verified for the host's name."""

    def __init__(self, *args: Any, dialler: Dialler, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._dialler = dialler

    def _new_conn(self) -> socket.socket:
        return _dialled(self, self._dialler)


def _dialled(connection: HTTPConnection, dialler: Dialler) -> socket.socket:
    try:
        dialled = dialler.dial(connection.host, connection.port or connection.default_port)
    except OSError as error:
        raise NewConnectionError(connection, "no connection") from error
    dialled.settimeout(dialler.deadline.remaining)
    return dialled


class CheckedAdapter(HTTPAdapter):
    """The adapter of `requests` over checked connections: no proxies, no retries, no reuse."""

    def __init__(self, dialler: Dialler) -> None:
        super().__init__(max_retries=0)
        self._dialler = dialler
        self._pools: list[HTTPConnectionPool] = []

    def get_connection_with_tls_context(
        self,
        request: PreparedRequest,
        verify: Any,
        proxies: Any = None,  # noqa: ARG002 - the environment's proxies are not ours
        cert: Any = None,
    ) -> HTTPConnectionPool:
        """A pool of its own for this request."""
        where, tls = self.build_connection_pool_key_attributes(request, verify, cert)
        scheme, host, port = where["scheme"], where["host"], where["port"]
        if scheme == "https":
            pool: HTTPConnectionPool = HTTPSConnectionPool(host, port, **tls)
            kind: Any = _CheckedTlsConnection
        else:
            pool, kind = HTTPConnectionPool(host, port), _CheckedConnection
        pool.ConnectionCls = cast("Any", functools.partial(kind, dialler=self._dialler))
        self._pools.append(pool)
        return pool

    def close(self) -> None:
        """Close every connection made."""
        for pool in self._pools:
            pool.close()
        super().close()
