"""A clinic that is connected to a stand-in for Cal.com, with accounts to sign in with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from clinic.extensions import db
from clinic.foundation.clock import clock
from clinic.foundation.permissions.actors import Role
from tests.conftest import settings_for
from tests.support.calcom_stand_in import StandIn, running
from tests.support.factories import make_account
from tests.support.scheduling_services.deliveries import (
    connected_clinic,
)
from tests.support.scheduling_services.integrations_page import TODAY


@pytest.fixture
def there() -> Iterator[StandIn]:
    state = StandIn(now=clock.now)
    state.add_event_type(77, length=60, host={"id": 41, "email": "vera@example.org"})
    with running(state):
        yield state


@pytest.fixture
def settings(database_url, tmp_path, there):
    return settings_for(tmp_path, database_url, calcom_api_url=there.url)


@pytest.fixture
def calcom(context, client):
    clock.freeze(TODAY)
    context.config["WTF_CSRF_ENABLED"] = False
    found = connected_clinic(client)
    for role in (Role.ADMIN, Role.FRONT_DESK, Role.THERAPIST):
        make_account(
            found.practice.clinic,
            email=f"{role}@example.org",
            roles=[role],
            therapist_id=found.practice.therapist.id if role is Role.THERAPIST else None,
        )
    db.session.remove()
    return found
