"""Our worker class in a real gunicorn: clients that are slow, broken or unusual, on real sockets."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from tests.support.commands import ROOT, environment
from tests.support.ports import reserve_port

pytestmark = pytest.mark.one_database

PATIENCE_S = 120
IMPATIENT = """
from runpy import run_path
globals().update(run_path({conf!r}))
import clinic.operations.buffering_worker as module
module.REQUEST_WITHIN_S = module.LINGER_S = module.SENT_WITHIN_S = 0.5
worker_connections = 30
"""
"""Our settings, with time limits that a test can wait for."""

HALF_SENT = {
    "nothing": b"",
    "half a head": b"GET / HTTP/1.1\r\nHost: a\r\nX: ",
    "half a body": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\nhalf",
    "half a chunk": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf",
    "a refused body": b"POST /?refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\nhalf",
    "a request, never closed": b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
}


@contextmanager
def gunicorn(folder: Path, conf: Path = ROOT / "gunicorn.conf.py") -> Iterator[int]:
    """Our gunicorn with the echoing application; the port it listens on."""
    with reserve_port() as port:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--config", str(conf), "tests.support.echo_app:app"],
            cwd=ROOT,
            env=environment(folder, PORT=str(port)),
            start_new_session=True,
        )
        try:
            assert eventually(lambda: ask(port)["path"] == "/")
            yield port
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def eventually(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            if true():
                return True
        except OSError:
            time.sleep(0.05)
    return False


def ask(port: int, method: str = "GET", path: str = "/", **more) -> dict[str, str]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)) as connection:
        connection.request(method, path, **more)
        return json.loads(connection.getresponse().read())


def connected(port: int, sent: bytes = b"") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
    connection.sendall(sent)
    return connection


def said_until_closed(connection: socket.socket) -> bytes:
    parts = iter(lambda: connection.recv(65536), b"")
    return b"".join(parts)


def statuses(port: int, sent: bytes) -> list[bytes]:
    """The status lines that come back for these bytes, until the server closes."""
    with closing(connected(port, sent)) as connection:
        connection.shutdown(socket.SHUT_WR)
        said = said_until_closed(connection)
    return [line for line in said.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with gunicorn(tmp_path_factory.mktemp("instance")) as found:
        yield found


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("impatient")
    conf = folder / "impatient.conf.py"
    conf.write_text(IMPATIENT.format(conf=str(ROOT / "gunicorn.conf.py")))
    with gunicorn(folder, conf) as found:
        yield found


@pytest.mark.parametrize("kind", HALF_SENT)
def test_many_half_sent_requests_keep_nobody_waiting(port, kind):
    """More of them than threads; under gunicorn's own worker most of these never end."""
    with ExitStack() as held:
        for _ in range(40):
            held.enter_context(closing(connected(port, HALF_SENT[kind])))
        for _ in range(10):
            assert ask(port)["path"] == "/"


@pytest.mark.parametrize("kind", ["half a head", "half a body", "half a chunk"])
def test_request_that_takes_too_long_is_told_so_and_closed(impatient, kind):
    with closing(connected(impatient, HALF_SENT[kind])) as connection:
        assert said_until_closed(connection).startswith(b"HTTP/1.1 408 Request Timeout\r\n")


def test_connection_that_says_nothing_is_closed(impatient):
    with closing(connected(impatient)) as connection:
        assert said_until_closed(connection) == b""


def test_clients_that_read_no_answer_are_waited_for_only_so_long(impatient):
    with ExitStack() as held:
        for _ in range(10):
            asked = b"GET /?bytes=20000000 HTTP/1.1\r\nHost: a\r\n\r\n"
            held.enter_context(closing(connected(impatient, asked)))
        assert eventually(lambda: ask(impatient)["path"] == "/")


def test_more_connections_than_a_worker_takes_keep_nobody_out(tmp_path):
    conf = tmp_path / "few.conf.py"
    conf.write_text(
        IMPATIENT.format(conf=str(ROOT / "gunicorn.conf.py"))
        + "workers = 1\nmodule.REQUEST_WITHIN_S = 900\n"
    )
    with gunicorn(tmp_path, conf) as port, ExitStack() as held:
        for _ in range(100):
            held.enter_context(closing(connected(port, HALF_SENT["half a head"])))
        assert ask(port)["path"] == "/"


def test_request_that_comes_byte_by_byte_is_answered(port):
    with closing(connected(port)) as connection:
        for (
            byte
        ) in b"POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi":
            connection.sendall(bytes([byte]))
        head, _, body = said_until_closed(connection).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 200 ")
    assert (json.loads(body)["path"], json.loads(body)["body"]) == ("/slow", "hi")


def test_body_comes_whole_by_length_and_in_chunks(port):
    text = "0123456789" * 50_000

    assert ask(port, "POST", body=text)["body"] == text
    parts = (text[n : n + 7_000].encode() for n in range(0, len(text), 7_000))
    assert ask(port, "POST", body=parts, encode_chunked=True)["body"] == text


def test_large_answer_comes_whole(port):
    assert len(ask(port, path="/?bytes=3000000")["more"]) == 3_000_000


def test_one_connection_carries_several_requests(port):
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)) as connection:
        for path in ("/one", "/two", "/three"):
            connection.request("POST", path, body=path)
            sock = connection.sock
            found = json.loads(connection.getresponse().read())
            assert (found["path"], found["body"], connection.sock) == (path, path, sock)


def test_requests_sent_together_are_answered_in_order(port):
    sent = b"".join(
        b"POST /%d HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" % number
        for number in range(5)
    )
    with closing(connected(port, sent[:-50])) as connection:
        found = []
        with connection.makefile("rb") as stream:
            for number in range(5):
                if number == 4:
                    connection.sendall(sent[-50:])
                head = list(iter(stream.readline, b"\r\n"))
                length = next(int(one.split()[1]) for one in head if b"Content-Length" in one)
                found.append(json.loads(stream.read(length))["path"])

    assert found == ["/0", "/1", "/2", "/3", "/4"]


def test_client_that_waits_to_be_told_to_go_on_is_told(port):
    head = b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n"
    with closing(connected(port, head + b"Connection: close\r\n\r\n")) as connection:
        first = connection.recv(65536)
        connection.sendall(b"hi")
        rest = said_until_closed(connection)

    assert first == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert b'"body": "hi"' in rest


REFUSED = {
    b"two lengths": (b"Content-Length: 1\r\nContent-Length: 1\r\n\r\na", b"400"),
    b"a length and chunks": (
        b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"400",
    ),
    b"a coding we do not know": (b"Transfer-Encoding: br\r\n\r\n", b"501"),
    b"a field that is too long": (b"X: " + b"x" * 9_000 + b"\r\n\r\n", b"431"),
    b"a head that is too long": (b"X: x\r\n" * 20_000 + b"\r\n", b"431"),
    b"too many fields": (b"X: x\r\n" * 100 + b"\r\n", b"431"),
    b"bare line feeds": (b"X: x\n\n", b"400"),
    b"a broken chunk": (b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_malformed_request_is_refused_once_and_nothing_after_it_is_read(port, name):
    rest, status = REFUSED[name]
    following = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"

    found = statuses(port, b"POST / HTTP/1.1\r\nHost: a\r\n" + rest + following)

    assert [line.split()[1] for line in found] == [status]


def test_line_that_is_too_long_is_refused(port):
    found = statuses(port, b"GET /" + b"x" * 5_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n")

    assert [line.split()[1] for line in found] == [b"414"]


def test_nobody_is_believed_about_where_the_application_is_or_how_it_was_reached(port):
    found = ask(
        port,
        headers={
            "SCRIPT_NAME": "/elsewhere",
            "PATH_INFO": "/inside",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Ssl": "off",
        },
    )

    assert (found["mounted"], found["path"], found["scheme"]) == ("", "/", "http")
