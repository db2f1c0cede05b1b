"""The port that a test's server is given: nobody else gets it, and only the server answers there."""

from __future__ import annotations

import errno
import socket
import struct

import pytest

pytestmark = pytest.mark.one_database
IP_LOCAL_PORT_RANGE = 51
"""Of Linux; Python 3.11 has no name for it."""


def is_refused(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) != 0


def test_server_listens_on_its_reserved_port_and_may_start_again(reserved_port):
    told = [is_refused(reserved_port)]
    for _ in range(2):
        with socket.create_server(("127.0.0.1", reserved_port)):
            told.append(is_refused(reserved_port))
        told.append(is_refused(reserved_port))

    assert told == [True, False, True, False, True]


@pytest.mark.parametrize("reuse", [0, 1])
def test_who_asks_for_any_port_is_not_given_a_reserved_one(reserved_port, reuse):
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, reuse)
        _let_choose_from(other, reserved_port, reserved_port)

        with pytest.raises(OSError) as refused:
            other.bind(("127.0.0.1", 0))

    assert refused.value.errno == errno.EADDRINUSE


def _let_choose_from(unbound: socket.socket, lowest: int, highest: int) -> None:
    """Narrow what the kernel chooses from when this socket asks for any port."""
    try:
        unbound.setsockopt(
            socket.IPPROTO_IP, IP_LOCAL_PORT_RANGE, struct.pack("I", highest << 16 | lowest)
        )
    except OSError:
        pytest.skip("this kernel chooses from all ports only (Linux before 6.3)")
