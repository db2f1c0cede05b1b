"""The worker killed while it applies deliveries: nothing is lost and nothing is done twice."""

from __future__ import annotations

import http.client
import random
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from app import create_app
from clinic.booking.appointments.models import Appointment
from clinic.couples.models import Couple
from clinic.extensions import db
from clinic.foundation.audit import first_broken_entry
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import session
from clinic.foundation.outbox import LEASE, deliver_due
from clinic.scheduling_services.models import ServiceDelivery
from tests.conftest import settings_for
from tests.support.factories import make_practice
from tests.support.running_product import Product
from tests.support.scheduling_services.deliveries import connect, payload, raw, sign

BOOKINGS = 24
KILLS = 8
SEED = 20261122
FIRST = datetime(2026, 12, 7, 9, tzinfo=UTC)


@pytest.fixture
def settings(database_url, tmp_path):
    return settings_for(tmp_path, database_url)


@pytest.fixture
def product(settings):
    app = create_app(settings)
    with app.app_context():
        connect(make_practice(length_minutes=60))
        db.session.remove()
        db.engine.dispose()
    with Product(settings.instance, settings.database_url) as running:
        yield running


def stories():
    """Every booking twice; every third one cancelled, and that twice too; shuffled."""
    told = []
    for number in range(BOOKINGS):
        start = FIRST + timedelta(hours=2 * number)
        about = {
            "uid": f"booking-{number}",
            "bookingId": 1000 + number,
            "startTime": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "endTime": (start + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        told += [payload("calcom/booking_created", **about)] * 2
        if number % 3 == 0:
            told += [payload("calcom/booking_cancelled", **about)] * 2
    random.Random(SEED).shuffle(told)
    return told


def post(product, body):
    connection = http.client.HTTPConnection("127.0.0.1", product.port, timeout=120)
    try:
        signed = {"Content-Type": "application/json", "X-Cal-Signature-256": sign(body)}
        connection.request("POST", "/webhooks/calcom", raw(body), signed)
        return connection.getresponse().status
    finally:
        connection.close()


def test_deliveries_applied_by_a_worker_that_is_killed_again_and_again_take_effect_once(
    product, settings
):
    chance = random.Random(SEED)
    told = stories()
    step = len(told) // KILLS
    answers = []
    for number in range(KILLS):
        answers += [post(product, body) for body in told[number * step : (number + 1) * step]]
        time.sleep(chance.uniform(1.0, 2.0))  # it takes about a second to start working
        product.worker.kill()
        product.worker.start()
    answers += [post(product, body) for body in told[KILLS * step :]]
    product.web.kill()
    product.worker.kill()

    clock.run()
    app = create_app(settings)
    with app.app_context():
        while deliver_due(now=datetime.now(UTC) + LEASE * 2):
            pass
        rows = session().scalars(select(Appointment)).unique().all()
        found = Counter((row.external_id, row.status, row.conflict) for row in rows)
        states = Counter(session().scalars(select(ServiceDelivery.state)))
        couples = session().scalar(select(func.count()).select_from(Couple))
        broken = first_broken_entry(session())
        db.session.remove()
        db.engine.dispose()

    assert set(answers) == {200, 202}
    assert found == Counter(
        (f"booking-{number}", "confirmed" if number % 3 else "cancelled", False)
        for number in range(BOOKINGS)
    )
    assert set(states) == {"applied"}
    assert (couples, broken) == (1, None)
