from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select

from clinic.extensions import db
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import session
from clinic.foundation.outbox import OutboxMessage
from clinic.scheduling_services.models import RefusedDeliveries, ServiceDelivery
from tests.support.scheduling_services.deliveries import (
    SECRET,
    connect,
    connected_clinic,
    deliver,
    deliver_calendly,
    deliveries,
    payload,
    raw,
    sign,
    the_appointment,
    work,
)
from tests.support.slow_machine import be_patient

TODAY = datetime(2026, 12, 4, 9, tzinfo=UTC)


@pytest.fixture
def calcom(context, client):
    clock.freeze(TODAY)
    return connected_clinic(client)


def refused():
    session().rollback()
    return session().scalar(select(func.sum(RefusedDeliveries.count))) or 0


CREATED = payload("calcom/booking_created")
RIGHT = sign(CREATED)


@pytest.mark.parametrize(
    "signature",
    [
        "",
        " ",
        "no-secret-provided",
        RIGHT.upper(),
        RIGHT[:-1],
        RIGHT[:32],
        RIGHT + "0",
        "sha256=" + RIGHT,
        sign(CREATED, "another secret"),
        sign(json.dumps(CREATED, indent=1).encode()),
        sign(b""),
        f"{RIGHT},{RIGHT}",
        "0" * 64,
        "ünïcode",
    ],
)
def test_a_delivery_without_the_right_signature_is_refused_and_only_counted(calcom, signature):
    answer = calcom.client.post(
        "/webhooks/calcom",
        data=raw(CREATED),
        content_type="application/json",
        headers={"X-Cal-Signature-256": signature},
    )
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert (refused(), deliveries(), work()) == (1, [], 0)


def test_a_delivery_without_any_signature_header_is_refused(calcom):
    assert calcom.client.post("/webhooks/calcom", data=raw(CREATED)).status_code == 401
    assert refused() == 1


def test_a_changed_body_is_refused_although_it_means_the_same(calcom):
    answer = deliver(calcom.client, json.dumps(CREATED, indent=2).encode(), signature=RIGHT)
    assert answer.status_code == 401


def test_a_clinic_without_a_connection_refuses_everything(context, client):
    from tests.support.factories import make_practice

    make_practice()
    assert deliver(client, CREATED).status_code == 401
    assert deliver(client, CREATED, signature=sign(CREATED, "")).status_code == 401


def test_the_path_is_exact_and_post_only(calcom):
    assert calcom.client.get("/webhooks/calcom").status_code == 405
    for path in ("/webhooks/calcom/", "/webhooks//calcom", "//webhooks/calcom"):
        assert calcom.client.post(path).status_code == 404


def test_any_content_type_is_read_as_raw_bytes(calcom):
    answer = calcom.client.post(
        "/webhooks/calcom",
        data=raw(CREATED),
        content_type="application/x-www-form-urlencoded",
        headers={"x-cal-signature-256": RIGHT},
    )
    assert (answer.status_code, answer.get_json()) == (202, {"status": "accepted"})


def test_both_secrets_are_live_while_one_is_being_replaced(calcom):
    connect(calcom.practice, secret="the newer one", hosts=[], types=[])
    answer = deliver(calcom.client, CREATED, signature=sign(CREATED, "the newer one"))
    assert answer.status_code == 202
    assert deliver(calcom.client, CREATED).get_json() == {"status": "duplicate"}


def test_more_than_a_megabyte_is_refused_before_it_is_read(calcom):
    body = b"{" + b" " * 1_000_000 + b"}"
    answer = deliver(calcom.client, body, signature=sign(body))
    assert (answer.status_code, deliveries()) == (413, [])


def test_more_than_a_megabyte_in_chunks_without_a_length_is_refused_too(calcom):
    body = b"{" + b" " * 1_000_000 + b"}"
    answer = calcom.client.post(
        "/webhooks/calcom",
        input_stream=io.BytesIO(body),
        headers={"X-Cal-Signature-256": sign(body)},
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert (answer.status_code, deliveries()) == (413, [])


@pytest.mark.parametrize(
    "body",
    [b"", b"false", b"[]", b"not json", b'{"a": NaN}', b'{"uid": "x"}', b"\xff\xfe", b'{"triggerEvent": "BOOKING_CREATED"}'],
)  # fmt: skip
def test_signed_rubbish_is_unreadable_and_kept_for_the_desk(calcom, body):
    assert deliver(calcom.client, body, signature=sign(body)).status_code == 422
    (kept,) = deliveries()
    assert (kept.state, bool(kept.outcome), work()) == ("broken", True, 0)


def test_a_ping_is_answered_and_writes_nothing(calcom):
    answer = deliver(calcom.client, payload("calcom/ping"))
    assert (answer.status_code, answer.get_json(), deliveries()) == (200, {"status": "pong"}, [])


def test_a_stored_body_is_sealed_and_its_secrets_are_gone(calcom):
    body = payload(
        "calcom/booking_created",
        videoCallData={"type": "daily", "password": "open sesame", "url": "https://video.example"},
        additionalNotes="words of a client",
    )
    deliver(calcom.client, body)
    (kept,) = deliveries()
    assert b"words of a client" not in kept.body_sealed
    assert "words of a client" in kept.body
    assert "open sesame" not in kept.body


def test_the_same_delivery_fifty_times_at_once_has_one_effect(app, client, monkeypatch):
    be_patient(app, monkeypatch)
    with app.app_context():
        clock.freeze(TODAY)
        connected_clinic(client)
        db.session.remove()
    gate = Barrier(50)

    def send(_number):
        gate.wait()
        return deliver(app.test_client(), CREATED).get_json()["status"]

    with ThreadPoolExecutor(50) as pool:
        said = sorted(pool.map(send, range(50)))
    assert said == ["accepted"] + ["duplicate"] * 49
    with app.app_context():
        work()
        assert the_appointment().external_id == "uid-A"
        assert session().scalar(select(func.count()).select_from(ServiceDelivery)) == 1
        db.session.remove()


def test_a_calendly_delivery_outside_its_three_minutes_is_refused(calcom):
    body = payload("calendly/invitee_created")
    old = TODAY - timedelta(seconds=181)
    assert deliver_calendly(calcom.client, body, at=old).status_code == 401
    assert deliver_calendly(calcom.client, body, key=SECRET).status_code == 401
    assert deliver_calendly(calcom.client, body).status_code == 202


def test_nothing_is_promised_for_what_is_ignored_and_the_reason_is_kept(calcom):
    answer = deliver(calcom.client, payload("calcom/recording_ready"))
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ignored"})
    (kept,) = deliveries()
    assert (kept.state, kept.outcome) == ("ignored", "recordings of sessions are not taken in")
    assert session().scalar(select(func.count()).select_from(OutboxMessage)) == 0


@pytest.mark.one_database
def test_a_database_that_is_away_is_answered_503(calcom, tmp_path):
    (tmp_path / "clinic.db").rename(tmp_path / "elsewhere.db")
    (tmp_path / "clinic.db").mkdir()
    db.session.remove()
    db.engine.dispose()
    assert deliver(calcom.client, CREATED).status_code == 503
