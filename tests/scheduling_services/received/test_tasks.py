from __future__ import annotations

from tests.support.scheduling_services.calcom_bookings import (
    CREATED,
    tasks,
)
from tests.support.scheduling_services.deliveries import (
    payload,
)


def test_absences_are_put_before_the_desk_and_taken_back(calcom):
    calcom.deliver_and_work(CREATED, payload("calcom/booking_no_show_updated"))
    assert tasks() == ["absent"]
    calcom.deliver_and_work(payload("calcom/booking_no_show_removed"))
    assert tasks() == []
