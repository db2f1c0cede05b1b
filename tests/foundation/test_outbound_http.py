"""The server calls public addresses only, whatever is typed, and no answer holds it up.

`Internet` stands in for name servers and routers: names resolve to what a test says, public
numbers lead to a real server in this process, and every other number leads to the canary,
which nobody may reach.
"""

from __future__ import annotations

import gzip
import logging
import os
import time
import tracemalloc
import zlib

import pytest

from clinic.foundation.errors import ClinicError
from clinic.foundation.outbound_http import (
    Fetched,
    Guard,
    OutboundFailed,
    OutboundRefused,
    fetch,
    send,
)
from tests.support.outbound_internet import PRIVATE_NUMBERS, PUBLIC, REFUSAL, drip, ok, redirect


def test_the_refusal_is_a_clinic_error_that_does_not_repeat_the_address():
    assert issubclass(OutboundRefused, ClinicError)
    assert issubclass(OutboundFailed, ClinicError)
    with pytest.raises(OutboundRefused) as refusal:
        fetch("https://10.0.0.1/secret-token")
    assert "secret-token" not in f"{refusal.value!r}{refusal.value}"


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


def endless(head, piece, pause=0.0):
    def answer(connection, _server):
        connection.sendall(head)
        drip(connection, piece, pause=pause)

    return answer


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


def test_a_port_where_nobody_listens_is_no_answer(site, internet):
    get = site(ok())
    get.server.stop()
    with pytest.raises(OutboundFailed) as failure:
        get()
    assert failure.value.reason == "no-answer"


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


@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
def test_sending_never_follows_a_redirect(method, serve, canary):
    server = serve(redirect(f"http://127.0.0.1:{canary.port}/"))
    guard = Guard.for_urls([f"http://127.0.0.1:{server.port}"])
    answer = send(method, f"http://127.0.0.1:{server.port}/", body=b"raw", guard=guard)
    assert (answer.status, len(server.requests)) == (302, 1)
    assert server.requests[0].endswith(b"\r\n\r\nraw")
