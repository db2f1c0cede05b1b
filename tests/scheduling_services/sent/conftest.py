"""A clinic that is connected to a stand-in for Cal.com, with a key."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import transaction
from clinic.scheduling_services.models import ServiceConnection
from tests.conftest import settings_for
from tests.support.calcom_stand_in import KEY, StandIn, running
from tests.support.scheduling_services.both_sides import (
    TODAY,
)
from tests.support.scheduling_services.deliveries import (
    connected_clinic,
    work,
)


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
    found = connected_clinic(client)
    with transaction() as current:
        row = current.get_one(ServiceConnection, found.connection.id)
        row.api_key = KEY
    work()
    return found
