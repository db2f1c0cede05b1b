from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from clinic.matching.rules.inquiry import Candidate, Inquiry, PartnerWishes
from clinic.matching.rules.ranking import RULE_VERSION, FilteredOut, Match, match
from clinic.matching.rules.reasons import WEIGHTS, NeedRule, Points, Reason, need_rules
from clinic.practice.rules.vocabulary import load_vocabulary

NOW = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
NEEDS = need_rules(load_vocabulary("need").terms)
A = PartnerWishes("A", ("pt",), ("en",), ("online",), ("in_person",))
B = PartnerWishes("B", ("pt", "en"), (), ("online",))
INQUIRY = Inquiry(needs=("betrayal_or_affair",), partners=(A, B))
FIT = Candidate(
    id=1,
    slug="first",
    languages=("pt", "en"),
    formats=("online", "in_person"),
    modalities=("efct",),
    concerns=("infidelity",),
    next_slot_at=NOW + timedelta(days=3),
)


def found(*candidates, inquiry=INQUIRY):
    return match(inquiry, candidates=candidates, needs=NEEDS, now=NOW)


def only(candidate, inquiry=INQUIRY):
    (one,) = found(candidate, inquiry=inquiry).matches
    return one


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


def test_therapist_who_fits_in_everything_is_offered_with_points_reasons_and_a_gap():
    assert only(FIT) == Match(
        candidate_id=1,
        slug="first",
        points=Points(specialism=35, modality=20, language=15, format=10, slot=15, preference=0),
        reasons=(
            Reason("works_with_need", (("need", "betrayal_or_affair"), ("modality", "efct"))),
            Reason("language_both_chose", (("language", "pt"),)),
            Reason("first_joint_time", (("at", "2026-03-06T12:00:00+00:00"),)),
            Reason("format_both_chose", (("format", "online"),)),
        ),
        gap=Reason("known_from_the_profile_only"),
        next_slot_at=NOW + timedelta(days=3),
    )
    assert only(FIT).points.total == 95


@pytest.mark.parametrize(
    ("changes", "filters", "told_as"),
    [
        ({"verified": False}, ("not_verified",), "not_available"),
        ({"takes_couples": False}, ("does_not_take_couples",), "does_not_take_couples"),
        ({"accepts_new_couples": False}, ("closed_to_new_couples",), "closed_to_new_couples"),
        ({"languages": ("fr",)}, ("no_shared_language",), "no_shared_language"),
        ({"formats": ("in_person",)}, ("no_shared_format",), "no_shared_format"),
        ({"conflict": True}, ("conflict",), "not_available"),
        ({"languages": (), "conflict": True}, ("no_shared_language", "conflict"), "not_available"),
    ],
)
def test_each_hard_filter_names_itself_and_no_partner_learns_of_a_conflict(
    changes, filters, told_as
):
    result = found(replace(FIT, **changes))

    assert result.outcome == "waitlist"
    assert result.filtered_out == (FilteredOut(1, "first", filters),)
    assert result.failed_filters == ((filters[0], 1),)
    assert (result.filtered_out[0].named, result.filtered_out[0].told_as) == (filters[0], told_as)


def test_licence_counts_only_where_a_place_is_given():
    elsewhere = replace(INQUIRY, place="PT")

    assert found(FIT, inquiry=elsewhere).filtered_out == (
        FilteredOut(1, "first", ("not_licensed_here",)),
    )
    assert found(replace(FIT, licensed_places=("PT",)), inquiry=elsewhere).outcome == "matched"


def test_language_must_be_accepted_by_both_partners():
    inquiry = replace(
        INQUIRY,
        partners=(
            PartnerWishes("A", ("pt",), (), ("online",)),
            PartnerWishes("B", ("en",), (), ("online",)),
        ),
    )

    assert found(FIT, inquiry=inquiry).failed_filters == (("no_shared_language", 1),)


def test_safety_concern_leads_to_a_person_and_not_to_a_match():
    result = found(FIT, inquiry=replace(INQUIRY, safety_concern=True))

    assert (result.outcome, result.matches, result.filtered_out) == ("human_review", (), ())


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


def test_private_preference_is_told_only_to_the_partner_who_stated_it():
    inquiry = replace(INQUIRY, partners=(replace(A, preferences=("experience:lgbtq",)), B))
    one = only(replace(FIT, traits=("experience:lgbtq",), next_slot_at=None), inquiry=inquiry)

    told = Reason("preference_met", (("preference", "experience:lgbtq"),), only_for="A")
    assert one.points.preference == 5
    assert told in one.reasons_for("A")
    assert told not in one.reasons_for("B")
    assert told not in one.reasons_for(None)
    assert 2 <= len(one.reasons_for("B")) <= len(one.reasons) <= 4


def test_preference_of_one_partner_alone_does_not_make_the_point_of_both():
    inquiry = replace(
        INQUIRY, partners=(replace(A, preferences=("x",)), replace(B, preferences=("y",)))
    )

    assert only(replace(FIT, traits=("x",)), inquiry=inquiry).points.preference == 0


def test_ties_go_to_the_earliest_slot_then_the_fewest_new_couples_then_the_id():
    early = replace(
        FIT, id=9, slug="early", next_slot_at=NOW + timedelta(days=1), new_couples_30_days=7
    )
    busy = replace(FIT, id=2, slug="busy", new_couples_30_days=2)
    third = replace(FIT, id=3, slug="third")
    last = replace(FIT, id=4, slug="last")
    wanted = ["early", "third", "last"]

    for order in permutations((early, busy, third, last)):
        assert [one.slug for one in found(*order).matches] == wanted


def test_same_facts_give_the_same_result_whatever_their_order():
    other = replace(FIT, id=2, slug="second", languages=("en",))

    assert found(FIT, other) == found(other, FIT)
    assert found(FIT).inputs != found(other).inputs
    assert found(FIT).rule_version == RULE_VERSION


def test_points_decide_before_the_slot():
    sooner = replace(FIT, id=2, slug="sooner", concerns=(), next_slot_at=NOW)

    assert [one.slug for one in found(sooner, FIT).matches] == ["first", "sooner"]


def test_without_anybody_the_failed_filters_are_counted_most_frequent_first():
    result = found(
        replace(FIT, id=1, accepts_new_couples=False),
        replace(FIT, id=2, languages=("fr",)),
        replace(FIT, id=3, languages=("de",), formats=()),
    )

    assert result.failed_filters == (("no_shared_language", 2), ("closed_to_new_couples", 1))
    assert found().outcome == "waitlist"


def test_need_in_own_words_still_finds_somebody():
    one = only(FIT, inquiry=replace(INQUIRY, needs=("other",)))

    assert (one.points.specialism, one.points.modality) == (0, 0)
    assert one.gap == Reason("no_stated_specialism", (("need", "other"),))
