from __future__ import annotations

from sqlalchemy import func, select

from clinic.foundation.database.transactions import session
from clinic.scheduling_services.models import ServiceChain
from tests.support.scheduling_services.calcom_bookings import (
    CREATED,
    HOUR,
    LATER,
    MOVED,
    mails,
)
from tests.support.scheduling_services.deliveries import (
    appointments,
    payload,
    standing,
)


def test_two_appointments_that_turn_out_to_be_one_leave_one_standing(calcom):
    unlinked = payload("calcom/booking_created", uid="uid-B", startTime="2026-12-08T13:00:00Z", endTime="2026-12-08T14:00:00Z")  # fmt: skip
    calcom.deliver_and_work(CREATED, unlinked)
    first, second = sorted(appointments(), key=lambda one: one.external_id)
    before = mails()
    calcom.deliver_and_work(MOVED)
    rows = {one.id: one for one in appointments()}
    assert standing(rows[first.id]) == ("confirmed", LATER, LATER + HOUR, "uid-B", False)
    assert rows[second.id].status == "cancelled"
    assert session().scalar(select(func.count()).select_from(ServiceChain)) == 1
    assert mails() - before == 3  # the move is told to both partners and the therapist
