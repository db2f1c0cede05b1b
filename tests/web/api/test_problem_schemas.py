from __future__ import annotations

from clinic.booking.slots.start_restrictions import RestrictionRule
from clinic.web.api.problem_schemas import ConflictProblem, InputProblem, Problem

PROBLEM = {
    "type": "http://localhost/problems/x",
    "title": "It cannot be done.",
    "status": 409,
    "detail": "It is taken.",
    "request_id": "0123456789abcdef",
}


def test_every_problem_has_what_rfc_9457_names_and_the_id_of_its_request():
    assert Problem().load(PROBLEM) == PROBLEM
    assert sorted(Problem().validate({})) == sorted(PROBLEM)


def test_a_conflict_offers_the_nearest_free_times():
    slot = {
        "start": "2026-11-24T10:00:00Z",
        "end": "2026-11-24T10:30:00Z",
        "therapist": "ines-duarte",
    }
    conflict = PROBLEM | {"rule": "taken", "alternatives": [slot]}

    assert ConflictProblem().validate(conflict) == {}
    assert ConflictProblem().fields["alternatives"].metadata["maxItems"] == 3
    assert ConflictProblem().validate(conflict | {"alternatives": [{}]}) != {}


def test_wrong_input_is_named_by_field():
    assert sorted(InputProblem().validate(PROBLEM)) == ["errors"]
    assert InputProblem().validate(PROBLEM | {"errors": {"start": ["Wrong."]}}) == {}


def test_rules_are_those_of_the_slots():
    names = [rule.value for rule in RestrictionRule]

    assert [one().fields["rule"].metadata["enum"] for one in (ConflictProblem, InputProblem)] == [
        names,
        names,
    ]
