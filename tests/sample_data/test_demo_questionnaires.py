from __future__ import annotations

import json
from fractions import Fraction

from clinic.practice.instruments.service import list_instruments
from clinic.practice.rules.instruments import parse_instrument
from clinic.sample_data.demo_questionnaires import CLOSENESS, MADE_UP, TOTALS, add_demo_instruments
from tests.support.factories import NOW, make_care_couple


def test_the_made_up_scale_is_a_definition_that_says_it_is_made_up():
    found = parse_instrument(json.dumps(CLOSENESS))

    assert (found.code, [one.code for one in found.items]) == (
        "demo_closeness",
        ["time", "told", "heard", "glad"],
    )
    assert (MADE_UP in found.licence, MADE_UP in found.source) == (True, True)


def test_totals_lie_within_the_scale():
    (scale,) = parse_instrument(json.dumps(CLOSENESS)).scales

    outside = [
        total
        for totals in TOTALS.values()
        for total in totals.values()
        if not scale.lowest <= Fraction(total) <= scale.highest
    ]
    assert (list(TOTALS), outside) == (["A", "B"], [])


def test_the_shelf_holds_our_own_ratings_in_both_languages_and_the_made_up_scale(context):
    admin = make_care_couple().admin

    add_demo_instruments(actor=admin, now=NOW)

    assert sorted(
        (one.instrument.code, one.instrument.language) for one in list_instruments(admin.clinic_id)
    ) == [("demo_closeness", "en"), ("own_ratings", "en"), ("own_ratings", "pt")]
