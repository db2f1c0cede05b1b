from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from marshmallow import ValidationError

from clinic.web.api.fields import (
    Choice,
    DayField,
    Document,
    Instant,
    Part,
    Slug,
    Text,
    Texts,
    Truth,
)


class Visit(Document):
    """One field of each kind."""

    slug = Slug(error="Not offered.")
    choice = Choice("a", "b", error="a or b.")
    open = Truth()
    words = Texts()
    at = Instant()
    on = DayField()
    name = Text()


class Wrapped(Document):
    """An object inside another."""

    visit = Part(Visit, required=True)


def refused(**sent):
    with pytest.raises(ValidationError) as error:
        Visit().load(sent)
    return error.value.messages


def test_a_document_is_read_and_what_it_does_not_name_is_left_out():
    sent = {
        "slug": "joint-session",
        "choice": "a",
        "open": True,
        "words": ["x", "y"],
        "at": "2026-11-24T11:00:00.5+01:00",
        "on": "2026-11-24",
        "name": "Ana",
        "is_admin": True,
    }

    assert Visit().load(sent) == {
        "slug": "joint-session",
        "choice": "a",
        "open": True,
        "words": ["x", "y"],
        "at": datetime(2026, 11, 24, 10, 0, 0, 500_000, tzinfo=UTC),
        "on": date(2026, 11, 24),
        "name": "Ana",
    }


@pytest.mark.parametrize("slug", ["Joint", "a--b", "-a", "a_b", "a" * 61, ""])
def test_a_slug_that_is_none_is_refused_in_its_own_words(slug):
    assert refused(slug=slug) == {"slug": ["Not offered."]}


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ({"choice": "c"}, {"choice": ["a or b."]}),
        ({"open": 1}, {"open": ["This is of the wrong type."]}),
        ({"open": "true"}, {"open": ["This is of the wrong type."]}),
        ({"words": "x"}, {"words": ["This is of the wrong type."]}),
        ({"words": ["x", 1]}, {"words": {1: ["This is of the wrong type."]}}),
        ({"name": None}, {"name": ["This may not be null."]}),
        (
            {"at": "2026-11-24T10:00:00"},
            {"at": ["This needs its offset from UTC, such as Z or +01:00."]},
        ),
        (
            {"at": "2026-11-24T25:00:00Z"},
            {"at": ["This is not an instant such as 2027-01-31T10:00:00Z."]},
        ),
        ({"on": "2026-02-30"}, {"on": ["This is not a day such as 2027-01-31."]}),
        ({"on": "20261124"}, {"on": ["This is not a day such as 2027-01-31."]}),
    ],
)
def test_a_value_of_another_form_is_refused_with_what_is_wanted(sent, error):
    assert refused(**sent) == error


def test_what_is_needed_and_what_is_no_object_is_said():
    for sent, error in (({}, "This is needed."), ({"visit": None}, "This may not be null.")):
        with pytest.raises(ValidationError) as refusal:
            Wrapped().load(sent)
        assert refusal.value.messages == {"visit": [error]}


def test_an_instant_goes_out_in_utc_with_z():
    at = datetime(2026, 11, 24, 10, tzinfo=UTC)

    assert Visit().dump({"at": at, "on": date(2026, 11, 24)}) == {
        "at": "2026-11-24T10:00:00Z",
        "on": "2026-11-24",
    }
    assert Visit().dump({"at": None}) == {"at": None}
