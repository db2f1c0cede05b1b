"""A stand-in for Cal.com's API v2: a real HTTP server that follows the contract as we know it.

Bookings live in memory. A version header that is missing or unknown silently gives the old shape;
a reschedule makes a new booking with a new uid; lists are paged; times in deliveries come in three
formats. `fault_rate` makes that share of calls fail, half of them after they were carried out.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "cal_test_key_of_the_stand_in"
VERSIONS = {
    "bookings": {"2024-08-13", "2026-02-25"},
    "event-types": {"2024-06-14"},
    "schedules": {"2024-06-11"},
}
CALLS_A_MINUTE = 120


class Refused(Exception):
    """An answer that is not a success."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class StandIn:
    """The state of the service, and what it would deliver to our webhook."""

    now: Callable[[], datetime]
    event_types: dict[int, dict[str, Any]] = field(default_factory=dict)
    bookings: dict[str, dict[str, Any]] = field(default_factory=dict)
    webhooks: dict[str, dict[str, Any]] = field(default_factory=dict)
    absences: list[dict[str, Any]] = field(default_factory=list)
    schedules: list[dict[str, Any]] = field(default_factory=list)
    deliveries: list[dict[str, Any]] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    fault_rate: float = 0.0
    rate_limited: bool = False
    retry_after: int = 1
    refuse_next: tuple[int, str] | None = None
    random: random.Random = field(default_factory=lambda: random.Random(7))
    url: str = ""
    _count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add_event_type(self, id_: int, *, length: int, host: dict[str, Any]) -> None:
        self.event_types[id_] = {"id": id_, "lengthInMinutes": length, "host": host,
                                 "title": f"Event type {id_}", "slug": f"type-{id_}"}  # fmt: skip

    # -- what a client does on the booking page ---------------------------------------------

    def book(self, event_type: int, start: datetime, *, email: str, **more: Any) -> dict[str, Any]:
        asked = {"eventTypeId": event_type, "start": _z(start),
                 "attendee": {"name": "A Client", "email": email, "timeZone": "Europe/Lisbon"}}  # fmt: skip
        return self.create(asked | more)

    def live(self) -> list[dict[str, Any]]:
        """The bookings that stand, by start."""
        found = [one for one in self.bookings.values() if one["status"] in {"accepted", "pending"}]
        return sorted(found, key=lambda one: one["start"])

    # -- the API -------------------------------------------------------------------------------

    def create(
        self, asked: dict[str, Any], *, source: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        kind = self.event_types.get(asked.get("eventTypeId") or 0)
        if kind is None:
            raise Refused(404, "Event type not found")
        if not str(asked.get("start", "")).endswith("Z"):
            raise Refused(400, "start must be a UTC date")
        attendee = asked.get("attendee") or {}
        if not attendee.get("timeZone") or not (
            attendee.get("email") or attendee.get("phoneNumber")
        ):
            raise Refused(400, "attendee is incomplete")
        start = datetime.fromisoformat(asked["start"])
        end = start + timedelta(minutes=kind["lengthInMinutes"])
        self._free(kind, start, end, but=source["uid"] if source else None)
        self._count += 1
        stamp = _ms(self.now())
        booking = {
            "id": self._count, "uid": f"uid{self._count:04d}", "title": "Between two people",
            "status": "accepted", "start": _z(start), "end": _z(end),
            "duration": kind["lengthInMinutes"], "hosts": [kind["host"]],
            "eventType": {"id": kind["id"], "slug": kind["slug"]}, "eventTypeId": kind["id"],
            "attendees": [attendee | {"absent": False, "language": "en"}],
            "guests": asked.get("guests", []), "metadata": asked.get("metadata", {}),
            "createdAt": stamp, "updatedAt": stamp, "absentHost": False,
            "rescheduledFromUid": source["uid"] if source else None,
        }  # fmt: skip
        self.bookings[booking["uid"]] = booking
        if source is None:
            self._deliver("BOOKING_CREATED", booking)
        return booking

    def reschedule(self, uid: str, asked: dict[str, Any]) -> dict[str, Any]:
        old = self._live(uid)
        again = {"eventTypeId": old["eventTypeId"], "attendee": old["attendees"][0],
                 "guests": old["guests"], "metadata": old["metadata"]}  # fmt: skip
        new = self.create(again | {"start": asked.get("start")}, source=old)
        old |= {"status": "cancelled", "updatedAt": _ms(self.now()), "rescheduledToUid": new["uid"]}
        self._deliver("BOOKING_RESCHEDULED", new, rescheduleUid=uid, iCalSequence=1)
        return new

    def cancel(self, uid: str, asked: dict[str, Any]) -> dict[str, Any]:
        old = self._live(uid)
        reason = asked.get("cancellationReason", "")
        old |= {"status": "cancelled", "updatedAt": _ms(self.now()), "cancellationReason": reason}
        self._deliver("BOOKING_CANCELLED", old, cancellationReason=reason)
        return old

    def change_schedule(self, id_: str, asked: dict[str, Any]) -> dict[str, Any]:
        """Whatever is named is replaced whole; times are `HH:MM` of one wall-clock day."""
        found = next((one for one in self.schedules if str(one["id"]) == id_), None)
        if found is None:
            raise Refused(404, "Schedule not found")
        for row in asked.get("overrides", []):
            if set(row) != {"date", "startTime", "endTime"}:
                raise Refused(400, "an override has date, startTime and endTime")
            times = (row["startTime"], row["endTime"])
            if not all(re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", one) for one in times):
                raise Refused(400, "times are HH:MM")
        found |= asked
        return found

    def _free(
        self, kind: dict[str, Any], start: datetime, end: datetime, *, but: str | None
    ) -> None:
        for one in self.live():
            same = one["hosts"][0]["id"] == kind["host"]["id"] and one["uid"] != but
            if same and one["start"] < _z(end) and one["end"] > _z(start):
                raise Refused(
                    400, "User either already has booking at this time or is not available"
                )

    def _live(self, uid: str) -> dict[str, Any]:
        found = self.bookings.get(uid)
        if found is None:
            raise Refused(404, "Booking not found")
        if found["status"] == "cancelled":
            raise Refused(400, "Can't change booking because it has been cancelled already")
        return found

    def _deliver(self, trigger: str, booking: dict[str, Any], **more: Any) -> None:
        """Queue the delivery in the service's own odd formats."""
        start, end = booking["start"], booking["end"]
        if trigger == "BOOKING_CANCELLED":
            start, end = start.replace("Z", "+00:00"), end.replace("Z", "+00:00")
        status = "CANCELLED" if trigger == "BOOKING_CANCELLED" else "ACCEPTED"
        payload = {
            "uid": booking["uid"], "bookingId": booking["id"], "startTime": start, "endTime": end,
            "eventTypeId": booking["eventTypeId"], "organizer": booking["hosts"][0],
            "attendees": [{**one, "language": {"locale": "en"}} for one in booking["attendees"]]
            + [{"name": "", "email": guest, "timeZone": "Europe/Lisbon"} for guest in booking["guests"]],
            "metadata": booking["metadata"], "status": status, "iCalSequence": 0,
        }  # fmt: skip
        body = {"triggerEvent": trigger, "createdAt": _ms(self.now()), "payload": payload | more}
        self.deliveries.append(body)

    # -- HTTP ----------------------------------------------------------------------------------

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> tuple[int, Any]:
        parts = urlsplit(path)
        self.calls.append((method, parts.path))
        if headers.get("Authorization") != f"Bearer {KEY}":
            return 401, {"status": "error", "error": {"message": "Invalid API key"}}
        if self.rate_limited:
            return 429, {"status": "error", "error": {"message": "Too many requests"}}
        fault = self.random.random() < self.fault_rate
        carried_out = fault and self.random.random() < 0.5
        if fault and not carried_out:
            return self.random.choice([(500, {}), (502, {}), (429, {})])
        with self._lock:
            try:
                data, more = self._route(method, parts.path, parse_qs(parts.query), body)
            except Refused as refused:
                return refused.status, {"status": "error", "error": {"message": str(refused)}}
        if carried_out:
            return 0, None
        family = parts.path.strip("/").split("/")[0]
        wanted = VERSIONS.get(family)
        if wanted and headers.get("cal-api-version") not in wanted:
            data = _old_shape(data)
        return 201 if method == "POST" else 200, {"status": "success", "data": data} | more

    def _route(
        self, method: str, path: str, query: dict[str, list[str]], body: bytes
    ) -> tuple[Any, dict[str, Any]]:
        asked = json.loads(body) if body else {}
        if self.refuse_next and method != "GET":
            status, said = self.refuse_next
            self.refuse_next = None
            raise Refused(status, said)
        words = path.strip("/").split("/")
        match [method, *words]:
            case ["GET", "me"]:
                return {"id": 41, "email": "vera@example.org", "username": "vera"}, {}
            case ["GET", "event-types"]:
                return list(self.event_types.values()), {}
            case ["GET", "bookings"]:
                return self._page(query)
            case ["POST", "bookings"]:
                return self.create(asked), {}
            case ["GET", "bookings", uid]:
                if uid not in self.bookings:
                    raise Refused(404, "Booking not found")
                return self.bookings[uid], {}
            case ["POST", "bookings", uid, "reschedule"]:
                return self.reschedule(uid, asked), {}
            case ["POST", "bookings", uid, "cancel"]:
                return self.cancel(uid, asked), {}
            case ["POST", "bookings", uid, "confirm" | "decline" as what]:
                found = self._live(uid)
                found |= {"status": "accepted" if what == "confirm" else "rejected"}
                found["updatedAt"] = _ms(self.now())
                return found, {}
            case ["POST", "webhooks"]:
                id_ = f"hook{len(self.webhooks) + 1}"
                self.webhooks[id_] = asked | {"id": id_}
                return self.webhooks[id_], {}
            case ["PATCH", "webhooks", id_]:
                if id_ not in self.webhooks:
                    raise Refused(404, "Webhook not found")
                self.webhooks[id_] |= asked
                return self.webhooks[id_], {}
            case ["POST", "me", "ooo"]:
                self.absences.append(asked)
                return asked | {"uuid": f"ooo{len(self.absences)}"}, {}
            case ["GET", "schedules", "default"]:
                if not self.schedules:
                    raise Refused(404, "No default schedule")
                return self.schedules[0], {}
            case ["PATCH", "schedules", id_]:
                return self.change_schedule(id_, asked), {}
        raise Refused(404, f"Cannot {method} {path}")

    def _page(self, query: dict[str, list[str]]) -> tuple[Any, dict[str, Any]]:
        take, skip = int(query.get("take", ["100"])[0]), int(query.get("skip", ["0"])[0])
        if take > 250:
            raise Refused(400, "take must not be greater than 250")
        found = list(self.bookings.values())
        for name, key in (
            ("afterUpdatedAt", "updatedAt"),
            ("afterCreatedAt", "createdAt"),
            ("afterStart", "start"),
        ):
            if name in query:
                since = datetime.fromisoformat(query[name][0])
                found = [one for one in found if datetime.fromisoformat(one[key]) >= since]
        key = "createdAt" if "sortCreated" in query else "updatedAt"
        found.sort(key=lambda one: (one[key], one["id"]))
        page = found[skip : skip + take]
        more = {"totalItems": len(found), "hasNextPage": skip + take < len(found)}
        return page, {"pagination": more}


def _old_shape(data: Any) -> Any:
    """What 2024-04-15 called things: the wrong version is not an error, only another shape."""
    if isinstance(data, list):
        return [_old_shape(one) for one in data]
    if not isinstance(data, dict):
        return data
    renamed = {"start": "startTime", "end": "endTime", "hosts": "user", "lengthInMinutes": "length"}
    return {renamed.get(key, key): value for key, value in data.items()}


def signed(body: dict[str, Any], secret: str) -> tuple[bytes, dict[str, str]]:
    raw = json.dumps(body).encode()
    return raw, {"X-Cal-Signature-256": hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest(),
                 "X-Cal-Webhook-Version": "2021-10-20"}  # fmt: skip


@contextmanager
def running(state: StandIn) -> Iterator[StandIn]:
    """Serve the stand-in on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, answer = state.answer(
                self.command, self.path.removeprefix("/v2"), self.headers, body
            )
            if status == 0:
                self.connection.close()  # carried out, but nobody hears of it
                return
            raw = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.send_header("X-RateLimit-Limit-Default", str(CALLS_A_MINUTE))
            if state.rate_limited:
                self.send_header("Retry-After", str(state.retry_after))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815 - http.server's names

        def log_message(self, *_: Any) -> None:
            pass

        def finish(self) -> None:
            with suppress(OSError, ValueError):
                super().finish()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}/v2"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _z(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _ms(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
