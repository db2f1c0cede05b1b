from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from clinic.foundation.errors import InvalidInput
from clinic.notes.rules.clinical_checks import (
    attempt_problems,
    by_place,
    code_problems,
    cycle_problems,
    day_problems,
    disclosure_problems,
    drawn_cycle_problems,
    entered_attempt_problems,
    entered_disclosure_problems,
    entered_rating_problems,
    error_problems,
    flag_problems,
    opened_flag_problems,
    rating_problems,
    refuse,
    review_day,
    rupture_problems,
)
from clinic.notes.rules.clinical_values import (
    AttemptDetails,
    CycleDetails,
    CyclePart,
    DisclosureDetails,
    ErrorDetails,
    FlagDetails,
    RatingDetails,
    RuptureDetails,
)
from clinic.notes.rules.note_content import Intervention, NoteContent, Rating
from clinic.notes.rules.selectable_terms import UNKNOWN, Choosable

TODAY = date(2026, 3, 10)
MEMBERS = ("A", "B")
RUPTURE = RuptureDetails("The late reply", ("secrecy",), 3, occurred_on=TODAY)
ATTEMPT = AttemptDetails("A", ("i_statement",), "received", "R-01")
RATING = RatingDetails("A", "end", 0, 10, None)
CYCLE = CycleDetails("Silence", "pursue_withdraw", (CyclePart("A", position="pursuer"),))
DISCLOSURE = DisclosureDetails("A", "Told alone.", decision="withhold")
FLAG = FlagDetails("Fear of the other", 2, "A call tomorrow.")
NOT_YET = "This day has not come yet."
OUTSIDE = "Ratings go from 0 to 10; leave it blank if it was not told."
TOO_LONG = "Write at most 4,000 characters."


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({}, []),
        ({"title": "x" * 80, "types": ("secrecy", "betrayal")}, []),
        ({"title": " "}, [("title", "Give a title of at most 80 characters.")]),
        ({"title": "x" * 81}, [("title", "Give a title of at most 80 characters.")]),
        ({"types": ()}, [("types", "Choose one to three types.")]),
        ({"types": ("nonsense",)}, [("types", UNKNOWN)]),
        ({"significance": 0}, [("significance", "Significance goes from 1 to 5.")]),
        ({"significance": 6}, [("significance", "Significance goes from 1 to 5.")]),
        ({"airm_step": 8}, []),
        ({"airm_step": 9}, [("airm_step", "The steps go from 0 to 8.")]),
        ({"occurred_on": date(2026, 3, 11)}, [("occurred_on", NOT_YET)]),
        ({"level": "x"}, [("level", UNKNOWN)]),
        ({"injured": "C"}, [("injured", UNKNOWN)]),
        ({"precision": "x"}, [("precision", UNKNOWN)]),
        ({"visibility": "x"}, [("visibility", UNKNOWN)]),
        ({"nature": "x"}, [("nature", UNKNOWN)]),
        ({"nature": "mixed"}, []),
    ],
)
def test_problems_of_a_rupture(changes, problems):
    details = replace(RUPTURE, **changes)

    assert rupture_problems(details, choosable=Choosable(), today=TODAY) == problems


def test_rupture_has_at_most_three_types_and_five_roots():
    details = replace(RUPTURE, types=("a", "b", "c", "d"), roots=("a", "b", "c", "d", "e", "f"))

    assert rupture_problems(details, choosable=Choosable(), today=TODAY) == [
        ("types", "Choose one to three types."),
        ("roots", "Choose at most five roots."),
        ("types", UNKNOWN),
        ("roots", UNKNOWN),
    ]


@pytest.mark.parametrize(
    ("changes", "on", "problems"),
    [
        ({}, TODAY, []),
        ({"rupture": None}, date(2020, 1, 1), []),
        ({"rupture": "R-02"}, date(2020, 1, 1), []),
        ({"by": "C"}, TODAY, [("by", UNKNOWN)]),
        ({"acts": ()}, TODAY, [("acts", "Choose one to four acts.")]),
        ({"acts": ("juggling",)}, TODAY, [("acts", UNKNOWN)]),
        ({"receipt": "maybe"}, TODAY, [("receipt", UNKNOWN)]),
        ({"felt_safety_before": -1}, TODAY, [("felt_safety_before", OUTSIDE)]),
        ({"felt_safety_after": 11}, TODAY, [("felt_safety_after", OUTSIDE)]),
        ({}, date(2026, 3, 11), [("happened_on", NOT_YET)]),
        (
            {"rupture": "R-09"},
            TODAY,
            [("rupture", "There is no such rupture in this record.")],
        ),
        ({}, date(2026, 2, 13), [("happened_on", "The repair lies before its rupture.")]),
        ({}, date(2026, 2, 14), []),
    ],
)
def test_problems_of_a_repair_attempt(changes, on, problems):
    found = attempt_problems(
        replace(ATTEMPT, **changes),
        choosable=Choosable(),
        happened_on=on,
        today=TODAY,
        members=MEMBERS,
        ruptures={"R-01": date(2026, 2, 14), "R-02": None},
    )

    assert found == problems


def test_attempt_told_outside_a_note_has_words_for_other_and_a_day_in_the_couples_course():
    began = {"happened_on": date(2026, 3, 2), "began_on": date(2026, 3, 3)}
    other = replace(ATTEMPT, acts=("other",), note=" ")

    assert entered_attempt_problems(other, **began) == [
        ("happened_on", "This lies before the couple began here."),
        ("note", "Say in words what “other” was."),
    ]
    assert entered_attempt_problems(
        replace(other, note="x" * 501), happened_on=TODAY, began_on=TODAY
    ) == [("note", "At most 500 characters.")]
    assert entered_attempt_problems(ATTEMPT, happened_on=TODAY, began_on=TODAY) == []


@pytest.mark.parametrize(("on", "wrong"), [(9, True), (10, False), (11, False)])
def test_day_before_the_couple_began_is_named_at_its_place(on, wrong):
    said = [("on", "This lies before the couple began here.")] if wrong else []

    assert day_problems("on", date(2026, 3, on), began_on=TODAY) == said


def test_problems_of_ratings():
    wrong = RatingDetails("C", "noon", 11, -1, 12, source="mother")

    assert rating_problems(RATING, members=MEMBERS) == []
    assert rating_problems(wrong, members=MEMBERS) == [
        ("partner", UNKNOWN),
        ("point", UNKNOWN),
        ("source", UNKNOWN),
        ("felt_safety", OUTSIDE),
        ("defensiveness", OUTSIDE),
        ("regulation", OUTSIDE),
    ]


AGAIN = "This was told for that moment already; mark the earlier one as entered in error."


@pytest.mark.parametrize(
    ("changes", "in_session", "problems"),
    [
        ({}, True, []),
        ({"point": "home"}, False, []),
        ({"point": "home"}, True, [("point", "Choose when in the session it was.")]),
        ({}, False, [("session", "Choose the session that these belong to.")]),
        (
            {"felt_safety": None, "defensiveness": None},
            True,
            [("felt_safety", "Give at least one of the three.")],
        ),
    ],
)
def test_ratings_told_outside_a_note_need_a_value_and_their_moment(changes, in_session, problems):
    told = replace(RATING, **changes)

    assert entered_rating_problems(told, in_session=in_session) == problems


def test_rating_is_told_once_for_a_moment_by_the_same_source():
    before = [replace(RATING, felt_safety=None), replace(RATING, partner="B")]

    assert entered_rating_problems(RATING, in_session=True, before=before) == [
        ("defensiveness", AGAIN)
    ]
    by_partner = replace(RATING, source="self")
    assert entered_rating_problems(by_partner, in_session=True, before=before) == []


def test_problems_of_a_cycle():
    wrong = CycleDetails("", "round", (CyclePart("A"), CyclePart("C", position="above")))

    assert cycle_problems(CYCLE, choosable=Choosable(), members=MEMBERS) == []
    assert cycle_problems(wrong, choosable=Choosable(), members=MEMBERS) == [
        ("pattern", UNKNOWN),
        ("parts.1.partner", UNKNOWN),
        ("parts.1.position", UNKNOWN),
    ]


def test_cycle_that_is_drawn_says_something_in_parts_of_bounded_length():
    long = CycleDetails(
        "x" * 301, parts=(CyclePart("A", need="y" * 301), CyclePart("B", "z" * 300))
    )

    assert drawn_cycle_problems(CycleDetails(parts=(CyclePart("A", move=" "),))) == [
        ("trigger", "Write at least one part of the cycle.")
    ]
    assert drawn_cycle_problems(long) == [
        ("trigger", "At most 300 characters."),
        ("parts.0.need", "At most 300 characters."),
    ]
    assert drawn_cycle_problems(CycleDetails(pattern="pursue_withdraw")) == []
    assert drawn_cycle_problems(CycleDetails(parts=(CyclePart("A", position="pursuer"),))) == []


@pytest.mark.parametrize(
    ("reason", "problems"),
    [
        ("Wrong partner.", []),
        (" ", [("reason", "Say in a few words what is wrong.")]),
        ("x" * 2001, [("reason", "Write at most 2,000 characters.")]),
    ],
)
def test_mark_of_an_error_needs_a_reason(reason, problems):
    assert error_problems(ErrorDetails(reason)) == problems


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({}, []),
        ({"by": "C"}, [("by", UNKNOWN)]),
        ({"decision": "tell"}, [("decision", UNKNOWN)]),
        ({"text": "\n"}, [("text", "Write what was told.")]),
        ({"text": "x" * 20_001}, [("text", "Write at most 20,000 characters.")]),
    ],
)
def test_problems_of_a_disclosure(changes, problems):
    assert disclosure_problems(replace(DISCLOSURE, **changes), members=MEMBERS) == problems


def test_decision_on_a_disclosure_has_a_reason_of_bounded_length():
    assert entered_disclosure_problems(replace(DISCLOSURE, decision_reason="x" * 2000)) == []
    assert entered_disclosure_problems(replace(DISCLOSURE, decision_reason="x" * 2001)) == [
        ("decision_reason", "Write at most 2,000 characters.")
    ]


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({}, []),
        ({"about": ""}, [("about", "Say what the concern is.")]),
        ({"about": "x" * 4001}, [("about", TOO_LONG)]),
        ({"action": " "}, [("action", "Say what is done about it.")]),
        ({"action": "x" * 4001}, [("action", TOO_LONG)]),
        ({"level": 0}, [("level", "The level goes from 1 to 3.")]),
        ({"level": 4}, [("level", "The level goes from 1 to 3.")]),
    ],
)
def test_problems_of_a_safety_flag(changes, problems):
    assert flag_problems(replace(FLAG, **changes)) == problems


def test_owner_of_a_flag_is_a_name_of_bounded_length():
    assert opened_flag_problems(replace(FLAG, owner="x" * 120)) == []
    assert opened_flag_problems(replace(FLAG, owner="x" * 121)) == [
        ("owner", "At most 120 characters.")
    ]


def test_review_day_is_today_or_later():
    assert review_day(TODAY, today=TODAY, problems=[]) == TODAY


@pytest.mark.parametrize("day", [None, date(2026, 3, 9)])
def test_review_day_that_is_missing_or_over_is_refused_beside_everything_else(day):
    with pytest.raises(InvalidInput) as refused:
        review_day(day, today=TODAY, problems=[("about", "Say what the concern is.")])

    assert refused.value.errors == {
        "about": ["Say what the concern is."],
        "review_on": ["Choose a day that is still to come."],
    }


def test_review_day_does_not_hide_what_else_is_wrong():
    with pytest.raises(InvalidInput) as refused:
        review_day(TODAY, today=TODAY, problems=[("level", "The level goes from 1 to 3.")])

    assert refused.value.errors == {"level": ["The level goes from 1 to 3."]}


def test_problems_are_refused_by_place_and_none_are_let_through():
    problems = [("a", "One."), ("b", "Two."), ("a", "Three.")]

    with pytest.raises(InvalidInput) as refused:
        refuse(iter(problems))

    assert refused.value.errors == by_place(problems) == {"a": ["One.", "Three."], "b": ["Two."]}
    refuse([])


def test_codes_of_a_note_are_named_at_their_fields():
    note = NoteContent(
        ratings=(Rating("A", "end"), Rating("B", "noon")),
        interventions=(Intervention("eft_step_2"), Intervention("magic")),
    )

    assert code_problems(note, choosable=Choosable()) == [
        ("interventions.1.code", UNKNOWN),
        ("ratings.B.noon", UNKNOWN),
    ]
