from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime

import pytest

from clinic.scheduling_services.rules.events import (
    FOLDED,
    MAKING,
    EventKind,
    Provider,
    ServiceEvent,
)

EVENT = ServiceEvent(
    Provider.CALCOM,
    EventKind.CREATED,
    "BOOKING_CREATED",
    datetime(2026, 12, 1, 8, tzinfo=UTC),
    external_id="uid-A",
)


def test_events_that_say_the_same_are_equal_and_have_the_same_digest():
    again = replace(EVENT)

    assert (again, again.digest, len({again, EVENT})) == (EVENT, EVENT.digest, 1)
    assert len(EVENT.digest) == 64


@pytest.mark.parametrize(
    "changes", [{"external_id": "uid-B"}, {"reason": "x"}, {"kind": EventKind.CANCELLED}]
)
def test_events_that_differ_in_anything_have_another_digest(changes):
    assert replace(EVENT, **changes).digest != EVENT.digest


def test_an_event_does_not_change_after_it_was_read():
    with pytest.raises(FrozenInstanceError):
        EVENT.reason = "x"


def test_side_events_belong_to_a_chain_and_pings_do_not():
    assert MAKING < FOLDED
    assert set(EventKind) - FOLDED == {EventKind.OUT_OF_OFFICE, EventKind.PING, EventKind.IGNORED}
