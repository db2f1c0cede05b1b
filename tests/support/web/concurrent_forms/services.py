"""Scheduling services: connections, deliveries, subscribers, webhooks."""

from __future__ import annotations

import hashlib
from typing import Any

from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import new_id, transaction
from clinic.scheduling_services.models import (
    DeliveryState,
    ServiceDelivery,
    ServiceTask,
    TaskKind,
    WebhookMessage,
    WebhookSubscriber,
)
from tests.support.factories import NOW
from tests.support.scheduling_services.deliveries import SIGNING_KEY, connect, payload, raw, sign
from tests.support.web.concurrent_forms.clinic import StaffedClinic, case
from tests.support.web.concurrent_requests import Sent

# Scheduling services


SERVICES = "/desk/integrations"


@case("/desk/integrations/connections")
def _(clinic: StaffedClinic) -> Sent:
    makes = {"service_connection": 12}
    return clinic.by("admin", f"{SERVICES}/connections", makes, provider="calcom", name="Ours")


def step(
    clinic: StaffedClinic, name: str, makes: dict[str, int] | None = None, **fields: Any
) -> Sent:
    def fresh() -> str:
        return connect(
            clinic.practice, secret=f"secret {clinic.next_number()}", hosts=[], types=[]
        ).id

    at = f"{SERVICES}/connections/{clinic.do(fresh)}"
    return clinic.by("admin", f"{at}/{name}", makes, **fields)


def with_key(clinic: StaffedClinic, name: str) -> Sent:
    sent = step(clinic, name)
    connection_id = sent.path.split("/")[-2]

    def give() -> None:
        from clinic.scheduling_services.models import ServiceConnection
        from tests.support.calcom_stand_in import KEY

        with transaction() as current:
            current.get_one(ServiceConnection, connection_id).api_key = KEY

    clinic.do(give)
    return sent


STEP = "/desk/integrations/connections/<connection_id>/<step>"


@case(f"{STEP} host")
def _(clinic: StaffedClinic) -> Sent:
    fields = {"external": "new@example.org", "therapist": "ines-duarte"}
    return step(clinic, "host", {"service_host": 1}, **fields)


@case(f"{STEP} event-type")
def _(clinic: StaffedClinic) -> Sent:
    fields = {"external": "991", "session_type": "initial-consultation", "therapist": ""}
    return step(clinic, "event-type", {"service_event_type": 1}, **fields)


@case(f"{STEP} secret")
def _(clinic: StaffedClinic) -> Sent:
    return step(clinic, "secret", secret="a secret of the service's own")


@case(f"{STEP} rotate")
def _(clinic: StaffedClinic) -> Sent:
    return step(clinic, "rotate")


@case(f"{STEP} key")
def _(clinic: StaffedClinic) -> Sent:
    from tests.support.calcom_stand_in import KEY

    return step(clinic, "key", api_key=KEY, version="2024-08-13")


@case(f"{STEP} test")
def _(clinic: StaffedClinic) -> Sent:
    return with_key(clinic, "test")


@case(f"{STEP} webhook")
def _(clinic: StaffedClinic) -> Sent:
    return with_key(clinic, "webhook")


def stored_delivery(clinic: StaffedClinic) -> str:
    digest = hashlib.sha256(str(clinic.next_number()).encode()).digest()

    def make() -> str:
        with transaction() as current:
            row = ServiceDelivery(
                id=new_id(),
                clinic_id=clinic.clinic,
                provider="calcom",
                connection_id=clinic.connection,
                digest=digest,
                trigger="BOOKING_CREATED",
                received_at=NOW,
                state=DeliveryState.WAITING,
                attempts=1,
            )
            row.body = "{}"
            current.add(row)
        return row.id

    return clinic.do(make)


@case("/desk/integrations/deliveries/<delivery_id>/replay")
def _(clinic: StaffedClinic) -> Sent:
    return clinic.by("desk", f"{SERVICES}/deliveries/{stored_delivery(clinic)}/replay")


def task(clinic: StaffedClinic) -> str:
    key = f"away:{clinic.next_number()}"

    def make() -> str:
        with transaction() as current:
            row = ServiceTask(
                id=new_id(),
                clinic_id=clinic.clinic,
                key=key,
                kind=TaskKind.AWAY,
                provider="calcom",
                details={"origin": key, "therapist": clinic.therapist},
                created_at=NOW,
            )
            current.add(row)
        return row.id

    return clinic.do(make)


@case("/desk/integrations/tasks/<task_id>/done")
def _(clinic: StaffedClinic) -> Sent:
    return clinic.by("desk", f"{SERVICES}/tasks/{task(clinic)}/done")


@case("/desk/integrations/tasks/<task_id>/lift")
def _(clinic: StaffedClinic) -> Sent:
    return clinic.by("desk", f"{SERVICES}/tasks/{task(clinic)}/lift")


@case("/desk/integrations/subscribers")
def _(clinic: StaffedClinic) -> Sent:
    fields = {"name": "Ledger", "url": "https://93.184.216.34/hook"}
    return clinic.by("admin", f"{SERVICES}/subscribers", {"webhook_subscriber": 12}, **fields)


def subscriber(clinic: StaffedClinic) -> tuple[str, str]:
    """A subscriber, and a message to it that was given up."""

    def make() -> tuple[str, str]:
        with transaction() as current:
            row = WebhookSubscriber(
                id=new_id(), clinic_id=clinic.clinic, name="Ledger", created_at=NOW
            )
            row.url, row.secret = "https://93.184.216.34/hook", "whsec_x"
            current.add(row)
            current.flush()
            message = WebhookMessage(
                id=new_id(),
                subscriber_id=row.id,
                event_key="x.1",
                kind="appointment.booked",
                body={},
                created_at=NOW,
                tries=9,
                given_up_at=NOW,
            )
            current.add(message)
        return row.id, message.id

    return clinic.do(make)


@case("/desk/integrations/subscribers/<subscriber_id>/end")
def _(clinic: StaffedClinic) -> Sent:
    return clinic.by("admin", f"{SERVICES}/subscribers/{subscriber(clinic)[0]}/end")


@case("/desk/integrations/messages/<message_id>/again")
def _(clinic: StaffedClinic) -> Sent:
    return clinic.by("admin", f"{SERVICES}/messages/{subscriber(clinic)[1]}/again")


@case("/webhooks/calcom")
def _(clinic: StaffedClinic) -> Sent:
    body = payload("calcom/booking_created", uid=f"uid-{clinic.next_number()}")
    headers = {"X-Cal-Signature-256": sign(body)}
    request = {"data": raw(body), "content_type": "application/json", "headers": headers}
    makes = {"service_delivery": 1}
    return Sent(clinic.visitor(), "/webhooks/calcom", makes=makes, request=request)


@case("/webhooks/calcom of nobody")
def _(clinic: StaffedClinic) -> Sent:
    body = payload("calcom/booking_created", uid="uid-forged")
    headers = {"X-Cal-Signature-256": "0" * 64}
    request = {"data": raw(body), "content_type": "application/json", "headers": headers}
    makes = {"refused_deliveries": 1}
    visitor = clinic.visitor()
    return Sent(visitor, "/webhooks/calcom", makes=makes, request=request, is_valid=False)


@case("/webhooks/calendly")
def _(clinic: StaffedClinic) -> Sent:
    import hmac

    body = payload("calendly/invitee_created")
    stamp = str(int(clock.now().timestamp()))
    digest = hmac.new(SIGNING_KEY.encode(), stamp.encode() + b"." + raw(body), hashlib.sha256)
    headers = {"Calendly-Webhook-Signature": f"t={stamp},v1={digest.hexdigest()}"}
    request = {"data": raw(body), "content_type": "application/json", "headers": headers}
    makes = {"service_delivery": 1}
    return Sent(clinic.visitor(), "/webhooks/calendly", makes=makes, request=request)
