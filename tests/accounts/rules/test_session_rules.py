from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from clinic.accounts.rules.session_rules import (
    SessionState,
    browser_name,
    is_proof_recent,
    state_of,
)

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("started", "seen", "ended", "state"),
    [
        ("0:00", "0:00", False, SessionState.LIVE),
        ("11:59", "0:14", False, SessionState.LIVE),
        ("1:00", "0:15", False, SessionState.IDLE),
        ("12:00", "0:00", False, SessionState.OVER),
        ("0:01", "0:00", True, SessionState.ENDED),
    ],
)
def test_a_session_lives_until_it_is_ended_idle_or_over(started, seen, ended, state):
    def ago(text: str) -> datetime:
        hours, minutes = text.split(":")
        return NOW - timedelta(hours=int(hours), minutes=int(minutes))

    found = state_of(
        started_at=ago(started), seen_at=ago(seen), ended_at=NOW if ended else None, now=NOW
    )
    assert found is state


def test_a_proof_lasts_five_minutes():
    assert [is_proof_recent(NOW - timedelta(seconds=s), now=NOW) for s in (0, 299, 300)] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
            "Firefox, Linux",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
            "Safari, iPhone",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
            "Edge, Windows",
        ),
        ("<script>alert(1)</script>", ""),
        ("", ""),
    ],
)
def test_browsers_are_called_by_names_people_know(user_agent, name):
    assert browser_name(user_agent) == name
