"""A clinic that is connected to Cal.com and Calendly."""

from __future__ import annotations

import pytest

from clinic.foundation.clock import clock
from tests.support.scheduling_services.calcom_bookings import (
    TODAY,
)
from tests.support.scheduling_services.deliveries import (
    connected_clinic,
)


@pytest.fixture
def calcom(context, client):
    clock.freeze(TODAY)
    return connected_clinic(client)
