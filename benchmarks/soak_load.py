"""A steady mixed load: what visitors, partners, calendars, a service and the staff ask for."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import re
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Self
from urllib.parse import urlsplit

import requests

from benchmarks.served_clinic import ServedClinic

REQUESTS_A_SECOND = 4.5
BROWSERS = 4
TIMEOUT_S = 60
CONSULTATION = "initial-consultation"
_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
_START = re.compile(r'name="start"[^>]*value="([^"]+)"')


class Load:
    """Several browsers at once, until the block ends; `answers` counts each status."""

    def __init__(self, clinic: ServedClinic) -> None:
        self.answers: Counter[str] = Counter()
        self.bookings = 0
        self._clinic = clinic
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=self._browse, args=(n,)) for n in range(BROWSERS)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def _browse(self, number: int) -> None:
        chance = random.Random(number)
        browser = Browser(self._clinic, chance, self._count)
        while not self._ending.is_set():
            began, before = time.monotonic(), browser.asked
            try:
                browser.act()
            except requests.RequestException:
                self._count("none")
            pause = (browser.asked - before) * BROWSERS / REQUESTS_A_SECOND
            self._ending.wait(max(0.0, began + pause - time.monotonic()))

    def _count(self, status: str) -> None:
        self.answers[status] += 1
        self.bookings += status == "201"


class Browser:
    """One visitor after the other, and a member of staff who stays signed in."""

    def __init__(
        self, clinic: ServedClinic, chance: random.Random, count: Callable[[str], None]
    ) -> None:
        self.asked = 0
        self._clinic, self._chance, self._count = clinic, chance, count
        self._http = requests.Session()
        self._staff = requests.Session()
        self._booked: list[tuple[str, str]] = []  # token, therapist
        self._etags: dict[str, str] = {}
        self._acts = {
            self._front_page: 3, self._book: 5, self._hold: 2, self._move: 2, self._cancel: 1,
            self._poll_feed: 4, self._sign_in: 1, self._desk: 3, self._deliver: 1,
        }  # fmt: skip

    def act(self) -> None:
        """Do one thing, of one to three requests."""
        acts, weights = zip(*self._acts.items(), strict=True)
        self._chance.choices(acts, weights)[0]()

    def _ask(
        self, method: str, path: str, *, http: requests.Session | None = None, **more: object
    ) -> requests.Response:
        self.asked += 1
        answer = (http or self._http).request(
            method,
            self._clinic.url + path,
            timeout=TIMEOUT_S,
            allow_redirects=False,
            **more,  # type: ignore[arg-type]
        )
        self._count(str(answer.status_code))
        return answer

    def _send_form(
        self, page: str, path: str, *, http: requests.Session | None = None, **fields: str
    ) -> None:
        shown = self._ask("GET", page, http=http).text
        if token := _TOKEN.search(shown):
            self._ask("POST", path, http=http, data={"csrf_token": token[1]} | fields)

    def _front_page(self) -> None:
        self._http = requests.Session()
        self._ask("GET", "/")

    def _slots(self, **more: str) -> list[dict[str, str]]:
        first = datetime.now(UTC).date() + timedelta(days=self._chance.randint(1, 50))
        query = {
            "session_type": CONSULTATION,
            "from": first.isoformat(),
            "to": (first + timedelta(days=7)).isoformat(),
            **more,
        }
        answer = self._ask("GET", "/api/v1/slots", params=query)
        return list(answer.json()["slots"]) if answer.ok else []

    def _book(self) -> None:
        if not (slots := self._slots()):
            return
        slot = self._chance.choice(slots)
        answer = self._ask("POST", "/api/v1/bookings", json=_booking(slot))
        if answer.status_code == 201:
            self._booked.append((answer.json()["manage_token"], slot["therapist"]))

    def _hold(self) -> None:
        shown = self._ask("GET", "/book/times").text
        token, starts = _TOKEN.search(shown), _START.findall(shown)
        if token and starts:
            start = unescape(self._chance.choice(starts))
            self._ask("POST", "/book/hold", data={"csrf_token": token[1], "start": start})

    def _move(self) -> None:
        if not self._booked:
            return
        token, therapist = self._chance.choice(self._booked)
        if slots := self._slots(therapist=therapist):
            path = f"/api/v1/bookings/{token}/reschedule"
            self._ask("POST", path, json={"start": self._chance.choice(slots)["start"]})

    def _cancel(self) -> None:
        if self._booked:
            path = f"/a/{self._booked.pop(0)[0]}/cancel"
            self._send_form(path, path, reason="")

    def _poll_feed(self) -> None:
        therapist = self._chance.choice(self._clinic.demo["therapists"])
        path = urlsplit(therapist["feed_url"]).path
        answer = self._ask("GET", path, headers={"If-None-Match": self._etags.get(path, "")})
        self._etags[path] = answer.headers.get("ETag", "")

    def _sign_in(self) -> None:
        self._staff = requests.Session()
        account = next(one for one in self._clinic.demo["accounts"] if "desk@" in one["email"])
        fields = {"email": account["email"], "password": account["password"]}
        self._send_form("/login", "/login", http=self._staff, **fields)

    def _desk(self) -> None:
        if not self._staff.cookies:
            self._sign_in()
        self._ask("GET", self._chance.choice(["/desk/day", "/desk/week"]), http=self._staff)

    def _deliver(self) -> None:
        """What Cal.com tells of a booking made there, signed."""
        found = self._clinic.demo["webhooks"]["calcom"]
        days = timedelta(days=self._chance.randint(70, 400), hours=self._chance.randint(0, 23))
        body = json.dumps(_delivery(found, datetime.now(UTC) + days)).encode()
        signature = hmac.new(found["secret"].encode(), body, hashlib.sha256).hexdigest()
        headers = {"X-Cal-Signature-256": signature, "Content-Type": "application/json"}
        self._ask("POST", "/webhooks/calcom", data=body, headers=headers)


def _booking(slot: dict[str, str]) -> dict[str, object]:
    name = uuid.uuid4().hex[:12]
    return {
        "therapist": slot["therapist"],
        "session_type": CONSULTATION,
        "start": slot["start"],
        "format": "online",
        "partner": {"name": f"Client {name}", "email": f"{name}@example.org"},
        "other_partner": None,
        "concerns": [],
        "message": "",
        "privacy_accepted": True,
    }


def _delivery(found: dict[str, str], start: datetime) -> dict[str, object]:
    start = start.replace(minute=0, second=0, microsecond=0)
    who = {"name": "Client", "email": f"{uuid.uuid4().hex[:12]}@example.org"}
    return {
        "triggerEvent": "BOOKING_CREATED",
        "createdAt": _z(datetime.now(UTC)),
        "payload": {
            "uid": uuid.uuid4().hex[:22],
            "eventTypeId": found["event_type_id"],
            "title": "Consultation",
            "startTime": _z(start),
            "endTime": _z(start + timedelta(minutes=30)),
            "organizer": {"email": found["organizer_email"], "timeZone": "Europe/Lisbon"},
            "attendees": [who | {"timeZone": "Europe/Lisbon", "language": {"locale": "en"}}],
            "status": "ACCEPTED",
        },
    }


def _z(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")
