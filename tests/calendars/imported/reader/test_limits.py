from __future__ import annotations

from datetime import UTC, datetime

import pytest

from clinic.calendars.imported.reader.limits import OutsideBroken
from tests.support.calendars.ics_text import (
    GOOD,
    GOOD_SPAN,
    busy,
    read,
    timed,
)


def test_more_than_five_thousand_repetitions_are_too_many_and_the_rest_counts():
    daily = [
        timed(f"20260101T{hour:02}0000", f"20260101T{hour:02}3000", "RRULE:FREQ=DAILY")
        for hour in range(20)
    ]
    found = read(*daily, GOOD.replace("0601", "0602"))
    assert len(found.warnings) == 7
    assert found.warnings[0] == "Entry 14 was set aside: the calendar has too many repetitions."
    assert (
        datetime(2026, 6, 2, 8, tzinfo=UTC),
        datetime(2026, 6, 2, 9, tzinfo=UTC),
    ) not in found.busy
    assert sum(1 for start, _ in found.busy if start.month == 6) > 30


def test_a_file_over_ten_megabytes_is_refused_and_a_long_line_is_not():
    line = "SUMMARY:" + "x" * 9_000_000
    assert busy(f"{GOOD}\n{line}") == [GOOD_SPAN]
    with pytest.raises(OutsideBroken, match="larger than 10 MB"):
        read(f"{GOOD}\n{line}{'x' * 2_000_000}")


def test_warnings_fill_a_page_and_not_a_book():
    found = read(*["UID:x\nDTSTART:never"] * 500)
    assert (len(found.warnings), found.warnings[-1]) == (
        51,
        "There are 450 more remarks of this kind.",
    )


def test_a_broken_file_is_an_input_error_with_a_code_of_its_own():
    assert (OutsideBroken.status, OutsideBroken.code) == (422, "outside-calendar-broken")
