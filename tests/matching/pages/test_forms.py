from __future__ import annotations

import pytest
from werkzeug.datastructures import MultiDict

from clinic.matching.pages.forms import NeedsForm

NEEDS = [("a", "A"), ("b", "B"), ("c", "C"), ("d", "D")]


@pytest.fixture
def send(app):
    """What a visitor sends: whether it is taken, the errors, and what was chosen."""

    def sent(**fields):
        with app.test_request_context("/book", method="POST"):
            form = NeedsForm(MultiDict(fields), meta={"csrf": False})
            form.session_type.choices = [("initial-consultation", "Initial consultation")]
            form.needs.choices = NEEDS
            valid = form.validate()
            errors = {name: [str(one) for one in said] for name, said in form.errors.items()}
            return valid, errors, form.data

    return sent


def test_nothing_has_to_be_answered(send):
    valid, errors, _data = send()

    assert (valid, errors) == (True, {})


def test_every_answer_can_be_given(send):
    answers = {
        "session_type": "initial-consultation",
        "needs": ["a", "c", "d"],
        "couple": "two",
        "language": "pt",
        "format": "any",
    }

    assert send(**answers) == (True, {}, answers)


def test_more_than_three_needs_are_too_many_and_stay_chosen(send):
    valid, errors, data = send(needs=["a", "b", "c", "d"])

    assert (valid, errors) == (False, {"needs": ["Please choose up to three."]})
    assert data["needs"] == ["a", "b", "c", "d"]


@pytest.mark.parametrize("name", ["session_type", "needs", "couple", "language", "format"])
@pytest.mark.parametrize("value", ["x", "\x00", "x" * 10_000])
def test_what_is_not_on_the_list_is_named_at_its_field(send, name, value):
    valid, errors, _data = send(**{name: value})

    assert (valid, list(errors)) == (False, [name])
