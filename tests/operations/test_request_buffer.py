"""Where a request ends, whatever pieces it comes in."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.operations.request_buffer import MAX_HEAD_BYTES, MAX_REQUEST_BYTES, RequestBuffer, State

pytestmark = pytest.mark.one_database

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
COMPLETE = {
    "without a body": GET,
    "with a length": b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
    "with a length of nothing": b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
    "with a name in capitals": b"POST / HTTP/1.1\r\nCONTENT-LENGTH:5\r\n\r\nhello",
    "in chunks": b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "in chunks with extensions and trailers": (
        b"POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n"
        b"a ;x=y\r\n0123456789\r\n0\r\nDigest: z\r\nAge: 1\r\n\r\n"
    ),
    "with line ends in its body": b"PUT / HTTP/1.1\r\nContent-Length: 6\r\n\r\n\n\r\n\r\na",
}
REFUSABLE = {
    "two lengths": b"POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
    "a length and chunks": (
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
    ),
    "a length that is no number": b"POST / HTTP/1.1\r\nContent-Length: +5\r\n\r\n",
    "a length of many digits": b"POST / HTTP/1.1\r\nContent-Length: 99999999999999\r\n\r\n",
    "a body that is too long": (
        b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (MAX_REQUEST_BYTES + 1)
    ),
    "another coding": b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
    "lines that end with LF": b"GET / HTTP/1.1\nHost: a\n\n",
    "a chunk without a size": b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "a chunk that does not end": (
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n"
    ),
    "a chunk's size that does not end": (
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"x" * 9000
    ),
}
pieces = st.lists(st.integers(1, 30), max_size=40)


def given_in(parts: list[bytes]) -> RequestBuffer:
    buffer = RequestBuffer()
    for part in parts:
        buffer.add(part)
    return buffer


def cut(data: bytes, lengths: list[int]) -> list[bytes]:
    parts, begin = [], 0
    for length in lengths:
        parts.append(data[begin : begin + length])
        begin += length
    return [*parts, data[begin:]]


@pytest.mark.parametrize("name", COMPLETE)
def test_request_is_complete_with_its_last_byte_and_not_before(name):
    request = COMPLETE[name]

    assert {given_in([request[:end]]).state for end in range(len(request))} == {State.INCOMPLETE}
    assert given_in([request]).state is State.COMPLETE


@settings(deadline=None)
@given(st.sampled_from([*COMPLETE.values(), *REFUSABLE.values()]), pieces)
def test_pieces_it_comes_in_change_nothing(request, lengths):
    whole, in_pieces = given_in([request]), given_in(cut(request, lengths))

    assert in_pieces.state is whole.state
    assert in_pieces.drain() == request


@pytest.mark.parametrize("name", REFUSABLE)
def test_unusual_request_is_not_waited_for(name):
    assert given_in([REFUSABLE[name]]).state is State.REFUSABLE


@pytest.mark.parametrize("name", COMPLETE)
def test_what_follows_is_the_next_request(name):
    buffer = given_in([COMPLETE[name] + GET])
    taken = buffer.drain()

    assert (taken, buffer.state, len(buffer)) == (COMPLETE[name] + GET, State.INCOMPLETE, 0)
    buffer.add(GET[:-1])
    assert buffer.state is State.INCOMPLETE
    buffer.add(GET[-1:])
    assert buffer.state is State.COMPLETE


def test_head_without_an_end_is_not_kept_for_ever():
    buffer = given_in([b"GET / HTTP/1.1\r\nX: " + b"x" * (MAX_HEAD_BYTES - 19)])
    assert buffer.state is State.INCOMPLETE

    buffer.add(b"x")

    assert buffer.state is State.HEAD_TOO_LONG


def test_chunks_are_collected_up_to_what_the_application_reads():
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    buffer = given_in([b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"])
    states = []
    for _ in range(MAX_REQUEST_BYTES // 0x10000):
        states.append(buffer.state)
        buffer.add(chunk)

    assert set(states) == {State.INCOMPLETE}
    assert buffer.state is State.REFUSABLE


@pytest.mark.parametrize(("value", "waits"), [(b"100-Continue", True), (b"other", False)])
def test_client_that_waits_to_be_told_to_go_on_is_recognized(value, waits):
    buffer = given_in([b"POST / HTTP/1.1\r\nExpect: " + value + b"\r\nContent-Length: 9\r\n\r\n"])

    assert (buffer.state, buffer.expects_continue) == (State.INCOMPLETE, waits)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=10))
def test_no_bytes_are_too_strange_to_be_judged_or_lost(parts):
    assert given_in(parts).drain() == b"".join(parts)
