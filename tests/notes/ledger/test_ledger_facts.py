from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from clinic.notes.ledger.ledger_facts import LedgerInput, RatingFact
from tests.support.notes.ledger_courses import rupture


@pytest.mark.parametrize(
    ("zone", "day"), [("Europe/Lisbon", date(2026, 4, 1)), ("America/Bogota", date(2026, 3, 31))]
)
def test_day_of_an_instant_is_that_of_the_clinics_calendar(zone, day):
    instant = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)

    assert LedgerInput("C-1", zone=zone).local_date(instant) == day


BY_SOURCE = LedgerInput(
    "C-1",
    ratings=(
        RatingFact("A", "end", 1, felt_safety=7, defensiveness=2, source="therapist"),
        RatingFact("A", "end", 1, felt_safety=None, defensiveness=0),
        RatingFact("A", "end", 1, felt_safety=4),
        RatingFact("A", "end", 2, regulation=9, source="therapist"),
        RatingFact("A", "home", None, felt_safety=1),
    ),
)


@pytest.mark.parametrize(
    ("person", "session", "point", "measure", "value"),
    [
        ("A", 1, "end", "defensiveness", 0),
        ("A", 1, "end", "felt_safety", 4),
        ("A", 2, "end", "regulation", 9),
        ("A", 2, "end", "felt_safety", None),
        ("A", 1, "peak", "felt_safety", None),
        ("B", 1, "end", "felt_safety", None),
    ],
)
def test_own_rating_counts_before_the_therapists_and_a_blank_is_not_nought(
    person, session, point, measure, value
):
    assert BY_SOURCE.rating(person, session=session, point=point, measure=measure) == value


def test_rupture_reads_its_log_into_a_status_and_the_events_that_count():
    facts = rupture("R-01", 4, "open #1; in_repair #1; repaired #2; reverse:3 #3 wrong_transition")
    opened, begun, _mended, _reversal = facts.events

    assert (facts.state.status, facts.state.episode, facts.line) == (
        "in_repair",
        1,
        (opened, begun),
    )
