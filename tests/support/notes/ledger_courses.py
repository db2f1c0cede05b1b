"""Courses written by hand, and how they are written; what comes out of each is in `courses/`."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from clinic.notes.ledger.ledger_facts import (
    AttemptFact,
    LedgerInput,
    RatingFact,
    RuptureFacts,
    SessionFact,
    WindowRunFact,
)
from clinic.notes.rules.rupture_events import EventKind, RuptureEvent, RuptureStatus
from tests.support.paths import DATA

LISBON = ZoneInfo("Europe/Lisbon")
DAYS = [(3, 3), (3, 10), (3, 17), (3, 31), (4, 14), (4, 21), (4, 28), (5, 5)]
STARTS = [datetime(2026, month, day, 10, 0, tzinfo=LISBON).astimezone(UTC) for month, day in DAYS]


def sessions(count):
    return tuple(
        SessionFact(number, at, at + timedelta(minutes=50))
        for number, at in enumerate(STARTS[:count], start=1)
    )


def moment(place):
    """`#4` is inside session 4, `2026-03-05` the evening of that day."""
    if place.startswith("#"):
        return int(place[1:]), STARTS[int(place[1:]) - 1] + timedelta(minutes=30)
    return None, datetime.fromisoformat(place + "T20:00:00+00:00")


def event(number, line):
    """`reopened #6 trust_dip`, `reverse:3 #3 wrong_transition`, `merged_into:R-01 #3`."""
    what, place, *rest = line.split()
    session, at = moment(place)
    what, _, about = what.partition(":")
    plain = {
        "reverse": EventKind.REVERSAL,
        "merged_into": EventKind.MERGED_INTO,
        "absorbed": EventKind.ABSORBED,
    }
    kind = plain.get(what, EventKind.STATUS)
    return RuptureEvent(
        id=number,
        kind=kind,
        to_status=RuptureStatus(what) if kind is EventKind.STATUS else None,
        effective_at=at,
        entered_at=datetime.fromisoformat(rest[1] + "T18:00:00+00:00") if "entered" in rest else at,
        by="t-1",
        session_number=session,
        reason=rest[0] if rest and "entered" not in rest else None,
        reverses=int(about) if kind is EventKind.REVERSAL else None,
        link=about or None if kind is not EventKind.REVERSAL else None,
    )


def rupture(ref, significance, log, visibility="joint"):
    lines = [line.strip() for line in log.split(";")]
    events = tuple(event(number, line) for number, line in enumerate(lines, start=1))
    return RuptureFacts(ref, significance, events, visibility)


def attempt(line):
    """`#1 A rejected R-01`; at home the day stands in place of the session."""
    place, by, receipt, *ref = line.split()
    session, at = moment(place)
    return AttemptFact(receipt, session, at.date(), ("i_statement",), by, ref[0] if ref else None)


def attempts(lines):
    return tuple(attempt(line.strip()) for line in lines.split(";"))


def ratings(person, point, measure, values, source="self"):
    """One value a session from the first on; `.` is a blank."""
    return tuple(
        replace(
            RatingFact(person, point, number, source=source),
            **{measure: None if v == "." else int(v)},
        )
        for number, v in enumerate(values.split(), start=1)
    )


COURSES = {
    "worked_example": LedgerInput(
        "C-0042",
        sessions(8),
        (
            rupture(
                "R-01",
                4,
                "open #1; in_repair #1; repaired #4; reopened #6 trust_dip; in_repair #6; repaired #8",
            ),
        ),
        attempts(
            "#1 A rejected R-01; #2 B partly R-01; #3 A received R-01; #4 B received R-01;"
            "#6 A rejected R-01; #7 A partly R-01; #8 B received R-01"
        ),
        ratings("A", "end", "defensiveness", ". . 8 7 6 7 5 4"),
    ),
    "reopened_twice": LedgerInput(
        "C-0101",
        sessions(6),
        (
            rupture(
                "R-01",
                3,
                "open #1; in_repair #1; repaired #2; reopened #3 recurrence; in_repair #3; repaired #4;"
                "reopened #5 anniversary; in_repair #5; repaired #6",
            ),
        ),
        attempts("#2 A received R-01; #4 A received R-01; #5 B ignored R-01; #6 B received R-01"),
        (
            *ratings("A", "end", "defensiveness", ". . . 6 7 5"),
            *ratings("A", "peak", "defensiveness", ". . . . . 9"),
        ),
    ),
    "parked_by_a_safety_flag": LedgerInput(
        "C-0102",
        sessions(4),
        (
            rupture("R-01", 5, "open #1; parked #2 safety_flag; open #4"),
            rupture(
                "R-02",
                2,
                "open #1; in_repair #1; parked #2 safety_flag; closed_unrepaired #4 left_therapy",
            ),
        ),
        attempts("#1 B rejected R-02"),
        windows=(
            WindowRunFact(date(2026, 3, 10), "completed"),
            WindowRunFact(date(2026, 3, 17), "not_started"),
        ),
    ),
    "restricted_ruptures": LedgerInput(
        "C-0103",
        sessions(3),
        (
            rupture("R-01", 2, "open #1; in_repair #2; repaired #3"),
            rupture("R-02", 5, "open #2; in_repair #2", "restricted"),
            rupture("R-03", 3, "open:R-02 #2"),
        ),
        attempts("#2 A received R-01; #2 A rejected R-02; 2026-03-12 B partly"),
        (
            *ratings("A", "end", "felt_safety", ". . 4"),
            *ratings("B", "end", "felt_safety", ". . 7"),
            *ratings("B", "end", "defensiveness", "5 4 3"),
        ),
    ),
    "blanks": LedgerInput(
        "C-0104",
        sessions(3),
        (rupture("R-01", 1, "open #3"),),
        (),
        (
            *ratings("A", "end", "defensiveness", "0 . 0"),
            *ratings("A", "peak", "defensiveness", "0 8 ."),
            *ratings("B", "end", "defensiveness", "5 5 5"),
            *ratings("A", "end", "felt_safety", "0 . 2"),
            *ratings("B", "end", "felt_safety", "0 5 ."),
            *ratings("B", "end", "felt_safety", "9 . 6", source="therapist"),
        ),
    ),
    "one_partner_absent": LedgerInput(
        "C-0105",
        sessions(4),
        (rupture("R-01", 2, "open #1; in_repair #2"),),
        attempts("#2 A ignored R-01"),
        (
            *ratings("A", "end", "defensiveness", "7 6 6 5"),
            *ratings("A", "peak", "defensiveness", "9 7 . 8"),
            *ratings("B", "end", "defensiveness", "6 . . 5"),
            *ratings("B", "peak", "defensiveness", "6 . . ."),
            *ratings("A", "end", "felt_safety", "5 5 6 6"),
            *ratings("B", "end", "felt_safety", "3 . . 1"),
        ),
    ),
    "reversed_event": LedgerInput(
        "C-0106",
        sessions(3),
        (rupture("R-01", 4, "open #1; in_repair #1; repaired #2; reverse:3 #3 wrong_transition"),),
        attempts("#2 A partly R-01"),
    ),
    "merged_ruptures": LedgerInput(
        "C-0107",
        sessions(4),
        (
            rupture("R-01", 3, "open #1; in_repair #2; absorbed:R-02 #3; repaired #4"),
            rupture("R-02", 2, "open #2; merged_into:R-01 #3"),
        ),
        attempts("#2 B received R-02; #3 A received R-01; #4 B partly R-01"),
    ),
    "backdated_event": LedgerInput(
        "C-0108",
        sessions(4),
        (rupture("R-01", 3, "in_repair #3; repaired #4; open 2026-03-05 entered 2026-03-31"),),
        attempts("2026-03-12 A received R-01; 2026-03-01 B rejected"),
    ),
    "no_attempts": LedgerInput(
        "C-0109",
        sessions(2),
        (rupture("R-01", 2, "open #1; in_repair #1 therapist_mark; parked #2 agreement"),),
    ),
    "one_session": LedgerInput(
        "C-0110",
        sessions(1),
        (rupture("R-01", 5, "open #1"),),
        attempts("#1 A partly R-01"),
        (
            *ratings("A", "peak", "defensiveness", "8"),
            *ratings("A", "end", "defensiveness", "3"),
            *ratings("A", "end", "felt_safety", "6"),
            *ratings("B", "end", "felt_safety", "6"),
        ),
        windows=(WindowRunFact(date(2026, 3, 3), "paused_resumed", 340),),
    ),
}


def worked_out(name):
    """The ledger of a course as it was worked out by hand."""
    return json.loads((DATA / "courses" / f"{name}.json").read_text(encoding="utf-8"))
