from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from clinic.foundation.errors import NotFound
from clinic.notes.course.load_course import CourseSession, load_course, load_frame
from clinic.notes.ledger.ledger_facts import (
    AttemptFact,
    LedgerInput,
    RatingFact,
    RuptureFacts,
    SessionFact,
)
from clinic.notes.record.open_record import chart_of
from clinic.notes.rules.note_content import Attempt, NewRupture, Rating
from clinic.notes.rules.rupture_events import EventKind, RuptureEvent, RuptureStatus
from clinic.notes.signing.addenda import add_addendum
from tests.support.factories import NOW, a_note, make_note, make_signed_note
from tests.support.notes.led_record import LedRecord

pytestmark = pytest.mark.usefixtures("context")
AT = datetime(2026, 11, 16, 10, 0, tzinfo=UTC)
LENGTH = timedelta(minutes=50)
DAY = timedelta(days=1)
FIRST = a_note(
    new_ruptures=(
        NewRupture("The late reply", ("secrecy",), None, 3, key="j"),
        NewRupture("Hidden", ("secrecy",), None, 2, key="r", visibility="restricted"),
    ),
    attempts=(
        Attempt("A", ("i_statement",), "rejected", "j"),
        Attempt("B", ("appreciation",), "partly", "r"),
    ),
    ratings=(Rating("A", "end", 5, 8, 5),),
)


@pytest.fixture
def record(context):
    """Three sessions, entered in another order than they were held; the last is a draft."""
    record = LedRecord(FIRST)
    record.draft = make_note(record.couple, at=AT + 2 * DAY, now=AT + 2 * DAY + LENGTH)
    record.earlier = make_signed_note(record.couple, at=AT - DAY)
    record.chart = chart_of(record.couple.id, actor=record.couple.lead, now=NOW)
    return record


def opened(number):
    signed = AT + timedelta(hours=1)
    return RuptureEvent(
        number, EventKind.STATUS, AT + LENGTH, signed, "account:lead", RuptureStatus.OPEN, 2
    )


def test_sessions_are_numbered_by_when_they_were_held(record):
    assert load_frame(record.chart).sessions == (
        CourseSession(1, record.earlier, AT - DAY, AT - DAY + LENGTH, "signed"),
        CourseSession(2, record.note, AT, AT + LENGTH, "signed"),
        CourseSession(3, record.draft, AT + 2 * DAY, AT + 2 * DAY + LENGTH, "draft"),
    )


def test_facts_are_those_of_signed_sessions_with_everything_of_the_note(record):
    facts = load_course(record.chart).facts()

    by_partner = tuple(sorted(facts.attempts, key=lambda one: one.by))
    assert replace(facts, attempts=by_partner) == LedgerInput(
        couple=record.couple.code,
        sessions=(SessionFact(1, AT - DAY, AT - DAY + LENGTH), SessionFact(2, AT, AT + LENGTH)),
        ruptures=(
            RuptureFacts("R-01", 3, (opened(1),), "joint", "The late reply"),
            RuptureFacts("R-02", 2, (opened(2),), "restricted", "Hidden"),
        ),
        attempts=(
            AttemptFact("rejected", 2, date(2026, 11, 16), ("i_statement",), "A", "R-01"),
            AttemptFact("partly", 2, date(2026, 11, 16), ("appreciation",), "B", "R-02"),
        ),
        ratings=(RatingFact("A", "end", 2, 5, 8, 5, "therapist"),),
        zone="Europe/Lisbon",
    )


def test_course_without_what_is_restricted_has_neither_the_rupture_nor_its_attempts(record):
    course = load_course(record.chart, restricted=False)

    assert [one.ref for one in course.ruptures] == ["R-01"]
    assert [one.details.rupture for one in course.attempts] == ["R-01"]


def test_note_entered_in_error_counts_nowhere(record):
    values = {"kind": "entered_in_error", "text": "Wrong.", "reason": "Another couple's."}
    add_addendum(record.note, **values, proved_at=NOW, **record.asks)

    course = load_course(record.chart)

    assert [(one.number, one.note_id) for one in course.sessions] == [
        (1, record.earlier),
        (2, record.draft),
    ]
    assert (course.attempts, course.ratings) == ((), ())


def test_rupture_is_found_by_its_ref(record):
    course = load_frame(record.chart)

    assert (course.rupture("R-02"), course.open_ruptures) == (course.ruptures[1], course.ruptures)
    with pytest.raises(NotFound):
        course.rupture("R-03")
