"""Ports for servers that start later than their address is needed, or more than once."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def reserve_port() -> Iterator[int]:
    """Hold a port of 127.0.0.1 for one server for as long as the block runs.

    The socket is bound and never listens. A server that sets SO_REUSEADDR, as gunicorn, `flask
    serve` and asyncio do, may listen beside it; who asks for any free port is not given this one;
    and while the server is down its clients are refused. This is how Linux treats SO_REUSEADDR.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        yield int(holder.getsockname()[1])
