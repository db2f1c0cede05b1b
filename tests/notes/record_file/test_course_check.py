from __future__ import annotations

from datetime import date

import pytest

from clinic.notes.record_file.course_check import (
    Around,
    clinical_problems,
    correction_problems,
    log_problems,
    response_problems,
    window_problems,
)
from clinic.notes.rules.selectable_terms import Choosable
from tests.support.notes.record_files import raw_record, record_with

RAW = raw_record()
AROUND = Around(date(2026, 11, 23), Choosable())
NOTHING = "0" * 32
NO_CHOICE = "Choose one from the list."
NOT_YET = "This day has not come yet."
BROKEN = "Its events do not follow from one another: "
NAMES_ONE = "It speaks of one attempt, one partner's ratings, one run or one measure."


@pytest.mark.parametrize(
    "rule",
    [log_problems, clinical_problems, correction_problems, window_problems, response_problems],
)
def test_whole_record_has_no_problem(rule):
    assert list(rule(record_with(), AROUND)) == []


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        (
            {"events.0.effective_at": "2026-11-19T00:00:00Z"},
            [
                ("events[0].effective_at", "It took effect after it was written."),
                ("ruptures[0]", f"{BROKEN}A rupture has to be opened first."),
            ],
        ),
        ({"events.1.details.reason": "boredom"}, [("events[1].details.reason", NO_CHOICE)]),
        (
            {"events.1.details.kind": "magic", "events.0.details.to_status": "repaired"},
            [("events[1].details", "This kind of event, or this status, is not known.")],
        ),
        (
            {"events.0.details.to_status": "mended"},
            [("events[0].details", "This kind of event, or this status, is not known.")],
        ),
        (
            {"events.0.details.to_status": "repaired"},
            [("ruptures[0]", f"{BROKEN}A rupture has to be opened first.")],
        ),
        (
            {"events.0.rupture_id": RAW["events"][2]["rupture_id"]},
            [
                ("ruptures[0]", f"{BROKEN}A rupture has to be opened first."),
                (
                    "ruptures[1]",
                    f"{BROKEN}A rupture that is “open” cannot become “open”.",
                ),
            ],
        ),
        (
            {"events": []},
            [
                ("ruptures[0]", "It was never opened."),
                ("ruptures[1]", "It was never opened."),
            ],
        ),
    ],
)
def test_log_that_cannot_be_read_is_named_at_its_event_or_rupture(changes, problems):
    assert list(log_problems(record_with(changes), AROUND)) == problems


@pytest.mark.parametrize(
    ("place", "value", "problem"),
    [
        (
            "ruptures.0.details.significance",
            6,
            ("ruptures[0].details.significance", "Significance goes from 1 to 5."),
        ),
        (
            "ruptures.1.details.occurred_on",
            "2026-11-24",
            ("ruptures[1].details.occurred_on", NOT_YET),
        ),
        ("attempts.0.details.receipt", "maybe", ("attempts[0].details.receipt", NO_CHOICE)),
        ("attempts.1.happened_on", "2026-11-24", ("attempts[1].details.happened_on", NOT_YET)),
        (
            "attempts.0.details.rupture",
            "R-09",
            ("attempts[0].details.rupture", "There is no such rupture in this record."),
        ),
        (
            "ratings.0.details.felt_safety",
            11,
            (
                "ratings[0].details.felt_safety",
                "Ratings go from 0 to 10; leave it blank if it was not told.",
            ),
        ),
        ("cycles.0.details.pattern", "round", ("cycles[0].details.pattern", NO_CHOICE)),
        (
            "disclosures.0.details.decision",
            "tell",
            ("disclosures[0].details.decision", NO_CHOICE),
        ),
        ("flags.0.details.level", 0, ("flags[0].details.level", "The level goes from 1 to 3.")),
    ],
)
def test_entry_that_the_pages_would_refuse_is_named_at_its_place(place, value, problem):
    assert list(clinical_problems(record_with({place: value}), AROUND)) == [problem]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"in_error.0.attempt_id": NOTHING}, ("in_error[0]", NAMES_ONE)),
        ({"in_error.1.run_id": None}, ("in_error[1]", NAMES_ONE)),
        (
            {"in_error.1.run_id": NOTHING},
            ("in_error[1]", "There is no such entry in the file."),
        ),
        (
            {"in_error.1.run_id": None, "in_error.1.rating_id": RAW["in_error"][0]["rating_id"]},
            ("in_error[1]", "This is there twice."),
        ),
        (
            {"in_error.0.rating_id": RAW["ratings"][0]["id"], "notes.0.sealed_at": None},
            ("in_error[0]", "Its note is not sealed."),
        ),
        (
            {"in_error.0.details.reason": " "},
            ("in_error[0].details.reason", "Say in a few words what is wrong."),
        ),
    ],
)
def test_mark_of_an_error_names_one_entry_once(changes, problem):
    assert list(correction_problems(record_with(changes), AROUND)) == [problem]


def test_rating_of_a_sealed_note_may_be_marked_in_error():
    marked = record_with({"in_error.0.rating_id": RAW["ratings"][0]["id"]})

    assert list(correction_problems(marked, AROUND)) == []


@pytest.mark.parametrize(
    ("place", "value", "problem"),
    [
        (
            "runs.0.details.consent_b",
            False,
            ("runs[0].details.consent", "Without the consent of both it is not begun."),
        ),
        (
            "runs.0.details.log.3.value",
            11,
            ("runs[0].details.log.3", "A rating goes from 0 to 10."),
        ),
        ("runs.1.happened_on", "2026-11-24", ("runs[1].details.happened_on", NOT_YET)),
    ],
)
def test_window_that_cannot_be_is_named_at_its_place(place, value, problem):
    assert list(window_problems(record_with({place: value}), AROUND)) == [problem]


@pytest.mark.parametrize(
    ("place", "value", "problem"),
    [
        ("measures.0.details.partner", "C", ("measures[0].details.partner", NO_CHOICE)),
        (
            "measures.0.details.scores.0.value",
            "much",
            ("measures[0].details.scores.0.value", "Give a number."),
        ),
        ("measures.0.taken_on", "2026-11-24", ("measures[0].details.taken_on", NOT_YET)),
    ],
)
def test_response_that_cannot_be_is_named_at_its_place(place, value, problem):
    assert list(response_problems(record_with({place: value}), AROUND)) == [problem]
