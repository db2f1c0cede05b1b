from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from clinic.matching.rules.inquiry import PartnerWishes
from clinic.matching.rules.ranking import RULE_VERSION, FilteredOut, Match
from clinic.matching.rules.reasons import Points, Reason
from tests.support.matching import FIT, INQUIRY, NOW, A, B, found, only


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
    ("changes", "filters", "shown_filter"),
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
    changes, filters, shown_filter
):
    result = found(replace(FIT, **changes))

    assert result.outcome == "waitlist"
    assert result.filtered_out == (FilteredOut(1, "first", filters),)
    assert result.failed_filters == ((filters[0], 1),)
    assert (result.filtered_out[0].named, result.filtered_out[0].shown_filter) == (
        filters[0],
        shown_filter,
    )


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


def test_private_preference_is_told_only_to_the_partner_who_stated_it():
    inquiry = replace(INQUIRY, partners=(replace(A, preferences=("experience:lgbtq",)), B))
    one = only(replace(FIT, traits=("experience:lgbtq",), next_slot_at=None), inquiry=inquiry)

    told = Reason("preference_met", (("preference", "experience:lgbtq"),), only_for="A")
    assert one.points.preference == 5
    assert told in one.reasons_for("A")
    assert told not in one.reasons_for("B")
    assert told not in one.reasons_for(None)
    assert 2 <= len(one.reasons_for("B")) <= len(one.reasons) <= 4


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
