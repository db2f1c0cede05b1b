"""What `flask generate` makes for load tests is what it says, and is used as a real clinic is."""

from __future__ import annotations

import json

import pytest

from clinic.booking.appointments.models import Appointment, ImportedBusyRow
from clinic.couples.models import Couple
from clinic.foundation.errors import Conflict
from clinic.practice.models import Therapist
from clinic.sample_data.load_test import Amounts, generate
from tests.conftest import NOW
from tests.support.accounts.sign_in import sign_in
from tests.support.sample_data import count

FEW = {"past": 7, "future": 5, "busy": 4, "feed_events": 6, "therapists": 2, "couples": 3}


def test_as_many_rows_are_made_as_were_asked_for(context, settings):
    found = generate(Amounts(**FEW), settings=settings, now=NOW)

    made = {
        kind.__name__: count(kind) for kind in (Therapist, Couple, Appointment, ImportedBusyRow)
    }
    assert made == {"Therapist": 2, "Couple": 3, "Appointment": 2 * 18, "ImportedBusyRow": 2 * 4}
    assert found["couples"] == ["C-0001", "C-0002", "C-0003"]
    assert [one["slug"] for one in found["therapists"]] == ["therapist-1", "therapist-2"]


def test_feed_holds_the_feed_events_and_none_of_the_past(app, client, settings):
    with app.app_context():
        found = generate(Amounts(past=7, feed_events=6), settings=settings, now=NOW)

    answer = client.get(found["therapists"][0]["feed_url"].removeprefix(settings.base_url))

    assert answer.status_code == 200
    assert answer.text.count("BEGIN:VEVENT") == 6


def test_command_prints_a_sign_in_that_opens_the_chart(app, client):
    printed = app.test_cli_runner().invoke(args=["generate", "--notes", "2", "--json"])
    found = json.loads(printed.stdout)
    therapist = next(one for one in found["accounts"] if one["role"] == "therapist")

    sign_in(client, email=therapist["email"], password=therapist["password"])

    code = found["couples"][0]
    assert client.get(f"/desk/couples/{code}").status_code == 200


def test_database_with_a_clinic_in_it_is_left_alone(context, settings):
    generate(Amounts(), settings=settings, now=NOW)

    with pytest.raises(Conflict):
        generate(Amounts(), settings=settings, now=NOW)
