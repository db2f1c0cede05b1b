from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.practice.rules.custom_terms import (
    TermChange,
    all_codes,
    changed_texts,
    details_of,
    differing,
    is_own,
    lay_over,
    new_code,
    term_problems,
)
from clinic.practice.rules.vocabulary import load_all, load_vocabulary

SHIPPED = load_vocabulary("repair_act")
LETTER = TermChange(
    vocabulary="repair_act",
    code="own_wrote_a_letter",
    label_en="Wrote a letter",
    label_pt="Escreveu uma carta",
    definition_en="Put it on paper.",
    definition_pt="Pôs no papel.",
    sort=35,
)


def details(**changes):
    return replace(details_of(SHIPPED.term("consistency")), **changes)


some_text = st.none() | st.text(min_size=1, max_size=8)
changes = st.lists(
    st.builds(
        TermChange,
        vocabulary=st.sampled_from(["repair_act", "root"]),
        code=st.sampled_from(
            [*SHIPPED.codes(), "own_a", "own_b", "own_c", "gone_from_the_product"]
        ),
        label_en=some_text,
        label_pt=some_text,
        definition_en=some_text,
        definition_pt=some_text,
        sort=st.none() | st.integers(0, 9999),
        active=st.none() | st.booleans(),
    ),
    max_size=12,
    unique_by=lambda one: (one.vocabulary, one.code),
)


@settings(deadline=None)
@given(changes)
def test_nothing_that_ships_can_vanish_and_codes_stay_unique(made):
    laid = lay_over(SHIPPED, made)

    assert set(SHIPPED.codes()) <= set(laid.codes())
    assert len(set(laid.codes())) == len(laid.codes())
    assert set(laid.codes()) - set(SHIPPED.codes()) == {
        one.code for one in made if one.vocabulary == "repair_act" and is_own(one.code)
    }


@settings(deadline=None)
@given(changes, st.randoms())
def test_order_of_terms_rests_on_their_places_and_not_on_the_order_of_the_rows(made, random):
    shuffled = random.sample(made, len(made))

    laid = lay_over(SHIPPED, made)

    assert lay_over(SHIPPED, shuffled) == laid
    assert laid.codes()[-1] == "other"
    places = [(term.sort, term.code) for term in laid.terms[:-1]]
    assert places == sorted(places)


@settings(deadline=None)
@given(changes)
def test_source_group_and_numbers_of_what_ships_stay_the_products(made):
    laid = lay_over(SHIPPED, made)

    for term in SHIPPED.terms:
        here = laid.term(term.code)
        assert (here.source, here.group, here.params, here.needs_text) == (
            term.source, term.group, term.params, term.needs_text,
        )  # fmt: skip


@settings(deadline=None)
@given(st.text(max_size=80), st.integers(1, 5))
def test_new_code_is_a_code_of_its_own_whatever_the_label(label, times):
    used: set[str] = set()
    for _ in range(times):
        code = new_code(label, used=used)
        assert re.fullmatch(r"own_[a-z0-9][a-z0-9_]*", code)
        assert len(code) <= 64
        assert code not in used
        used.add(code)


def test_shipped_order_is_what_laying_nothing_over_gives():
    assert {name: lay_over(one, ()) for name, one in load_all().items()} == dict(load_all())
    for vocabulary in load_all().values():
        laid = lay_over(
            vocabulary, [TermChange(vocabulary=vocabulary.name, code=vocabulary.codes()[0])]
        )
        assert laid.codes() == vocabulary.codes()


def test_no_shipped_code_can_be_taken_for_an_added_one():
    assert [code for code in all_codes(load_all()) if is_own(code) or code.startswith("own")] == []


def test_added_term_stands_at_its_place_with_the_clinic_as_its_source():
    laid = lay_over(SHIPPED, [LETTER])

    term = laid.term("own_wrote_a_letter")
    assert laid.codes().index(term.code) == [t.sort for t in SHIPPED.terms].index(40)
    assert (term.label("en"), term.label("pt_PT"), term.source, term.active) == (
        "Wrote a letter", "Escreveu uma carta", ("P",), True,
    )  # fmt: skip


def test_text_that_was_not_changed_follows_the_product():
    kept = TermChange(vocabulary="repair_act", code="consistency", label_en="Keeping at it")
    newer = SHIPPED.with_term(replace(SHIPPED.term("consistency"), label_pt="Novo", label_en="New"))

    term = lay_over(newer, [kept]).term("consistency")

    assert (term.label_en, term.label_pt) == ("Keeping at it", "Novo")


def test_only_what_differs_is_kept():
    shipped = SHIPPED.term("consistency")

    kept = changed_texts(details(label_pt="Constância", label_reviewed_by="Ana"), shipped)

    assert (kept.label_en, kept.label_pt, kept.definition_en, kept.sort) == (
        None, "Constância", None, None,
    )  # fmt: skip
    assert kept.label_reviewed_by == "Ana"
    assert changed_texts(details(), None) == details()


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("Wrote a letter", "own_wrote_a_letter"),
        ("Não gritou", "own_nao_gritou"),
        ("  — ", "own_term"),
        ("愛", "own_term"),
        ("x" * 200, "own_" + "x" * 54),
    ],
)
def test_code_is_made_of_the_english_label(label, code):
    assert new_code(label, used=()) == code


def test_code_that_is_taken_is_counted_on():
    assert new_code("Wrote", used={"own_wrote", "own_wrote_2"}) == "own_wrote_3"


def test_everything_wrong_with_a_term_is_told_at_its_field():
    wrong = details(
        label_en=" ", label_pt="x" * 121, definition_en="", definition_pt="y" * 601, sort=10_000,
        label_reviewed_by="\x07", group="nowhere",
    )  # fmt: skip

    assert term_problems(wrong, vocabulary=SHIPPED, code="consistency") == {
        "label_en": ["Please write a name."],
        "label_pt": ["Please keep this to 120 characters."],
        "definition_en": ["Say in a sentence what it means."],
        "definition_pt": ["Please keep this to 600 characters."],
        "sort": ["Please give a number from 0 to 9999."],
        "label_reviewed_by": ["This has characters that cannot be shown. Please type it again."],
        "group": ["One of these is not on offer. Please choose again."],
    }


def test_two_terms_of_a_list_are_not_called_the_same():
    used = SHIPPED.term("appreciation").label_en.upper()

    found = term_problems(details(label_en=used), vocabulary=SHIPPED, code="consistency")
    again = term_problems(
        details(label_en=used), vocabulary=SHIPPED.retire("appreciation"), code="consistency"
    )

    assert found == {"label_en": ["Another term of this list is called so already."]}
    assert again == {
        "label_en": ["A retired term of this list is called so. You can take it up again instead."]
    }


def test_fixed_list_takes_new_words_and_no_new_term():
    receipt = load_vocabulary("receipt")
    words = replace(details_of(receipt.term("partly")), label_en="Half", label_pt="Meio")

    assert term_problems(words, vocabulary=receipt, code="partly") == {}
    assert term_problems(words, vocabulary=receipt, code=None) == {
        "": ["This list is fixed: its words can be changed, not its terms."]
    }


def test_fields_that_differ_are_named():
    assert differing(details(), details(label_en="A", sort=1)) == ("label_en", "sort")
