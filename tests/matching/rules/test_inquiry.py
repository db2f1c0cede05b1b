from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from clinic.matching.rules.inquiry import PartnerWishes, inputs_hash
from tests.support.matching import FIT, INQUIRY, NOW


def test_what_a_partner_prefers_is_also_acceptable():
    wishes = PartnerWishes("A", ("pt",), ("en", "pt"), ("online",), ("in_person",))

    assert wishes.languages() == frozenset({"pt", "en"})
    assert wishes.formats() == frozenset({"online", "in_person"})


def test_the_digest_of_the_inputs_does_not_depend_on_the_order_of_candidates():
    other = replace(FIT, id=2, next_slot_at=None)
    digest = inputs_hash(INQUIRY, candidates=(FIT, other), now=NOW)

    assert digest == inputs_hash(INQUIRY, candidates=(other, FIT), now=NOW)
    assert len(digest) == 64


@pytest.mark.parametrize(
    ("inquiry", "candidate", "now"),
    [
        (replace(INQUIRY, place="PT"), FIT, NOW),
        (INQUIRY, replace(FIT, next_slot_at=NOW), NOW),
        (INQUIRY, FIT, NOW + timedelta(seconds=1)),
    ],
)
def test_any_other_input_has_another_digest(inquiry, candidate, now):
    assert inputs_hash(inquiry, candidates=(candidate,), now=now) != inputs_hash(
        INQUIRY, candidates=(FIT,), now=NOW
    )
