"""What the tests of deliveries share: a connected clinic, signed bodies, a worker."""

from __future__ import annotations

import copy
import hashlib
import hmac
import json
from dataclasses import dataclass

from sqlalchemy import select

from clinic.booking.appointments.models import Appointment
from clinic.foundation import outbox
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import new_id, session, transaction
from clinic.scheduling_services.models import (
    ServiceConnection,
    ServiceDelivery,
    ServiceEventType,
    ServiceHost,
)
from tests.support.factories import NOW, Practice, make_practice
from tests.support.paths import DATA

PAYLOADS = DATA / "payloads"
SECRET = "a secret that Cal.com was given"
SIGNING_KEY = "a key that Calendly was given"


def payload(name, **changes):
    """A fixture's body with changes to its `payload`."""
    body = json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))
    body = copy.deepcopy(body)
    body["payload"] |= changes
    return body


def connect(practice: Practice, provider="calcom", **changes):
    """A connection with the fixtures' hosts and event types mapped to the practice."""
    secret = changes.pop("secret", SECRET if provider == "calcom" else SIGNING_KEY)
    hosts = changes.pop("hosts", ["vera@example.org", "41", "user-1"])
    types = changes.pop("types", ["77", "type-1"])
    with transaction() as current:
        row = ServiceConnection(
            id=new_id(),
            clinic_id=practice.clinic.id,
            provider=provider,
            name=provider,
            created_at=NOW,
            **changes,
        )
        row.secret = secret
        current.add(row)
        current.flush()
        for host in hosts:
            current.add(
                ServiceHost(
                    id=new_id(),
                    connection_id=row.id,
                    external=host.lower(),
                    therapist_id=practice.therapist.id,
                )
            )
        for one in types:
            current.add(
                ServiceEventType(
                    id=new_id(),
                    connection_id=row.id,
                    external=one,
                    session_type_id=practice.session_type.id,
                )
            )
    return row


@dataclass
class ConnectedClinic:
    """A practice connected to a service, and a client that posts to it."""

    practice: Practice
    connection: ServiceConnection
    client: object

    def deliver(self, body, **more):
        return deliver(self.client, body, **more)

    def deliver_and_work(self, *bodies):
        """Deliver, and let the worker do its work after each."""
        for body in bodies:
            assert self.deliver(body).status_code in {200, 202}
            work()

    def deliver_calendly_and_work(self, *bodies):
        for body in bodies:
            assert deliver_calendly(self.client, body).status_code in {200, 202}
            work()


def connected_clinic(client, **changes):
    practice = make_practice(length_minutes=60, **changes)
    found = ConnectedClinic(practice, connect(practice), client)
    connect(practice, "calendly")
    return found


def raw(body):
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def sign(body, secret=SECRET):
    return hmac.new(secret.encode(), raw(body), hashlib.sha256).hexdigest()


def deliver(client, body, *, signature=None, **headers):
    return client.post(
        "/webhooks/calcom",
        data=raw(body),
        content_type="application/json",
        headers={"X-Cal-Signature-256": signature or sign(body), **headers},
    )


def deliver_calendly(client, body, *, key=SIGNING_KEY, at=None):
    stamp = str(int((at or clock.now()).timestamp()))
    digest = hmac.new(key.encode(), stamp.encode() + b"." + raw(body), hashlib.sha256).hexdigest()
    return client.post(
        "/webhooks/calendly",
        data=raw(body),
        content_type="application/json",
        headers={"Calendly-Webhook-Signature": f"t={stamp},v1={digest}"},
    )


def work(limit=200):
    """Deliver what is due, mails left aside."""
    done = outbox.deliver_due(now=clock.now(), limit=limit)
    session().rollback()
    return done


def appointments():
    session().rollback()
    return list(session().scalars(select(Appointment).order_by(Appointment.created_at)).unique())


def the_appointment():
    (found,) = appointments()
    return found


def deliveries():
    session().rollback()
    return list(session().scalars(select(ServiceDelivery).order_by(ServiceDelivery.received_at)))


def outcomes():
    return [(one.state, one.outcome) for one in deliveries()]


def standing(one):
    """What the permutation tests compare."""
    return (one.status, one.starts_at, one.ends_at, one.external_id, one.conflict)
