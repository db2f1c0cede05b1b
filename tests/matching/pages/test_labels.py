from __future__ import annotations

import inspect

import pytest

from clinic.matching.pages.labels import filter_text, label, reason_text
from clinic.matching.rules import reasons
from clinic.matching.rules.ranking import HARD_FILTERS
from clinic.matching.rules.reasons import Reason

NEED = (("need", "betrayal_or_affair"), ("modality", "efct"))
EVERYTHING = (
    ("works_with_need", NEED),
    ("offers_modality", NEED),
    ("language_both_chose", (("language", "pt"),)),
    ("language_works_for_both", (("language", "pt"),)),
    ("first_joint_time", (("at", "2026-12-01T10:00:00+00:00"),)),
    ("format_both_chose", (("format", "online"),)),
    ("format_works_for_both", (("format", "online"),)),
    ("preference_met", (("preference", "gender:woman"),)),
    ("no_time_in_your_windows", ()),
    ("no_stated_specialism", NEED[:1]),
    ("modality_not_offered", NEED[1:]),
    ("first_time_is_far", (("at", "2026-12-01T10:00:00+00:00"),)),
    ("language_shared_not_first_choice_of_both", ()),
    ("format_shared_not_first_choice_of_both", ()),
    ("other_need_not_stated", NEED[:1]),
    ("known_from_the_profile_only", ()),
)


@pytest.fixture(params=["en"])
def reader(app, request):
    with app.test_request_context(headers={"Accept-Language": request.param}):
        yield request.param


in_both = pytest.mark.parametrize("reader", ["en", "pt"], indirect=True)
in_portuguese = pytest.mark.parametrize("reader", ["pt"], indirect=True)


def test_the_table_names_every_code_that_the_rules_can_give():
    source = inspect.getsource(reasons)

    assert [
        code
        for code, _ in EVERYTHING
        if code.removeprefix("language_").removeprefix("format_") not in source
    ] == []


@in_both
@pytest.mark.parametrize(("code", "params"), EVERYTHING)
def test_every_reason_is_a_sentence(reader, code, params):
    said = reason_text(Reason(code, params), zone="Europe/Lisbon")

    assert said not in {"", code}
    assert not any(part in said for part in ("_", "%(", "betrayal_or_affair"))


def test_reasons_name_what_they_are_about(reader):
    def said(code):
        return reason_text(Reason(code, dict(EVERYTHING)[code]), zone="Asia/Kathmandu")

    assert said("language_both_chose") == "Sessions in Portuguese"
    assert said("first_joint_time") == "First free time: Tuesday 1 December, 15:45"
    assert said("works_with_need") == (f"Works with this: {label('need', 'betrayal_or_affair')}")
    assert said("offers_modality") == f"Offers {label('modality', 'efct')}"


def test_an_unknown_reason_is_told_by_its_code(reader):
    assert reason_text(Reason("something_new"), zone="UTC") == "something_new"


@in_both
def test_private_filters_are_told_alike_and_tell_nothing(reader):
    neutral = filter_text("not_available")

    assert (filter_text("conflict"), filter_text("not_verified")) == (neutral, neutral)
    assert all(filter_text(name) not in {"", name} for name in HARD_FILTERS)


def test_label_is_in_english(reader):
    assert label("modality", "nothing_known") == "nothing_known"
    assert label("need", "betrayal_or_affair") != "betrayal_or_affair"


@in_portuguese
def test_label_is_in_portuguese(reader):
    from clinic.practice.rules.vocabulary import load_vocabulary

    term = next(one for one in load_vocabulary("need").terms if one.code == "betrayal_or_affair")

    assert label("need", "betrayal_or_affair") == term.label_pt != term.label_en
