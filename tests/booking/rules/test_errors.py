from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from clinic.booking.rules.errors import (
    SENTENCES,
    HoldExpired,
    KeyReused,
    NotChangeable,
    SlotUnavailable,
    TimeRefused,
    TooLateToChange,
)
from clinic.booking.slots.open_slots import Slot
from clinic.booking.slots.start_restrictions import RestrictionRule

TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)


def test_every_rule_has_a_sentence():
    assert set(SENTENCES) == set(RestrictionRule)


def test_taken_time_tells_programs_the_rule_and_the_nearest_times():
    slot = Slot(TEN, TEN + timedelta(minutes=30))
    refused = SlotUnavailable(rule=RestrictionRule.HOLD, alternatives=[("ines-duarte", slot)])

    assert (refused.status, refused.code) == (409, "slot-unavailable")
    assert refused.details == {
        "rule": "hold",
        "alternatives": [
            {
                "start": "2026-11-24T10:00:00Z",
                "end": "2026-11-24T10:30:00Z",
                "therapist": "ines-duarte",
            }
        ],
    }


def test_time_that_is_not_offered_is_an_error_of_the_field_start():
    refused = TimeRefused(RestrictionRule.OFF_GRID)

    assert (refused.status, refused.code, refused.details) == (
        422,
        "time-refused",
        {"rule": "off_grid"},
    )
    assert refused.errors == {"start": ["Appointments do not start at this time."]}


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (HoldExpired(), 409, "hold-expired"),
        (TooLateToChange(), 409, "too-late-to-change"),
        (NotChangeable(), 409, "not-changeable"),
        (KeyReused(), 422, "idempotency-key-reused"),
    ],
)
def test_each_refusal_has_a_status_a_code_and_a_sentence(error, status, code):
    assert (error.status, error.code, bool(str(error))) == (status, code, True)
