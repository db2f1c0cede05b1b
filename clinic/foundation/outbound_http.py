"""Call other servers: every HTTP call the clinic makes goes through `fetch` or `send`.

Both check the address (`outbound/allowed_addresses.py`), connect to exactly what was checked
(`outbound/connection.py`), count bytes after decoding, and end in time. No cookies, proxies,
`.netrc` or retries. No transaction stays open meanwhile (`database/waiting.py`). Addresses may be
secrets: no error raised here repeats one.
Source: ASVS 1.3.6, 12.3.2, 13.2.4, 15.3.2.
"""

from __future__ import annotations

import json as json_text
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Final, Literal
from urllib.parse import urljoin

from requests import PreparedRequest, Request, Response
from requests.exceptions import RequestException, Timeout
from urllib3.exceptions import HTTPError, ReadTimeoutError

from clinic.foundation.database.waiting import end_read_before_waiting
from clinic.foundation.errors import N_, Unavailable
from clinic.foundation.outbound.allowed_addresses import (
    NO_EXCEPTIONS,
    Guard,
    OutboundRefused,
    Target,
    check_url,
)
from clinic.foundation.outbound.connection import (
    THE_INTERNET,
    CheckedAdapter,
    Deadline,
    Dialler,
    Network,
)

__all__ = ["Fetched", "Guard", "OutboundFailed", "OutboundRefused", "fetch", "send"]

MIB: Final = 1024 * 1024
MOST_REDIRECTS: Final = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NOT_MODIFIED = 304
_PIECE = 64 * 1024
# Some calendar servers send a web page to anything that does not look like a browser.
_USER_AGENT = "Mozilla/5.0 (compatible; CouplesClinic/1.0)"
_SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})

Reason = Literal["no-answer", "too-slow", "too-large", "malformed", "too-many-redirects"]


class OutboundFailed(Unavailable):
    """An address that may be called gave no usable answer; `reason` is for logs and back-off."""

    code = "outbound-failed"
    says = N_("The other side did not give a usable answer. Please try again later.")

    def __init__(self, reason: Reason) -> None:
        super().__init__()
        self.reason: Reason = reason


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer read to its end; `headers` have lower-case names and no cookies."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    final_url: str

    @property
    def retry_after(self) -> int | None:
        """For how many seconds the other side asks to be left alone; None when it does not say."""
        said = self.headers.get("retry-after", "").strip()
        return int(said) if said.isascii() and said.isdigit() and len(said) < 7 else None


def fetch(
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    etag: str | None = None,
    last_modified: str | None = None,
    max_bytes: int = 10 * MIB,
    total_seconds: float = 30,
    connect_seconds: float = 10,
    allow_http: bool = False,
    guard: Guard = NO_EXCEPTIONS,
    network: Network = THE_INTERNET,
) -> Fetched:
    """GET an address that a person typed; `max_bytes` counts the decoded body.

    Follows up to three redirects, each checked anew, and returns any other status as it is.
    `etag` and `last_modified` from the last answer make it conditional (status 304).
    Raises `OutboundRefused` for an address that may not be called, else `OutboundFailed`.
    """
    asked = dict(headers or {})
    if etag is not None:
        asked["If-None-Match"] = etag
    if last_modified is not None:
        asked["If-Modified-Since"] = last_modified
    target = check_url(url, allow_http=allow_http, guard=guard)
    with Deadline(total_seconds) as deadline:
        call = _Call(Dialler(guard, network, deadline, connect_seconds), max_bytes)
        return _following(
            call, target, asked, lambda at: check_url(at, allow_http=allow_http, guard=guard)
        )


def send(
    method: str,
    url: str,
    *,
    json: Any = None,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    max_bytes: int = 2 * MIB,
    total_seconds: float = 30,
    connect_seconds: float = 10,
    guard: Guard = NO_EXCEPTIONS,
    network: Network = THE_INTERNET,
) -> Fetched:
    """One request to a service, with a JSON document or bytes; never follows a redirect.

    `guard` carries the service's configured address when it is not a public https one.
    Raises as `fetch` does; nothing is tried twice, so a caller may count on one request.
    """
    asked = dict(headers or {})
    if json is not None:
        body = json_text.dumps(json).encode()
        asked.setdefault("Content-Type", "application/json")
    target = check_url(url, guard=guard)
    with Deadline(total_seconds) as deadline:
        call = _Call(Dialler(guard, network, deadline, connect_seconds), max_bytes)
        return call.exchange(method, target, asked, body)


def _following(
    call: _Call, target: Target, asked: Mapping[str, str], check: Callable[[str], Target]
) -> Fetched:
    for _ in range(MOST_REDIRECTS + 1):
        answer = call.exchange("GET", target, asked, None)
        location = answer.headers.get("location")
        if answer.status not in _REDIRECTS or location is None:
            return answer
        previous, target = target, _redirected(target, location, check)
        if target.origin != previous.origin:
            asked = {
                name: value for name, value in asked.items() if name.lower() not in _SECRET_HEADERS
            }
    raise OutboundFailed("too-many-redirects")


def _redirected(target: Target, location: str, check: Callable[[str], Target]) -> Target:
    try:
        joined = urljoin(target.url, location)
    except ValueError:
        raise OutboundRefused from None
    return check(joined)


@dataclass(frozen=True, slots=True)
class _Call:
    """What the requests of one call share: where it may go, how much it may bring."""

    dialler: Dialler
    max_bytes: int

    def exchange(
        self, method: str, target: Target, headers: Mapping[str, str], body: bytes | None
    ) -> Fetched:
        """One request and its whole answer. Raises `TransactionOpen` inside a transaction."""
        end_read_before_waiting()
        # Straight through the adapter: a requests session would read the body of a redirect
        # without any limit, keep its cookies, and look into the environment.
        adapter = CheckedAdapter(self.dialler)
        try:
            request = _prepared(method, target, headers, body)
            response = self._answer(adapter, request)
            try:
                return self._read(response, target, request)
            finally:
                response.close()
        except (RequestException, HTTPError, HTTPException, OSError, ValueError) as error:
            raise OutboundFailed(self._reason(error)) from None
        finally:
            adapter.close()

    def _answer(self, adapter: CheckedAdapter, request: PreparedRequest) -> Response:
        seconds = self.dialler.deadline.remaining
        return adapter.send(
            request,
            stream=True,
            timeout=(seconds, seconds),
            verify=self.dialler.network.ca_file or True,
        )

    def _read(self, response: Response, target: Target, request: PreparedRequest) -> Fetched:
        conditional = {"If-None-Match", "If-Modified-Since"} & set(request.headers)
        if response.status_code == _NOT_MODIFIED and not conditional:
            raise OutboundFailed("malformed")
        redirected = response.status_code in _REDIRECTS
        body = b"" if redirected else b"".join(self._body(response))
        # A connection that was cut for being late can look like one that came to its end.
        if self.dialler.deadline.passed:
            raise OutboundFailed("too-slow")
        return Fetched(response.status_code, _plain_headers(response), body, target.url)

    def _body(self, response: Response) -> Iterator[bytes]:
        raw = iter(lambda: response.raw.read(_PIECE, decode_content=False), b"")
        encoding = response.headers.get("Content-Encoding", "").strip().lower()
        if encoding in {"", "identity"}:
            return self._limited(raw)
        if encoding in {"gzip", "x-gzip"}:
            # Counted before and after: packed nothing, without end, unpacks to no bytes at all.
            return self._limited(_unpacked(self._limited(raw)))
        raise OutboundFailed("malformed")

    def _limited(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        count = 0
        for piece in pieces:
            count += len(piece)
            if count > self.max_bytes:
                raise OutboundFailed("too-large")
            yield piece

    def _reason(self, error: Exception) -> Reason:
        late = isinstance(error, Timeout | ReadTimeoutError)
        if late or self.dialler.deadline.passed:
            return "too-slow"
        return "no-answer" if isinstance(error, RequestException | OSError) else "malformed"


def _prepared(
    method: str, target: Target, headers: Mapping[str, str], body: bytes | None
) -> PreparedRequest:
    # Only one simple encoding is asked for, and only that one is unpacked.
    own = {"User-Agent": _USER_AGENT, "Accept": "*/*", "Accept-Encoding": "gzip"}
    request = Request(method, target.url, headers={**own, **headers}, data=body).prepare()
    request.headers["Connection"] = "close"
    return request


def _plain_headers(response: Response) -> dict[str, str]:
    return {
        name.lower(): value
        for name, value in response.headers.items()
        if name.lower() not in {"set-cookie", "set-cookie2"}
    }


def _unpacked(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Unpack gzip a little at a time, so that a bomb is counted before it is held."""
    member = _gzip_member()
    for piece in pieces:
        packed = piece
        while packed:
            if member.eof:
                member = _gzip_member()
            try:
                yield member.decompress(packed, _PIECE)
            except zlib.error:
                raise OutboundFailed("malformed") from None
            packed = member.unused_data if member.eof else member.unconsumed_tail
    if not member.eof:
        raise OutboundFailed("malformed")


def _gzip_member() -> zlib._Decompress:
    return zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
