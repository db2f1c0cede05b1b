"""The server calls public addresses only, whatever is typed, and no answer holds it up.

`Internet` stands in for name servers and routers: names resolve to what a test says, public
numbers lead to a real server in this process, and every other number leads to the canary,
which nobody may reach.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import gzip
import logging
import os
import socket
import ssl
import threading
import time
import tracemalloc
import zlib
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from clinic.foundation.errors import ClinicError
from clinic.foundation.outbound import connection as outbound_connection
from clinic.foundation.outbound.addresses import check_url, is_public
from clinic.foundation.outbound.connection import Network
from clinic.foundation.outbound_http import (
    Fetched,
    Guard,
    OutboundFailed,
    OutboundRefused,
    fetch,
    send,
)

PUBLIC = "93.184.215.14"
REFUSAL = "This web address cannot be used. Please give a public address that begins with https."


class Server:
    """A real server that answers each connection with a function of the connection."""

    def __init__(self, answer, *, tls=None):
        self.answer, self.tls, self.requests = answer, tls, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._accept)]
        self.threads[0].start()

    def _accept(self):
        while not self.stopping.is_set():
            with contextlib.suppress(OSError):
                connection, _ = self.listener.accept()
                thread = threading.Thread(target=self._serve, args=(connection,))
                thread.start()
                self.threads.append(thread)

    def _serve(self, connection):
        with connection, contextlib.suppress(OSError):
            connection.settimeout(120)
            if self.tls is None:
                self._talk(connection)
            else:
                with self.tls.wrap_socket(connection, server_side=True) as wrapped:
                    self._talk(wrapped)

    def _talk(self, connection):
        request = b""
        while b"\r\n\r\n" not in request:
            piece = connection.recv(65536)
            if not piece:
                return
            request += piece
        head, _, body = request.partition(b"\r\n\r\n")
        length = next(
            (
                int(v)
                for k, _, v in (h.partition(b":") for h in head.split(b"\r\n"))
                if k.lower() == b"content-length"
            ),
            0,
        )
        while len(body) < length:
            body += connection.recv(65536)
        self.requests.append(head + b"\r\n\r\n" + body)
        if callable(self.answer):
            self.answer(connection, self)
        else:
            connection.sendall(self.answer)

    def stop(self):
        self.stopping.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join()


def ok(body=b"hello", *headers):
    lines = [b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def redirect(location, status=302):
    head = b"HTTP/1.1 %d Found\r\nContent-Length: 0\r\nLocation: " % status
    return head + location.encode() + b"\r\n\r\n"


@pytest.fixture
def serve():
    servers = []

    def start(answer, *, tls=None):
        servers.append(Server(answer, tls=tls))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


class Internet:
    """Names, and the machines behind public numbers; all other numbers are the canary's."""

    def __init__(self, canary):
        self.canary, self.names, self.machines = canary, {}, {}
        self.looked_up, self.connected = [], []

    def place(self, name, server, *answers):
        self.names[name] = list(answers) or [[PUBLIC]]
        self.machines[PUBLIC] = server

    def look_up(self, host, port):
        self.looked_up.append(host)
        if host not in self.names:
            found = socket.getaddrinfo(
                host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
            )
            return [(family, address) for family, _, _, _, address in found]
        answers = self.names[host]
        numbers = answers.pop(0) if len(answers) > 1 else answers[0]
        return [
            (socket.AF_INET6 if ":" in number else socket.AF_INET, (number, port))
            for number in numbers
        ]

    def connect(self, address, timeout):
        number = address[1][0]
        self.connected.append(number)
        server = self.machines.get(number, self.canary)
        return outbound_connection.connect((socket.AF_INET, ("127.0.0.1", server.port)), timeout)

    def network(self, ca_file=None):
        return Network(look_up=self.look_up, connect=self.connect, ca_file=ca_file)


@pytest.fixture
def canary(serve):
    server = serve(ok(b"secret of the inner network"))
    yield server
    assert server.requests == []


@pytest.fixture
def internet(canary):
    return Internet(canary)


@pytest.fixture
def site(serve, internet):
    """Starts the server behind http://calendar.example and gives a way to fetch it."""

    def start(answer):
        server = serve(answer)
        internet.place("calendar.example", server)

        def get(path="/feed.ics", **options):
            return fetch(
                "http://calendar.example" + path,
                allow_http=True,
                network=internet.network(),
                **options,
            )

        get.server = server
        return get

    return start


# --- Addresses

REFUSED = [
    "http://127.0.0.1",
    "https://127.0.0.1/",
    "https://localhost/",
    "https://LOCALHOST/",
    "https://localhost.localdomain/",
    "https://app.localhost/",
    "https://metadata.google.internal/computeMetadata/v1/",
    "https://metadata/",
    "https://printer.local/",
    "https://[::1]/",
    "https://[::]/",
    "https://[0:0:0:0:0:0:0:1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::ffff:8.8.8.8]/",
    "https://[::127.0.0.1]/",
    "https://0/",
    "https://0.0.0.0/",
    "https://0.1.2.3/",
    "https://0x7f000001/",
    "https://0x7F.0.0.1/",
    "https://0x7f.1/",
    "https://2130706433/",
    "https://017700000001/",
    "https://0177.0.0.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://127.000.000.001/",
    "https://127.255.255.254/",
    "https://10.0.0.1/",
    "https://10.255.255.255/",
    "https://172.16.0.1/",
    "https://172.31.255.255/",
    "https://192.168.0.1/",
    "https://192.168.255.255/",
    "https://169.254.169.254/latest/meta-data/",
    "https://2852039166/",
    "https://0xA9FEA9FE/",
    "https://0251.0376.0251.0376/",
    "https://169.254.43518/",
    "https://[::ffff:169.254.169.254]/",
    "https://[::ffff:a9fe:a9fe]/",
    "https://[fd00:ec2::254]/",
    "https://100.100.100.200/",
    "https://168.63.129.16/",
    "https://192.0.0.192/",
    "https://192.0.0.8/",
    "https://192.0.2.1/",
    "https://192.88.99.1/",
    "https://198.51.100.1/",
    "https://203.0.113.1/",
    "https://100.64.0.1/",
    "https://100.127.255.255/",
    "https://198.18.0.1/",
    "https://198.19.255.255/",
    "https://224.0.0.1/",
    "https://239.255.255.250/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://[fe80::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[fe80::1%eth0]/",
    "https://[febf::1]/",
    "https://[fec0::1]/",
    "https://[fc00::1]/",
    "https://[fdff::1]/",
    "https://[ff02::1]/",
    "https://[ff0e::1]/",
    "https://[64:ff9b::127.0.0.1]/",
    "https://[64:ff9b::a9fe:a9fe]/",
    "https://[64:ff9b::808:808]/",
    "https://[64:ff9b:1::1]/",
    "https://[2002:7f00:1::]/",
    "https://[2002:a9fe:a9fe::]/",
    "https://[2001::1]/",
    "https://[2001:db8::1]/",
    "https://[2001:10::1]/",
    "https://[3fff::1]/",
    "https://[5f00::1]/",
    "https://[100::1]/",
    "https://[::1",
    "https://[v1.x]/",
    "https://[]/",
    "https://calendar.example./",
    "https://localhost./",
    "https://127.0.0.1./",
    "https://user:pass@calendar.example/",
    "https://user@calendar.example/",
    "https://@calendar.example/",
    "https://:@calendar.example/",
    "https://calendar.example@127.0.0.1/",
    "https://127.0.0.1#@calendar.example/",
    "https://127.0.0.1\\@calendar.example/",
    "https://calendar.example\\.evil.example/",
    "https://127.0.0.1?@calendar.example/",
    "https://calendar.example%00.evil.example/",
    "https://127%2e0%2e0%2e1/",
    "https://１２７.0.0.1/",
    "https://127。0。0。1/",
    "https://①②⑦.0.0.1/",
    "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
    "https://loca\u00adlhost/",
    "https://ｌｏｃａｌｈｏｓｔ/",
    "https://[::①]/",
    "https://ｃalendar.example/",
    "https://calendar．example/",
    "https://calendar。example。/",
    "https://xn--a/",
    "https://xn--\u0663.example/",
    "https://" + "é" * 64 + ".example/",
    "https://calendar.example:22/",
    "https://calendar.example:25/",
    "https://calendar.example:80/",
    "https://calendar.example:5432/",
    "https://calendar.example:6379/",
    "https://calendar.example:8443/",
    "https://calendar.example:0/",
    "https://calendar.example:65536/",
    "https://calendar.example:99999999999999999999/",
    "https://calendar.example:-1/",
    "https://calendar.example:٤٤٣/",
    "https://calendar.example:x/",
    "http://calendar.example/",
    "http://calendar.example:443/",
    "webcal://127.0.0.1/feed.ics",
    "webcal://localhost/feed.ics",
    "webcal:feed.ics",
    "file:///etc/passwd",
    "file://localhost/etc/passwd",
    "ftp://calendar.example/",
    "gopher://127.0.0.1:6379/_INFO",
    "dict://127.0.0.1:11211/stats",
    "data:text/calendar,BEGIN:VCALENDAR",
    "jar:https://calendar.example/x.jar!/a.ics",
    "javascript:alert(1)",
    "unix:///var/run/docker.sock",
    "http+unix://%2Fvar%2Frun%2Fdocker.sock/info",
    "ldap://127.0.0.1/",
    "https:calendar.example/",
    "https:/calendar.example/",
    "https:///calendar.example/",
    "https://",
    "https://?",
    "https://:443/",
    "https://.example/",
    "https://a..example/",
    "https://*.example/",
    "//calendar.example/",
    "/feed.ics",
    "calendar.example/feed.ics",
    "",
    "   ",
    "https://calendar.example/a\r\nHost: 127.0.0.1",
    "https://calendar.example/a\nb",
    "https://calendar.example/\r",
    "https://calendar.example/\n",
    "\nhttps://calendar.example/",
    "https://calendar.example/a\tb",
    "https://calendar.example/\x00",
    "https://calendar.example/\x7f",
    "https://calendar.example/\u2028",
    "https://calendar.example/a b",
    "https://calendar\r\n.example/",
    "https://calendar.example/\ud800",
    "https://\ud800.example/",
    "https://calendar.example/" + "a" * 2_000,
    "https://calendar.example/" + "a" * 2_000_000,
    "https://" + "a" * 64 + ".example/",
    "https://" + "a." * 130 + "example/",
]


@pytest.mark.parametrize("url", REFUSED, ids=lambda url: ascii(url[:60]))
def test_every_spelling_of_a_forbidden_address_is_refused_with_one_text(url, internet):
    internet.names["calendar.example"] = [[PUBLIC]]
    with pytest.raises(OutboundRefused) as refusal:
        fetch(url, network=internet.network(), total_seconds=60)
    assert (str(refusal.value), refusal.value.status, refusal.value.code) == (
        REFUSAL,
        422,
        "address-refused",
    )
    assert internet.connected == []


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1", "https://[::1]/", "https://localhost/", "https://169.254.169.254/"]
)
def test_fetch_with_nothing_but_an_address_refuses_too(url):
    with pytest.raises(OutboundRefused, match="public address"):
        fetch(url)
    with pytest.raises(OutboundRefused):
        send("POST", url, json={})


def test_the_refusal_is_a_clinic_error_that_does_not_repeat_the_address():
    assert issubclass(OutboundRefused, ClinicError)
    assert issubclass(OutboundFailed, ClinicError)
    with pytest.raises(OutboundRefused) as refusal:
        fetch("https://10.0.0.1/secret-token")
    assert "secret-token" not in f"{refusal.value!r}{refusal.value}"


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("https://calendar.example", "https://calendar.example/"),
        (" https://Calendar.EXAMPLE:443/A ", "https://calendar.example:443/A"),
        ("webcal://calendar.example/f.ics", "https://calendar.example/f.ics"),
        ("WEBCALS://calendar.example/f.ics", "https://calendar.example/f.ics"),
        ("https://calendar.example/a?b=c#d", "https://calendar.example/a?b=c"),
        ("https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4"),
        ("https://8.8.8.8/", "https://8.8.8.8/"),
        ("https://[2606:4700::1111]/", "https://[2606:4700::1111]/"),
        (
            "https://calendar.example/user@example.org/f.ics",
            "https://calendar.example/user@example.org/f.ics",
        ),
    ],
)
def test_honest_addresses_pass_in_one_spelling(typed, sent):
    assert check_url(typed).url == sent


@pytest.mark.parametrize(
    ("number", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("2003::1", True),
        ("fe80::1%eth0", False),
        ("2606:4700::1111%eth0", False),
        ("::ffff:8.8.8.8", False),
        ("not a number", False),
        ("", False),
    ],
)
def test_a_number_is_public_or_not(number, public):
    assert is_public(number) is public


PRIVATE_NUMBERS = [
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "198.18.0.1", "0.0.0.0", "224.0.0.1", "192.0.0.192", "::1", "::ffff:127.0.0.1", "fe80::1",
    "fec0::1", "fc00::1", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "ff02::1",
]  # fmt: skip


@pytest.mark.parametrize("number", PRIVATE_NUMBERS)
def test_a_name_that_leads_inside_is_refused(number, internet):
    internet.names["calendar.example"] = [[number]]
    with pytest.raises(OutboundRefused, match=REFUSAL):
        fetch("https://calendar.example/", network=internet.network())
    assert internet.connected == []


@pytest.mark.parametrize(
    "host",
    ["metadata.google.internal", "printer.local", "app.localhost", "nas.home.arpa", "metadata"],
)
def test_a_local_name_is_refused_even_when_it_leads_outside(host, internet):
    internet.names[host] = [[PUBLIC]]
    with pytest.raises(OutboundRefused, match=REFUSAL):
        fetch(f"https://{host}/", network=internet.network())
    assert internet.looked_up == []


@pytest.mark.parametrize("numbers", [[PUBLIC, "127.0.0.1"], ["::1", PUBLIC], []])
def test_one_private_number_among_public_ones_refuses_the_name(numbers, internet):
    internet.names["calendar.example"] = [numbers]
    with pytest.raises(OutboundRefused, match=REFUSAL):
        fetch("https://calendar.example/", network=internet.network())
    assert internet.connected == []


def test_a_name_that_does_not_exist_is_refused_like_a_private_one(internet):
    with pytest.raises(OutboundRefused, match=REFUSAL):
        fetch("https://no-such-name.example/", network=internet.network())


def test_a_name_server_that_never_answers_does_not_hold_the_call(canary):
    silence = threading.Event()
    network = Network(look_up=lambda host, port: silence.wait(120) and [], connect=None)
    started = time.monotonic()
    with pytest.raises(OutboundRefused):
        fetch("https://calendar.example/", network=network, total_seconds=0.3)
    silence.set()
    assert time.monotonic() - started < 60


def test_a_name_that_changes_its_answer_never_reaches_the_inner_network(serve, internet):
    server = serve(ok())
    internet.place("calendar.example", server, [PUBLIC], ["127.0.0.1"])
    answer = fetch("http://calendar.example/", allow_http=True, network=internet.network())
    assert (answer.body, internet.looked_up, internet.connected) == (
        b"hello",
        ["calendar.example"],
        [PUBLIC],
    )
    with pytest.raises(OutboundRefused):
        fetch("http://calendar.example/", allow_http=True, network=internet.network())
    assert internet.connected == [PUBLIC]


def test_a_name_that_changes_its_answer_during_a_redirect_is_refused(serve, internet):
    server = serve(redirect("/again"))
    internet.place("calendar.example", server, [PUBLIC], ["169.254.169.254"])
    with pytest.raises(OutboundRefused, match=REFUSAL):
        fetch("http://calendar.example/", allow_http=True, network=internet.network())
    assert (len(server.requests), internet.connected) == (1, [PUBLIC])


def test_the_clinics_own_host_can_be_denied(internet):
    guard = Guard(denied_hosts=frozenset({"clinic.example"}))
    with pytest.raises(OutboundRefused, match=REFUSAL):
        fetch("https://CLINIC.example/feeds/x.ics", guard=guard, network=internet.network())
    assert internet.looked_up == []


# --- Redirects


@pytest.mark.parametrize(
    "location",
    [
        *[f"http://[{n}]/" if ":" in n else f"http://{n}/" for n in PRIVATE_NUMBERS],
        "http://localhost/",
        "http://2130706433/",
        "http://0x7f.1/",
        "//127.0.0.1/",
        "http://calendar.example:6379/",
        "http://user:pass@calendar.example/",
        "http://inside.example/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "http://[::1",
        "http://calendar.example/" + "a" * 3_000,
    ],
)
def test_a_redirect_is_checked_like_a_typed_address(location, site, internet):
    get = site(redirect(location))
    internet.names["inside.example"] = [["10.0.0.7"]]
    with pytest.raises(OutboundRefused, match=REFUSAL):
        get()
    assert (len(get.server.requests), internet.connected) == (1, [PUBLIC])


def test_a_redirect_from_https_to_plain_http_is_refused(serve, internet, certificates):
    internet.place(
        "calendar.example", serve(redirect("http://calendar.example/"), tls=certificates.tls)
    )
    with pytest.raises(OutboundRefused, match=REFUSAL):
        fetch("https://calendar.example/", network=internet.network(certificates.ca_file))


def test_three_redirects_are_followed(site):
    answers = [
        redirect("/1"),
        redirect("2", 301),
        redirect("http://calendar.example/3", 308),
        ok(b"there"),
    ]
    get = site(lambda connection, server: connection.sendall(answers[len(server.requests) - 1]))
    answer = get()
    assert (answer.status, answer.body, answer.final_url) == (
        200,
        b"there",
        "http://calendar.example/3",
    )


def test_a_redirect_loop_ends(site):
    get = site(redirect("/feed.ics"))
    with pytest.raises(OutboundFailed) as failure:
        get()
    assert (failure.value.reason, len(get.server.requests)) == ("too-many-redirects", 4)


def test_secrets_in_headers_do_not_follow_to_another_host(serve, internet):
    first, second = serve(redirect("http://elsewhere.example/")), serve(ok())
    internet.place("calendar.example", first)
    internet.names["elsewhere.example"] = [["93.184.215.15"]]
    internet.machines["93.184.215.15"] = second
    fetch(
        "http://calendar.example/",
        headers={"authorization": "Bearer s3cret", "X-Plain": "kept"},
        allow_http=True,
        network=internet.network(),
    )
    assert b"s3cret" in first.requests[0]
    assert b"s3cret" not in second.requests[0]
    assert b"X-Plain: kept" in second.requests[0]


def test_the_body_of_a_redirect_is_not_read(site):
    def answer(connection, server):
        if len(server.requests) == 1:
            connection.sendall(
                b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 999999999\r\n\r\n"
            )
            drip(connection, b"a" * 65536, pause=0)
        else:
            connection.sendall(ok(b"small"))

    assert site(answer)(max_bytes=10, total_seconds=60).body == b"small"


# --- Answers that attack


def drip(connection, piece, *, pause):
    with contextlib.suppress(OSError):
        for _ in range(10_000):
            connection.sendall(piece)
            time.sleep(pause)


def endless(head, piece, pause=0.0):
    def answer(connection, _server):
        connection.sendall(head)
        drip(connection, piece, pause=pause)

    return answer


class AtOnce:
    """A thread that has done its work when it is started."""

    def __init__(self, *, target, daemon):
        self.start = target

    def join(self, _seconds):
        """It is done."""


@pytest.fixture
def names_known_at_once(monkeypatch):
    """A stalled machine may use up a short time limit, but not before the name is looked up."""
    known = SimpleNamespace(**vars(threading) | {"Thread": AtOnce})
    monkeypatch.setattr(outbound_connection, "threading", known)


BOMB = gzip.compress(b"\0" * 50_000_000)
EMPTY_MEMBERS = gzip.compress(b"") * 3_000
CHUNK = b"10000\r\n" + b"a" * 65536 + b"\r\n"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (endless(b"HTTP/1.1 200 OK\r\n\r\n", b"a" * 65536), "too-large"),
        (endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", CHUNK), "too-large"),
        (ok(b"a" * 100_001), "too-large"),
        (ok(BOMB, b"Content-Encoding: gzip"), "too-large"),
        (endless(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", EMPTY_MEMBERS), "too-large"),
        (ok(gzip.compress(BOMB), b"Content-Encoding: gzip, gzip"), "malformed"),
        (ok(zlib.compress(b"x"), b"Content-Encoding: deflate"), "malformed"),
        (ok(b"x", b"Content-Encoding: br"), "malformed"),
        (ok(b"no gzip", b"Content-Encoding: gzip"), "malformed"),
        (ok(gzip.compress(os.urandom(5_000))[:-9], b"Content-Encoding: gzip"), "malformed"),
        (ok(b"", b"Content-Encoding: gzip"), "malformed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", "malformed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nContent-Length: 20\r\n\r\nshort", "no-answer"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "malformed"),
        (b"HTTP/1.1 200 OK\r\n" + b"X-Many: 1\r\n" * 10_000 + b"\r\n", "no-answer"),
        (b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 100_000 + b"\r\n\r\n", "no-answer"),
        (b"not http at all\r\n\r\n", "no-answer"),
        (b"", "no-answer"),
        (b"HTTP/1.1 304 Not Modified\r\n\r\n", "malformed"),
        (endless(b"HTTP/1.1 200 OK\r\n\r\n", b"a", 0.05), "too-slow"),
        (endless(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"a", 0.05), "too-slow"),
        (endless(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a", 0.05), "too-slow"),
        (endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.02), "too-slow"),
        (lambda connection, server: server.stopping.wait(120), "too-slow"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("names_known_at_once")
def test_an_answer_that_attacks_fails_in_time(answer, reason, site):
    get = site(answer)
    started = time.monotonic()
    with pytest.raises(OutboundFailed) as failure:
        get(max_bytes=100_000, total_seconds=0.6 if reason == "too-slow" else 120)
    assert time.monotonic() - started < 100
    get.server.stopping.set()
    said = (str(failure.value), failure.value.status, failure.value.reason)
    assert said == (OutboundFailed.says, 503, reason)


def test_a_gzip_bomb_is_never_held_in_memory(site):
    get = site(ok(BOMB, b"Content-Encoding: gzip"))
    tracemalloc.start()
    with pytest.raises(OutboundFailed):
        get(max_bytes=1_000_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


@pytest.mark.usefixtures("names_known_at_once")
def test_a_handshake_that_never_ends_fails_in_time(site, internet):
    site(lambda connection, server: None)
    listener = socket.create_server(("127.0.0.1", 0))
    internet.machines[PUBLIC] = type("Silent", (), {"port": listener.getsockname()[1]})
    with listener, pytest.raises(OutboundFailed) as failure:
        fetch("https://calendar.example/", network=internet.network(), total_seconds=0.4)
    assert failure.value.reason == "too-slow"


def test_a_port_where_nobody_listens_is_no_answer(site, internet):
    get = site(ok())
    get.server.stop()
    with pytest.raises(OutboundFailed) as failure:
        get()
    assert failure.value.reason == "no-answer"


def test_the_second_public_number_is_tried_when_the_first_is_dead(serve, internet):
    closed = socket.create_server(("127.0.0.1", 0))
    closed.close()
    internet.place("calendar.example", serve(ok()), ["93.184.215.99", PUBLIC])
    real = internet.connect

    def connect(address, timeout):
        if address[1][0] != PUBLIC:
            raise ConnectionRefusedError
        return real(address, timeout)

    network = Network(look_up=internet.look_up, connect=connect)
    assert fetch("http://calendar.example/", allow_http=True, network=network).body == b"hello"


@pytest.mark.parametrize("status", [200, 204, 301, 401, 403, 404, 410, 429, 500, 503])
def test_other_statuses_are_the_callers_to_judge(status, site):
    get = site(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\nWWW-Authenticate: Basic\r\n\r\n" % status)
    assert get() == Fetched(
        status,
        {"content-length": "0", "www-authenticate": "Basic"},
        b"",
        "http://calendar.example/feed.ics",
    )
    assert len(get.server.requests) == 1


# --- Honest answers


def test_a_plain_answer_arrives_whole(site):
    body = os.urandom(300_000)
    get = site(ok(body, b'ETag: "v1"', b"Set-Cookie: a=b"))
    assert get("/f.ics?token=t#part", headers={"X-Own": "1"}) == Fetched(
        200,
        {"content-length": "300000", "etag": '"v1"'},
        body,
        "http://calendar.example/f.ics?token=t",
    )
    request = get.server.requests[0]
    assert request.startswith(b"GET /f.ics?token=t HTTP/1.1\r\n")
    for line in (
        b"Host: calendar.example",
        b"X-Own: 1",
        b"Accept-Encoding: gzip",
        b"User-Agent: Mozilla/5.0",
    ):
        assert line in request


@pytest.mark.parametrize("members", [1, 3])
def test_a_gzip_answer_is_unpacked(members, site):
    text = b"BEGIN:VCALENDAR\r\n" * 50_000
    get = site(ok(gzip.compress(text) * members, b"Content-Encoding: GZIP"))
    assert get().body == text * members


def test_a_chunked_answer_is_joined(site):
    get = site(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNK * 3 + b"0\r\n\r\n")
    assert get().body == b"a" * 65536 * 3


def test_an_answer_of_exactly_the_limit_passes(site):
    assert len(site(ok(b"a" * 1_000))(max_bytes=1_000).body) == 1_000


def test_a_conditional_request_may_be_answered_with_not_modified(site):
    get = site(b'HTTP/1.1 304 Not Modified\r\nETag: "v1"\r\n\r\n')
    answer = get(etag='"v1"', last_modified="Mon, 05 Jan 2026 10:00:00 GMT")
    assert (answer.status, answer.body) == (304, b"")
    assert b'If-None-Match: "v1"' in get.server.requests[0]
    assert b"If-Modified-Since: Mon, 05 Jan 2026 10:00:00 GMT" in get.server.requests[0]


@pytest.mark.parametrize("etag", ['"a"\r\nX-Injected: 1', '"a"\n', '"\u2603"'])
def test_a_header_value_that_would_break_the_request_is_not_sent(etag, site):
    get = site(ok())
    with pytest.raises(OutboundFailed):
        get(etag=etag)
    assert get.server.requests == []


def test_cookies_are_not_kept_between_redirects(site):
    first = redirect("/2").replace(b"\r\n\r\n", b"\r\nSet-Cookie: a=b\r\n\r\n")
    get = site(
        lambda connection, server: connection.sendall([first, ok()][len(server.requests) - 1])
    )
    get()
    assert b"cookie" not in get.server.requests[1].lower()


def test_proxies_and_netrc_of_the_environment_are_ignored(site, canary, monkeypatch, tmp_path):
    proxy = f"http://127.0.0.1:{canary.port}"
    for name in (
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
    ):
        monkeypatch.setenv(name, proxy)
    netrc = tmp_path / "netrc"
    netrc.write_text("machine calendar.example login me password s3cret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    get = site(ok())
    assert get().body == b"hello"
    assert b"authorization" not in get.server.requests[0].lower()


def test_the_address_is_in_no_log_and_no_error(site, caplog):
    caplog.set_level(logging.DEBUG)
    get = site(ok(b"short", b"Content-Encoding: gzip", b"broken header"))
    with pytest.raises(OutboundFailed) as failure:
        get("/secret-token.ics")
    assert "secret-token" not in caplog.text + repr(failure.value)
    assert failure.value.__suppress_context__


# --- TLS


class Certificates:
    """A certificate authority of our own, and a server certificate for calendar.example."""

    def __init__(self, folder):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test authority")])
        authority = self._sign(self.name, self.key, x509.BasicConstraints(ca=True, path_length=0))
        self.ca_file = str(folder / "ca.pem")
        (folder / "ca.pem").write_bytes(authority)
        server_key = ec.generate_private_key(ec.SECP256R1())
        pem = server_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "calendar.example")])
        alternative = x509.SubjectAlternativeName([x509.DNSName("calendar.example")])
        (folder / "server.pem").write_bytes(pem + self._sign(subject, server_key, alternative))
        self.asked_for = []
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(folder / "server.pem")
        self.tls.sni_callback = lambda _socket, name, _context: self.asked_for.append(name)

    def _sign(self, subject, key, extension):
        now = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        )
        signed = builder.sign(self.key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM)


@pytest.fixture
def certificates(tmp_path):
    return Certificates(tmp_path)


def test_https_verifies_the_certificate_for_the_name_while_dialling_the_number(
    serve, internet, certificates
):
    internet.place("calendar.example", serve(ok(b"over tls"), tls=certificates.tls))
    answer = fetch("webcal://calendar.example/", network=internet.network(certificates.ca_file))
    assert (answer.body, answer.final_url) == (b"over tls", "https://calendar.example/")
    assert (certificates.asked_for, internet.connected) == (["calendar.example"], [PUBLIC])


def test_a_certificate_for_another_name_is_no_answer(serve, internet, certificates):
    server = serve(ok(), tls=certificates.tls)
    internet.place("other.example", server)
    with pytest.raises(OutboundFailed) as failure:
        fetch("https://other.example/", network=internet.network(certificates.ca_file))
    assert (failure.value.reason, server.requests) == ("no-answer", [])


def test_an_unknown_authority_is_no_answer(serve, internet, certificates, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", certificates.ca_file)
    monkeypatch.setenv("CURL_CA_BUNDLE", certificates.ca_file)
    server = serve(ok(), tls=certificates.tls)
    internet.place("calendar.example", server)
    with pytest.raises(OutboundFailed) as failure:
        fetch("https://calendar.example/", network=internet.network())
    assert (failure.value.reason, server.requests) == ("no-answer", [])


# --- Services with a configured address


def test_a_configured_stand_in_is_reached_over_the_real_network(serve):
    server = serve(ok(b"{}"))
    guard = Guard.for_urls([f"http://127.0.0.1:{server.port}/v2"])
    answer = send(
        "POST",
        f"http://127.0.0.1:{server.port}/v2/bookings",
        json={"name": "Ana", "note": "ó"},
        headers={"Authorization": "Bearer k"},
        guard=guard,
    )
    assert (answer.status, answer.body) == (200, b"{}")
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v2/bookings HTTP/1.1\r\n")
    assert b"Content-Type: application/json" in head
    assert b"Authorization: Bearer k" in head
    assert body == b'{"name": "Ana", "note": "\\u00f3"}'
    assert fetch(f"http://127.0.0.1:{server.port}/", guard=guard).status == 200


def test_the_allowance_is_for_one_host_and_port(serve, canary):
    server = serve(redirect(f"http://127.0.0.1:{canary.port}/"))
    guard = Guard(allowed_hosts=frozenset({("127.0.0.1", server.port)}))
    for url in (f"http://127.0.0.1:{canary.port}/", f"http://localhost:{server.port}/"):
        with pytest.raises(OutboundRefused, match=REFUSAL):
            fetch(url, guard=guard)
    with pytest.raises(OutboundRefused, match=REFUSAL):
        fetch(f"http://127.0.0.1:{server.port}/", guard=guard)


@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
def test_sending_never_follows_a_redirect(method, serve, canary):
    server = serve(redirect(f"http://127.0.0.1:{canary.port}/"))
    guard = Guard.for_urls([f"http://127.0.0.1:{server.port}"])
    answer = send(method, f"http://127.0.0.1:{server.port}/", body=b"raw", guard=guard)
    assert (answer.status, len(server.requests)) == (302, 1)
    assert server.requests[0].endswith(b"\r\n\r\nraw")


def test_a_configured_address_may_leave_the_port_to_its_scheme():
    assert Guard.for_urls(["https://api.cal.example/v2", "http://[::1]:8080"]) == Guard(
        frozenset({("api.cal.example", 443), ("::1", 8080)})
    )
