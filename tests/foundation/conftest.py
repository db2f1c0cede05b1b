"""Servers and names that the tests of outbound calls reach."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from clinic.foundation.outbound import connection as outbound_connection
from clinic.foundation.outbound_http import fetch
from tests.support.outbound_internet import AtOnce, Certificates, Internet, Server, ok


@pytest.fixture
def serve():
    servers = []

    def start(answer, *, tls=None):
        servers.append(Server(answer, tls=tls))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


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


@pytest.fixture
def names_known_at_once(monkeypatch):
    """A stalled machine may use up a short time limit, but not before the name is looked up."""
    known = SimpleNamespace(**vars(threading) | {"Thread": AtOnce})
    monkeypatch.setattr(outbound_connection, "threading", known)


@pytest.fixture
def certificates(tmp_path):
    return Certificates(tmp_path)
