from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from clinic.booking.appointments.models import ImportedBusyRow
from clinic.foundation.audit import AuditEntry
from clinic.foundation.crypto.data_keys import KeyMissing
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import NotAllowed, NotFound, SignInNeeded
from clinic.scheduling_services.desk import connections
from clinic.scheduling_services.models import (
    ServiceConnection,
    ServiceEventType,
    ServiceHost,
    ServiceTask,
)
from clinic.scheduling_services.sent import outgoing_webhooks
from clinic.scheduling_services.sent.calcom_client import BOOKING_VERSIONS
from tests.support.factories import make_appointment
from tests.support.scheduling_services.deliveries import (
    deliveries,
    payload,
)
from tests.support.scheduling_services.integrations_page import NINE, PAGE, TODAY, signed_in, text
from tests.support.web.field_errors import errors_of


def test_every_delivery_is_shown_with_what_was_done_and_why(calcom):
    strange = payload("calcom/booking_created", uid="uid-S", eventTypeId=5)
    calcom.deliver_and_work(
        payload("calcom/booking_created"), strange, payload("calcom/recording_ready")
    )
    page = signed_in(calcom.client, "front_desk").get(PAGE)
    assert page.status_code == 200
    for said in ("An appointment was made.", "No session type stands for this event type yet.",
                 "Recordings of sessions are not taken in."):  # fmt: skip
        assert said in text(page)
    assert "Ana Sample" not in text(page)


def test_only_administration_reads_the_words_and_it_is_noted(calcom):
    calcom.deliver_and_work(payload("calcom/booking_created"))
    (kept,) = deliveries()
    at = f"{PAGE}/deliveries/{kept.id}"
    assert signed_in(calcom.client, "front_desk").get(at).status_code == 403
    calcom.client.post("/logout")
    page = signed_in(calcom.client, "admin").get(at)
    assert "Ana Sample" in text(page)
    session().rollback()
    noted = session().scalars(select(AuditEntry.action)).all()
    assert noted.count("integration.body_read") == 1


def test_a_therapist_has_no_business_there(calcom):
    assert signed_in(calcom.client, "therapist").get(PAGE).status_code == 403


@pytest.mark.parametrize("typed", ["a\x00b", "\x1b[2J"])
def test_names_with_characters_that_cannot_be_shown_are_not_kept(calcom, typed):
    client = signed_in(calcom.client, "admin")
    at = f"{PAGE}/connections/{calcom.connection.id}"
    for path, fields in (
        (f"{PAGE}/connections", {"provider": "calendly", "name": typed}),
        (f"{at}/host", {"external": typed, "therapist": "ines-duarte"}),
        (f"{at}/event-type", {"external": typed, "session_type": "initial-consultation"}),
    ):
        client.post(path, data=fields)

    kept = [
        row
        for column in (ServiceConnection.name, ServiceHost.external, ServiceEventType.external)
        for row in session().scalars(select(column))
    ]
    assert [name for name in kept if typed in name] == []


def test_a_task_is_done_when_somebody_says_so(calcom):
    make_appointment(calcom.practice, NINE, now=TODAY)
    calcom.deliver_and_work(payload("calcom/booking_created"))
    session().rollback()
    (task,) = session().scalars(select(ServiceTask))
    client = signed_in(calcom.client, "front_desk")
    assert "Two appointments at one time." in text(client.get(PAGE))
    client.post(f"{PAGE}/tasks/{task.id}/done")
    assert "Two appointments at one time." not in text(client.get(PAGE))


def test_the_time_of_an_absence_there_can_be_given_back(calcom):
    calcom.deliver_and_work(payload("calcom/ooo_created"))
    session().rollback()
    (task,) = session().scalars(select(ServiceTask))
    client = signed_in(calcom.client, "front_desk")
    assert "Give the time back" in text(client.get(PAGE))
    assert client.post(f"{PAGE}/tasks/{task.id}/lift").status_code == 303
    session().rollback()
    assert session().scalars(select(ImportedBusyRow)).all() == []
    assert "Give the time back" not in text(client.get(PAGE))


def test_a_new_connection_and_a_new_subscriber_can_be_made(calcom):
    client = signed_in(calcom.client, "admin")
    made = client.post(f"{PAGE}/connections", data={"provider": "calendly", "name": "Second"}, follow_redirects=True)  # fmt: skip
    assert "Second" in text(made)
    shown = client.post(f"{PAGE}/subscribers", data={"name": "Billing", "url": "https://billing.example.org/x"})  # fmt: skip
    assert "whsec_" in text(shown)
    assert "whsec_" not in text(client.get(PAGE))


def test_a_system_that_cannot_be_told_is_refused_at_its_fields_and_what_was_typed_stays(calcom):
    client = signed_in(calcom.client, "admin")
    page = client.post(f"{PAGE}/subscribers", data={"name": " ", "url": "http://10.0.0.1"})
    assert (page.status_code, errors_of(page)) == (
        422,
        {
            "subscriber-name": ["Please name it, in up to 60 characters."],
            "subscriber-url": [
                (
                    "This web address cannot be used. "
                    "Please give a public address that begins with https."
                )
            ],
        },
    )
    assert re.search(r'id="subscriber-url"[^>]* value="http://10.0.0.1"', page.text)


def test_a_connection_without_a_name_is_refused_at_its_field(calcom):
    client = signed_in(calcom.client, "admin")
    page = client.post(f"{PAGE}/connections", data={"provider": "calendly", "name": "x" * 61})
    said = {"connection-name": ["Please name it, in up to 60 characters."]}
    assert (page.status_code, errors_of(page)) == (422, said)
    assert '<option selected value="calendly">' in page.text


@pytest.mark.parametrize(
    ("step", "typed", "errors"),
    [
        ("key", {"api_key": " ", "version": BOOKING_VERSIONS[0]}, {"key-api_key": ["This does not look like an API key."]}),
        ("secret", {"secret": "short"}, {"secret-secret": ["A secret has between 8 and 200 characters."]}),
        ("host", {"external": " ", "therapist": "ines-duarte"}, {"host-external": ["Please give an address or an id."]}),
        ("host", {"external": "a@example.org", "therapist": "nobody"}, {"host-therapist": ["Please choose one of these."]}),
        ("event-type", {"external": "77", "session_type": "none"}, {"type-session_type": ["Please choose one of these."]}),
    ],
)  # fmt: skip
def test_a_step_of_setting_up_is_refused_at_its_field_and_what_was_typed_stays(
    calcom, step, typed, errors
):
    client = signed_in(calcom.client, "admin")
    page = client.post(f"{PAGE}/connections/{calcom.connection.id}/{step}", data=typed)
    assert (page.status_code, errors_of(page)) == (422, errors)
    for value in {"a@example.org", "77"} & set(typed.values()):
        assert f'value="{value}"' in page.text


@pytest.mark.parametrize(
    ("refused", "status"),
    [(NotFound, 404), (NotAllowed, 403), (SignInNeeded, 302), (KeyMissing, 500)],
)
@pytest.mark.parametrize(
    ("room", "use_case", "path"),
    [
        (connections, "add_connection", "/connections"),
        (connections, "map_host", "/connections/{id}/host"),
        (outgoing_webhooks, "add_subscriber", "/subscribers"),
    ],
)
def test_what_is_about_no_field_is_answered_as_anywhere_else(
    calcom, monkeypatch, room, use_case, path, refused, status
):
    def refuse(*_asked, **_told):
        raise refused

    monkeypatch.setattr(room, use_case, refuse)
    client = signed_in(calcom.client, "admin")

    page = client.post(PAGE + path.format(id=calcom.connection.id))

    assert page.status_code == status
