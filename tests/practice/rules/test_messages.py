import pytest

from clinic.foundation.errors import InvalidInput
from clinic.practice.rules.messages import refuse, said


def test_a_sentence_keeps_its_template_and_numbers_for_translation():
    sentence = said("From %(low)s to %(high)s.", low=1, high=2)

    assert (sentence, sentence.template, sentence.params) == (
        "From 1 to 2.",
        "From %(low)s to %(high)s.",
        {"low": 1, "high": 2},
    )


def test_a_sentence_without_numbers_may_hold_a_percent_sign():
    sentence = said("At 100% it is full.")

    assert (sentence, sentence.template, sentence.params) == (
        "At 100% it is full.",
        "At 100% it is full.",
        {},
    )


def test_problems_are_refused_with_all_their_fields_and_none_is_accepted():
    problems = {"name": ["Please enter a name."], "email": ["Too long."]}

    with pytest.raises(InvalidInput) as refused:
        refuse(problems)

    assert refused.value.errors == problems
    assert refuse({}) is None
