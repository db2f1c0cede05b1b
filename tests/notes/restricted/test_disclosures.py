from __future__ import annotations

from datetime import date

import pytest

from clinic.foundation.errors import Conflict, NotFound
from clinic.notes.restricted.disclosures import (
    decide_disclosure,
    list_disclosures,
    write_disclosure,
)
from clinic.notes.rules.clinical_values import DisclosureDetails, RuptureDetails
from clinic.notes.ruptures.service import open_rupture

pytestmark = pytest.mark.usefixtures("context")


def test_disclosure_can_seed_a_rupture_that_is_restricted_whatever_was_asked(record):
    told = DisclosureDetails("A", "Another person.", decision="encourage")
    seed = record(write_disclosure, told, review_on=date(2026, 12, 1))

    record(open_rupture, RuptureDetails("Told alone", ("secrecy",), 4, disclosure=seed))

    assert record.rupture().details.visibility == "restricted"
    with pytest.raises(NotFound):
        record(open_rupture, RuptureDetails("x", ("secrecy",), 4, disclosure="0" * 32))


def test_decision_on_a_disclosure_is_changed_on_top_of_what_was_read(record):
    told = DisclosureDetails("A", "Another person.")
    seed = record(write_disclosure, told, review_on=date(2026, 12, 1))
    decided = DisclosureDetails("A", "Another person.", False, "withhold", "Not safe now.")
    values = {"review_on": date(2026, 12, 8), "flagged": True, "revision": 1}

    decide_disclosure(seed, decided, **values, **record.asks)

    [seen] = record(list_disclosures)
    assert (seen.details, seen.flagged, seen.revision) == (decided, True, 2)
    with pytest.raises(Conflict):
        decide_disclosure(seed, decided, **values, **record.asks)
