from __future__ import annotations

from datetime import UTC, datetime

from clinic.booking.rules.change_deadline import change_deadline


def test_deadline_lies_the_notice_before_the_start_in_real_hours():
    after_the_clocks_went_back = datetime(2026, 10, 25, 10, tzinfo=UTC)

    found = change_deadline(after_the_clocks_went_back, notice_minutes=24 * 60)

    assert found == datetime(2026, 10, 24, 10, tzinfo=UTC)
