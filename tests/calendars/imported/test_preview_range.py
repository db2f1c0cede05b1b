from __future__ import annotations

from datetime import UTC, datetime

import pytest

from clinic.booking.slots.instant_ranges import Interval
from clinic.calendars.imported.preview_range import window_between
from clinic.foundation.errors import InvalidInput

FROM, TO = "2026-11-01T00:00:00Z", "2027-01-01T01:00:00+01:00"


def test_window_is_read_from_two_instants():
    assert window_between(FROM, TO, zone="Europe/Lisbon") == Interval(
        datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    ("first", "last", "zone", "named"),
    [
        ("2026-11-01", TO, "Europe/Lisbon", ["from"]),
        ("yesterday", "9999-12-31T23:59:59-23:59", "Mars", ["from", "to", "zone"]),
        (TO, FROM, "Europe/Lisbon", ["to"]),
        (FROM, FROM, "Europe/Lisbon", ["to"]),
    ],
)
def test_window_that_cannot_be_is_refused_by_option(first, last, zone, named):
    with pytest.raises(InvalidInput) as refused:
        window_between(first, last, zone=zone)
    assert list(refused.value.errors) == named
