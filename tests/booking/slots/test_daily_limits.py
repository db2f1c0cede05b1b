"""Days on which a daily limit is reached have no open slots left."""

from __future__ import annotations

from dataclasses import replace

from clinic.booking.slots.availability import Schedule
from clinic.booking.slots.inputs import ClaimKind
from tests.support.booking.offered_starts import BERLIN, FAR, clock_times, offered
from tests.support.booking.slot_cases import between, claim, daily, whole_day


def test_daily_limits_count_appointments_and_holds_of_the_therapists_date() -> None:
    """09:00 in Auckland is still the day before in UTC."""
    zone = "Pacific/Auckland"
    claims = (
        claim(between(zone, "2026-12-22 09:00", "2026-12-22 10:00")),
        claim(between(zone, "2026-12-22 15:00", "2026-12-22 16:00"), kind=ClaimKind.HOLD),
    )
    schedule = Schedule(zone, daily("09:00-11:00"))
    window = between(zone, "2026-12-21 00:00", "2026-12-24 00:00")
    others = ["2026-12-21 09:00", "2026-12-21 10:00", "2026-12-23 09:00", "2026-12-23 10:00"]
    for limit, expected in ((2, others), (3, [*others[:2], "2026-12-22 10:00", *others[2:]])):
        rules = replace(FAR, max_sessions_per_day=limit)
        found = offered(schedule, rules, window, claims=claims)
        assert [start[:16] for start in found] == expected


def test_the_limit_of_a_session_type_counts_only_its_own() -> None:
    first = claim(between(BERLIN, "2026-12-22 09:00", "2026-12-22 10:00"), session_type="first")
    schedule = Schedule(BERLIN, daily("09:00-12:00"))
    found = {
        session_type: clock_times(
            offered(
                schedule,
                replace(FAR, session_type=session_type, max_per_day=1),
                whole_day(BERLIN, "2026-12-22"),
                claims=(first,),
            )
        )
        for session_type in ("first", "couple-session")
    }
    assert found == {"first": [], "couple-session": ["10:00", "11:00"]}
