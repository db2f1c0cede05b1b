"""Cal.com's API v2: one call, one request; what it refuses or cannot answer, as typed errors."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from clinic.foundation.errors import N_, ClinicError, Unavailable
from clinic.foundation.outbound_http import Fetched, Guard, OutboundFailed, send

PUBLIC_URL = "https://api.cal.com/v2"
"""Where it is unless the settings say otherwise (accounts in the EU, stand-ins)."""
VERSIONS: Mapping[str, str] = {
    "event-types": "2024-06-14",
    "schedules": "2024-06-11",
    "slots": "2024-09-04",
}
"""`cal-api-version` of each family; that of the bookings is a setting of the connection."""
BOOKING_VERSIONS = ("2024-08-13", "2026-02-25")
PAGE = 100
MOST_PAGES = 200
SECONDS = 15.0


class CalcomUnavailable(Unavailable):
    """It does not answer, is too busy, or answers nothing that can be read: try later."""

    code = "calcom-away"
    says = N_("Cal.com does not answer just now. We try again by ourselves.")

    def __init__(self, *, retry_after: int | None = None) -> None:
        super().__init__()
        self.retry_after = retry_after


class CalcomKeyRefused(Unavailable):
    """The API key is not, or no longer, good."""

    code = "calcom-key-refused"
    says = N_("Cal.com does not take this API key.")


class CalcomRefused(ClinicError):
    """It will not do this, however often it is asked."""

    status = 422
    code = "calcom-refused"
    says = N_("Cal.com refused this.")

    def __init__(self, answered: int) -> None:
        super().__init__()
        self.answered = answered
        """The status of its answer."""


@dataclass(frozen=True, slots=True)
class CalcomClient:
    """One account's API; `base_url` is the configured one, which the guard lets through."""

    base_url: str
    api_key: str
    bookings_version: str = BOOKING_VERSIONS[0]

    def me(self) -> dict[str, Any]:
        """Whose key it is; the cheapest way to test it."""
        return self._object(self._call("GET", "/me"))

    def event_types(self) -> list[dict[str, Any]]:
        """What can be booked there."""
        return self._list(self._call("GET", "/event-types"))

    def create_webhook(self, *, url: str, secret: str, triggers: list[str]) -> str:
        """Have changes delivered to `url`, signed with `secret`; the webhook's id."""
        asked = {"subscriberUrl": url, "active": True, "triggers": triggers, "secret": secret}
        return str(self._object(self._call("POST", "/webhooks", asked)).get("id", ""))

    def change_webhook(self, id_: str, **values: Any) -> None:
        """Change a webhook, for instance its secret."""
        self._call("PATCH", f"/webhooks/{quote(id_, safe='')}", values)

    def bookings(self, **query: str) -> Iterator[dict[str, Any]]:
        """Every booking that fits, page by page, in the order of the query."""
        for page in range(MOST_PAGES):
            asked = query | {"take": str(PAGE), "skip": str(page * PAGE)}
            found = self._list(self._call("GET", f"/bookings?{urlencode(asked)}"))
            yield from found
            if len(found) < PAGE:
                return

    def booking(self, uid: str) -> dict[str, Any]:
        """One booking. A series answers with a list, of which the first is meant."""
        data = self._call("GET", f"/bookings/{quote(uid, safe='')}")
        return self._object(data[0] if isinstance(data, list) and data else data)

    def create_booking(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Book. There is no idempotency key: look the metadata up before asking again."""
        return self._object(self._call("POST", "/bookings", asked))

    def act(self, uid: str, action: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """`reschedule` (answers with the new booking), `cancel`, `confirm` or `decline`."""
        return self._object(self._call("POST", f"/bookings/{quote(uid, safe='')}/{action}", asked))

    def default_schedule(self) -> dict[str, Any]:
        """The host's working hours with their overrides."""
        return self._object(self._call("GET", "/schedules/default"))

    def change_schedule(self, id_: str, **values: Any) -> None:
        """Change a schedule, for instance its overrides."""
        self._call("PATCH", f"/schedules/{quote(id_, safe='')}", values)

    def _call(self, method: str, path: str, asked: Mapping[str, Any] | None = None) -> Any:
        family = path.strip("/").partition("/")[0].partition("?")[0]
        versions = {**VERSIONS, "bookings": self.bookings_version}
        headers = {"Authorization": f"Bearer {self.api_key}", "Accept": "application/json"}
        if family in versions:
            headers["cal-api-version"] = versions[family]
        try:
            answer = send(
                method,
                self.base_url + path,
                json=dict(asked) if asked is not None else None,
                headers=headers,
                total_seconds=SECONDS,
                guard=Guard.for_urls([self.base_url]),
            )
        except OutboundFailed:
            raise CalcomUnavailable from None
        _check(answer)
        return _data(answer.body)

    @staticmethod
    def _object(data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise CalcomUnavailable
        return data

    @staticmethod
    def _list(data: Any) -> list[dict[str, Any]]:
        if not isinstance(data, list):
            raise CalcomUnavailable
        return [one for one in data if isinstance(one, dict)]


def _check(answer: Fetched) -> None:
    status = answer.status
    if status in {401, 403}:
        raise CalcomKeyRefused
    if status in {408, 425, 429} or status >= 500 or 300 <= status < 400:
        raise CalcomUnavailable(retry_after=answer.retry_after)
    if status >= 400:
        raise CalcomRefused(status)


def _data(body: bytes) -> Any:
    try:
        answer = json.loads(body)
    except ValueError:
        raise CalcomUnavailable from None
    if not isinstance(answer, dict) or answer.get("status") != "success":
        raise CalcomUnavailable
    return answer.get("data")
