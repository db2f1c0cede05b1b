"""What the tests of matching share: a couple's enquiry and a therapist who fits it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from clinic.matching.rules.inquiry import Candidate, Inquiry, PartnerWishes
from clinic.matching.rules.ranking import match
from clinic.matching.rules.reasons import need_rules
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
