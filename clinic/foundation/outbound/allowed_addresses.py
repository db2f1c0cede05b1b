"""Which addresses the clinic's server may call: rules over plain values, no network.

An address somebody typed is refused with one text whatever the cause, so that the answer
tells nothing about the network behind the server. Sources: calendars.md 10,
reliability.md 2 (#49-52) and 7; the IANA special-purpose registries (RFC 6890).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from requests import PreparedRequest
from requests.exceptions import RequestException

from clinic.foundation.errors import N_, ClinicError

LONGEST_URL = 2_000
_PORTS = {"https": 443, "http": 80}
_HOST_NAME = re.compile(r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}")
_LOCAL_ENDINGS = (".localhost", ".local", ".internal", ".localdomain", ".home.arpa", ".onion")

# On top of `is_global`, which differs between Python releases and calls some of these public.
_DENIED_4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # public by number, but the host's own services on Azure
    )
)  # fmt: skip
# Everything outside 2000::/3 is refused: mapped, NAT64, site-local, unique-local, link-local,
# multicast, segment routing. Inside it, these are no ordinary hosts (Teredo, 6to4, examples).
_ORDINARY_6 = ipaddress.IPv6Network("2000::/3")
_DENIED_6 = tuple(
    ipaddress.IPv6Network(network)
    for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)


class OutboundRefused(ClinicError):
    """An address may not be called; one text for every cause, and never the address."""

    status = 422
    code = "address-refused"
    says = N_(
        "This web address cannot be used. Please give a public address that begins with https."
    )


@dataclass(frozen=True, slots=True)
class Guard:
    """Exceptions to the rules, set by configuration and never by what somebody typed.

    `allowed_hosts` are (host, port) pairs that may be private and may be plain http, for the
    configured address of a service or its stand-in. `denied_hosts` are names never called,
    such as the clinic's own, whose feed would otherwise feed itself.
    """

    allowed_hosts: frozenset[tuple[str, int]] = frozenset()
    denied_hosts: frozenset[str] = frozenset()

    @classmethod
    def for_urls(cls, urls: Iterable[str]) -> Self:
        """The guard that allows the hosts and ports of these configured base addresses."""
        parts = [urlsplit(url) for url in urls]
        return cls(
            frozenset(
                (part.hostname or "", part.port or _PORTS.get(part.scheme, 443)) for part in parts
            )
        )

    def allows(self, host: str, port: int) -> bool:
        """Whether configuration vouches for this host at this port."""
        return (host, port) in self.allowed_hosts


NO_EXCEPTIONS = Guard()


@dataclass(frozen=True, slots=True)
class Target:
    """A web address that passed the rules of spelling, as it will be sent."""

    url: str
    scheme: str
    host: str
    port: int

    @property
    def origin(self) -> tuple[str, str, int]:
        """What must be equal for secrets in headers to go along on a redirect."""
        return self.scheme, self.host, self.port


def check_url(url: str, *, allow_http: bool = False, guard: Guard = NO_EXCEPTIONS) -> Target:
    """The target of a typed address, or `OutboundRefused`; looks nothing up."""
    try:
        target = _parse(_cleaned(url))
    except (ValueError, RequestException):
        raise OutboundRefused from None
    if target.host in guard.denied_hosts:
        raise OutboundRefused
    if not guard.allows(target.host, target.port):
        _check_target(target, allow_http=allow_http)
    return target


def is_public(address: str) -> bool:
    """Whether a numeric address (as a socket would use it) is an ordinary host of the internet."""
    try:
        number = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(number, ipaddress.IPv4Address):
        return number.is_global and not any(number in network for network in _DENIED_4)
    return (
        number.scope_id is None
        and number.is_global
        and number in _ORDINARY_6
        and not any(number in network for network in _DENIED_6)
    )


def _cleaned(url: str) -> str:
    text = url.strip(" ")
    if not text or len(text) > LONGEST_URL:
        raise ValueError
    # Parsers disagree about these; no honest address has them.
    if "\\" in text or any(c.isspace() or not c.isprintable() for c in text):
        raise ValueError
    scheme, colon, rest = text.partition(":")
    if colon and scheme.lower() in {"webcal", "webcals"}:
        return "https:" + rest
    return text


def _parse(url: str) -> Target:
    typed = urlsplit(url)
    if typed.scheme not in _PORTS or typed.port == 0 or "@" in typed.netloc:
        raise ValueError
    # Read what the HTTP library will send, not what was typed: two readers may disagree.
    prepared = PreparedRequest()
    prepared.prepare_url(url, None)
    sent = prepared.url or ""
    parts = urlsplit(sent)
    if "@" in parts.netloc or not parts.hostname:
        raise ValueError
    port = parts.port if parts.port is not None else _PORTS[parts.scheme]
    # The fragment is the reader's own and not sent.
    return Target(parts._replace(fragment="").geturl(), parts.scheme, parts.hostname, port)


def _check_target(target: Target, *, allow_http: bool) -> None:
    if target.scheme != "https" and not allow_http:
        raise OutboundRefused
    if target.port != _PORTS[target.scheme] or not _ordinary_host(target.host):
        raise OutboundRefused


def _ordinary_host(host: str) -> bool:
    """A public numeric address in its one plain spelling, or a full host name."""
    try:
        return ipaddress.ip_address(host).compressed == host and is_public(host)
    except ValueError:
        pass
    # 127.1, 0x7f000001 and 2130706433 are numbers to the resolver: no name ends in one.
    if re.fullmatch(r"(.*\.)?(0x[0-9a-f]*|[0-9]+)", host):
        return False
    return _HOST_NAME.fullmatch(host) is not None and not host.endswith(_LOCAL_ENDINGS)
