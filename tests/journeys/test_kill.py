"""Power cut after power cut: what was acknowledged is there, once, and nothing else is broken."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
import uuid
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import func, select

from app import create_app
from clinic.booking.appointments.models import Appointment, AppointmentChange, IdempotencyKey
from clinic.booking.appointments.sequence_and_history import MAIL
from clinic.couples.models import Couple
from clinic.extensions import db
from clinic.foundation.audit import AuditHead, first_broken_entry
from clinic.foundation.database.transactions import session
from clinic.foundation.outbox import LEASE, OutboxMessage, deliver_due
from tests.conftest import POSTGRESQL, settings_for
from tests.support.factories import make_clinic, make_session_type, make_therapist
from tests.support.running_product import Product

KILLS = 12
CLIENTS = 5
THERAPISTS = ("anna", "bert", "carla")
ALL_DAY = tuple((day, 0, 24 * 60) for day in range(7))
HALF_HOUR = timedelta(minutes=30)
SEED = 20261122
PATIENCE_S = 300
"""For a machine that has other things to do."""


@pytest.fixture
def settings(database_url, tmp_path):
    return settings_for(tmp_path, database_url)


@pytest.fixture
def product(settings):
    """A clinic with three therapists who work around the clock, served by real processes."""
    app = create_app(settings)
    with app.app_context():
        clinic = make_clinic(time_zone="UTC")
        kind = make_session_type(clinic, notice_minutes=0)
        for slug in THERAPISTS:
            make_therapist(
                clinic,
                slug=slug,
                time_zone="UTC",
                email=f"{slug}@example.org",
                session_types=[kind],
                hours=ALL_DAY,
            )
        db.session.remove()
        db.engine.dispose()
    with Product(settings.instance, settings.database_url) as running:
        yield running


class Clients:
    """Several clients who keep booking; whoever gets no answer sends the same again."""

    def __init__(self, product):
        self.product = product
        self.booked, self.refused, self.strange = {}, [], []
        self.unanswered = 0
        self._stop = threading.Event()
        self._lock = threading.Lock()
        tomorrow = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        self._first = tomorrow + timedelta(days=1)
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(CLIENTS)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error):
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=PATIENCE_S)
        assert not any(thread.is_alive() for thread in self._threads)

    def wait_until_booked(self, count):
        """Until so many bookings have been acknowledged, however slowly."""
        deadline = time.monotonic() + PATIENCE_S
        while len(self.booked) < count and time.monotonic() < deadline:
            time.sleep(0.05)

    def _run(self, number):
        # Two clients share a slot now and then: one of them is refused.
        for step in range(10_000):
            if self._stop.is_set():
                return
            key = str(uuid.uuid4())
            start = self._first + HALF_HOUR * (step * 2 + number // 4)
            self._book(key, self._body(start, THERAPISTS[number % 3], f"{number}-{step}"))

    def _book(self, key, body):
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            try:
                status, answer = self.product.call(
                    "POST", "/api/v1/bookings", body, **{"Idempotency-Key": key}
                )
            except OSError:
                self.unanswered += 1
                time.sleep(0.05)
                continue
            with self._lock:
                if status == 201:
                    self.booked[key] = (answer["reference"], body["therapist"], answer["start"])
                elif status == 409:
                    self.refused.append(key)
                else:
                    self.strange.append((status, answer))
            return
        raise TimeoutError("a client was never answered")

    def _body(self, start, therapist, name):
        return {
            "therapist": therapist,
            "session_type": "initial-consultation",
            "start": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "format": "online",
            "partner": {
                "name": f"Client {name}",
                "email": f"client{name}@example.org",
                "time_zone": "Europe/Lisbon",
                "language": "en",
            },
            "other_partner": None,
            "concerns": [],
            "message": "",
            "privacy_accepted": True,
        }


def kill_again_and_again(product):
    chance = random.Random(SEED)
    for number in range(KILLS):
        time.sleep(chance.uniform(0.05, 0.6))
        victims = [(product.web,), (product.worker,), (product.web, product.worker)][number % 3]
        for victim in victims:
            assert not victim.has_ended
            victim.kill()
        for victim in victims:
            victim.start()
        if product.web in victims:
            product.wait_until_it_answers()


def test_what_was_acknowledged_is_there_once_however_often_the_product_is_killed(product, settings):
    with Clients(product) as clients:
        kill_again_and_again(product)
        clients.wait_until_booked(KILLS + 1)
    product.web.kill()
    product.worker.kill()

    assert clients.strange == []
    assert len(clients.booked) > KILLS
    assert clients.unanswered > 0
    references = Counter(reference for reference, _therapist, _start in clients.booked.values())
    assert set(references.values()) == {1}
    # The same address, so that a mail delivered again is the same mail.
    app = create_app(replace(settings, base_url=f"http://127.0.0.1:{product.port}"))
    with app.app_context():
        _every_acknowledged_booking_is_there_once(clients)
        _nothing_is_half_done()
        _every_mail_goes_out_once(settings.instance / "mail")
        db.session.remove()
        db.engine.dispose()
    if not POSTGRESQL:
        _the_file_is_whole(settings.instance / "clinic.db")


def _every_acknowledged_booking_is_there_once(clients):
    rows = session().scalars(select(Appointment)).unique().all()
    stored = Counter(
        (row.reference, row.therapist.slug, row.starts_at.strftime("%Y-%m-%dT%H:%M:%SZ"))
        for row in rows
    )
    # Everybody was answered in the end, so nothing is there that nobody was told of either.
    assert stored == Counter(clients.booked.values())
    assert {row.status for row in rows} == {"confirmed"}
    places = Counter((row.therapist_id, row.starts_at) for row in rows)
    assert set(places.values()) == {1}


def _nothing_is_half_done():
    booked = session().scalar(select(func.count()).select_from(Appointment))
    for table in (AppointmentChange, IdempotencyKey, Couple):
        assert session().scalar(select(func.count()).select_from(table)) == booked
    # A line for the couple's record, a line for the appointment.
    assert session().scalars(select(AuditHead)).one().seq == 2 * booked
    assert first_broken_entry(session()) is None


def _every_mail_goes_out_once(folder):
    later = datetime.now(UTC) + LEASE * 2
    while deliver_due(now=later):
        pass
    messages = session().scalars(select(OutboxMessage)).all()
    booked = session().scalar(select(func.count()).select_from(Appointment))
    assert [one.kind for one in messages if one.done_at is None or one.dead_at is not None] == []
    assert sum(one.kind == MAIL for one in messages) == 2 * booked
    mails = [
        message_from_bytes(p.read_bytes(), policy=policy.default) for p in folder.glob("*.eml")
    ]
    assert max(Counter(mail["Message-ID"] for mail in mails).values()) == 1
    mails = [mail for mail in mails if ".anchor@" not in mail["Message-ID"]]
    assert len(mails) == 2 * booked
    to_clients = Counter(m["To"] for m in mails if m["To"].startswith("client"))
    assert set(to_clients.values()) == {1}
    assert len(to_clients) == booked


def _the_file_is_whole(path):
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()
