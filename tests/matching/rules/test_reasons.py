from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from clinic.matching.rules.reasons import WEIGHTS, NeedRule, Reason
from tests.support.matching import FIT, INQUIRY, NEEDS, NOW, A, B, only


def test_published_weights_sum_to_one_hundred_at_most():
    best = (
        "specialism",
        "modality",
        "language_preferred",
        "format_preferred",
        "slot_7_days",
        "preference",
    )

    assert sum(WEIGHTS[name] for name in best) == 100


def test_needs_of_the_vocabulary_become_rules():
    assert NEEDS["trauma_memories"] == NeedRule(
        "trauma_memories", ("foundational_betrayal",), "emdr", "cbct_ptsd"
    )
    assert NEEDS["other"] == NeedRule("other", (), None)


@pytest.mark.parametrize(
    ("wait", "points"),
    [
        (timedelta(days=7), 15),
        (timedelta(days=7, seconds=1), 10),
        (timedelta(days=14), 10),
        (timedelta(days=28), 5),
        (timedelta(days=28, seconds=1), 0),
        (None, 0),
    ],
)
def test_next_slot_gives_points_by_its_distance(wait, points):
    slot = None if wait is None else NOW + wait

    assert only(replace(FIT, next_slot_at=slot)).points.slot == points


@pytest.mark.parametrize(
    ("modalities", "points"),
    [(("efct",), 20), (("cbct",), 10), (("efct", "cbct"), 20), (("emdr",), 0)],
)
def test_modality_first_named_for_the_need_weighs_more_than_the_other(modalities, points):
    assert only(replace(FIT, modalities=modalities)).points.modality == points


def test_concern_may_be_the_need_itself_or_one_of_its_codes():
    assert only(replace(FIT, concerns=("betrayal_or_affair",))).points.specialism == 35
    assert only(replace(FIT, concerns=("abandonment_in_need",))).points.specialism == 35
    assert only(replace(FIT, concerns=("secrecy",))).points.specialism == 0


def test_language_acceptable_to_one_partner_gives_eight_points():
    english = only(replace(FIT, languages=("en",)))

    assert english.points.language == 8
    assert Reason("language_works_for_both", (("language", "en"),)) in english.reasons
    assert english.gap == Reason("language_shared_not_first_choice_of_both")


@pytest.mark.parametrize(
    ("changes", "gap"),
    [
        ({"next_slot_at": None}, Reason("no_time_in_your_windows")),
        ({"concerns": ()}, Reason("no_stated_specialism", (("need", "betrayal_or_affair"),))),
        ({"modalities": ()}, Reason("modality_not_offered", (("modality", "efct"),))),
        (
            {"next_slot_at": NOW + timedelta(days=20)},
            Reason("first_time_is_far", (("at", "2026-03-23T12:00:00+00:00"),)),
        ),
    ],
)
def test_gap_names_what_is_lacking_most(changes, gap):
    assert only(replace(FIT, **changes)).gap == gap


def test_second_need_not_covered_is_the_gap_when_all_else_fits():
    inquiry = replace(INQUIRY, needs=("betrayal_or_affair", "family_wounds"))

    assert only(FIT, inquiry=inquiry).gap == Reason(
        "other_need_not_stated", (("need", "family_wounds"),)
    )


def test_format_that_only_one_partner_prefers_is_told_without_saying_whose():
    wishes = (A, replace(B, formats_preferred=("in_person",), formats_acceptable=("online",)))
    one = only(replace(FIT, formats=("online",)), inquiry=replace(INQUIRY, partners=wishes))

    assert one.points.format == 0
    assert one.reasons[-1] == Reason("format_works_for_both", (("format", "online"),))
    assert one.gap == Reason("format_shared_not_first_choice_of_both")


def test_therapist_who_barely_passes_still_has_two_reasons():
    bare = replace(FIT, concerns=(), modalities=(), next_slot_at=None)

    assert [reason.code for reason in only(bare).reasons] == [
        "language_both_chose",
        "format_both_chose",
    ]


def test_preference_of_one_partner_alone_does_not_make_the_point_of_both():
    inquiry = replace(
        INQUIRY, partners=(replace(A, preferences=("x",)), replace(B, preferences=("y",)))
    )

    assert only(replace(FIT, traits=("x",)), inquiry=inquiry).points.preference == 0


def test_need_in_own_words_still_finds_somebody():
    one = only(FIT, inquiry=replace(INQUIRY, needs=("other",)))

    assert (one.points.specialism, one.points.modality) == (0, 0)
    assert one.gap == Reason("no_stated_specialism", (("need", "other"),))
