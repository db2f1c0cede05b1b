"""Connections go to the checked number only, and TLS verifies the name."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from clinic.foundation.outbound.connection import Network
from clinic.foundation.outbound_http import OutboundFailed, OutboundRefused, fetch
from tests.support.outbound_internet import PRIVATE_NUMBERS, PUBLIC, REFUSAL, ok, redirect


@pytest.mark.parametrize("number", PRIVATE_NUMBERS)
def test_a_name_that_leads_inside_is_refused(number, internet):
    internet.names["calendar.example"] = [[number]]
    with pytest.raises(OutboundRefused, match=REFUSAL):
        fetch("https://calendar.example/", network=internet.network())
    assert internet.connected == []


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


@pytest.mark.usefixtures("names_known_at_once")
def test_a_handshake_that_never_ends_fails_in_time(site, internet):
    site(lambda connection, server: None)
    listener = socket.create_server(("127.0.0.1", 0))
    internet.machines[PUBLIC] = type("Silent", (), {"port": listener.getsockname()[1]})
    with listener, pytest.raises(OutboundFailed) as failure:
        fetch("https://calendar.example/", network=internet.network(), total_seconds=0.4)
    assert failure.value.reason == "too-slow"


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
