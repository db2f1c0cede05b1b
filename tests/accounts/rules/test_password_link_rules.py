from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from clinic.accounts.rules.password_link_rules import LINK_LASTS, is_open

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("used_at", "ended_at", "at", "expected"),
    [
        (None, None, NOW, True),
        (None, None, NOW + LINK_LASTS - SECOND, True),
        (None, None, NOW + LINK_LASTS, False),
        (NOW, None, NOW, False),
        (None, NOW, NOW, False),
    ],
)
def test_a_link_is_good_once_for_a_day_and_until_another_takes_its_place(
    used_at, ended_at, at, expected
):
    found = is_open(expires_at=NOW + LINK_LASTS, used_at=used_at, ended_at=ended_at, now=at)
    assert found is expected


def test_a_link_lasts_a_day():
    assert timedelta(hours=24) == LINK_LASTS
