"""Collects what a connection sends until one HTTP/1.1 request is whole. Pure: bytes in, state out.

Only where a request ends is judged here. Whether it is well formed is for the server's own parser:
whatever looks unusual is given to it at once, for it to refuse.
"""

from __future__ import annotations

import re
from collections import defaultdict
from enum import Enum, auto

from clinic.request_limits import MAX_REQUEST_BYTES

MAX_HEAD_BYTES = 64 * 1024
MAX_CHUNK_LINE_BYTES = 8190
HEAD_END = b"\r\n\r\n"
BARE_LF = re.compile(rb"(?<!\r)\n")


class State(Enum):
    """How far a request has come in."""

    INCOMPLETE = auto()
    COMPLETE = auto()
    """Head and body are here; what follows them belongs to the next request."""
    REFUSABLE = auto()
    """The server or the application can refuse it without the rest."""
    HEAD_TOO_LONG = auto()


class RequestBuffer:
    """What a connection has sent of its current request, and perhaps of the next."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._begin_anew()

    def __len__(self) -> int:
        return len(self._data)

    def add(self, data: bytes) -> None:
        """Append what came, and judge anew."""
        self._data += data
        if not self._body:
            self._find_head()
        if self._body and self.state is State.INCOMPLETE:
            self._find_end()

    def drain(self) -> bytes:
        """Return everything that came in, and begin anew."""
        data = bytes(self._data)
        self._data.clear()
        self._begin_anew()
        return data

    def _begin_anew(self) -> None:
        self.state = State.INCOMPLETE
        self.expects_continue = False
        """Whether the client waits to be told to send its body."""
        self._searched = 0
        self._body = 0
        """Where the body begins; 0 until the head is whole."""
        self._length: int | None = None
        """Of the body, in bytes; None when it comes in chunks."""
        self._chunk = 0
        """Where the size of the next chunk begins."""

    def _find_head(self) -> None:
        again = max(0, self._searched - len(HEAD_END) + 1)
        found = self._data.find(HEAD_END, again)
        if found >= 0:
            self._read_head(found)
        elif BARE_LF.search(self._data, again):
            self.state = State.REFUSABLE  # no head ends so; the parser says it
        elif len(self._data) > MAX_HEAD_BYTES:
            self.state = State.HEAD_TOO_LONG
        self._searched = len(self._data)

    def _read_head(self, end: int) -> None:
        fields = _framing_fields(bytes(self._data[:end]))
        self._body = self._chunk = end + len(HEAD_END)
        self.expects_continue = fields[b"expect"] == [b"100-continue"]
        match fields[b"content-length"], fields[b"transfer-encoding"]:
            case [], []:
                self._length = 0
            case [length], [] if re.fullmatch(rb"[0-9]{1,9}", length):
                self._length = int(length)
                if self._length > MAX_REQUEST_BYTES:
                    self.state = State.REFUSABLE
            case [], [codings] if re.fullmatch(rb"(.*,[ \t]*)?chunked", codings):
                pass
            case _:
                self.state = State.REFUSABLE

    def _find_end(self) -> None:
        if self._length is not None:
            if len(self._data) >= self._body + self._length:
                self.state = State.COMPLETE
            return
        while self.state is State.INCOMPLETE:
            self.state, after = next_chunk(self._data, self._chunk)
            if after == self._chunk:
                break
            self._chunk = after
        if self.state is State.INCOMPLETE and len(self._data) > self._body + MAX_REQUEST_BYTES:
            self.state = State.REFUSABLE


def next_chunk(data: bytearray, begin: int) -> tuple[State, int]:
    """Return what the chunk at `begin` makes of the request, and where the next one begins.

    `begin` itself comes back when the chunk is not all there.
    """
    line_end = data.find(b"\r\n", begin, begin + MAX_CHUNK_LINE_BYTES)
    if line_end < 0:
        too_long = len(data) - begin >= MAX_CHUNK_LINE_BYTES
        return (State.REFUSABLE if too_long else State.INCOMPLETE), begin
    size = data[begin:line_end].split(b";")[0].rstrip(b" \t")
    if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}", size):
        return State.REFUSABLE, begin
    after = line_end + 2 + int(size, 16)
    if int(size, 16) == 0:
        return _after_last_chunk(data, line_end), begin
    if len(data) < after + 2:
        return State.INCOMPLETE, begin
    if data[after : after + 2] != b"\r\n":
        return State.REFUSABLE, begin
    return State.INCOMPLETE, after + 2


def _after_last_chunk(data: bytearray, line_end: int) -> State:
    """Judge what follows the last chunk: an empty line, or fields and then an empty line."""
    if data.find(HEAD_END, line_end) >= 0:
        return State.COMPLETE
    return State.REFUSABLE if len(data) - line_end > MAX_HEAD_BYTES else State.INCOMPLETE


def _framing_fields(head: bytes) -> defaultdict[bytes, list[bytes]]:
    """Give each field's values in lower case, by its name in lower case."""
    found: defaultdict[bytes, list[bytes]] = defaultdict(list)
    for line in head.split(b"\r\n")[1:]:
        name, _colon, value = line.partition(b":")
        found[name.lower()].append(value.strip(b" \t").lower())
    return found
