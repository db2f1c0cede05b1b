from __future__ import annotations

import pytest

from clinic.notes.between_sessions.service import draw_cycle
from clinic.notes.pages.overview import couple_overview, cycle_versions, emergency_openings
from clinic.notes.rules.clinical_values import CycleDetails, CyclePart
from tests.support.notes.whole_record import NOW, open_in_emergency

pytestmark = pytest.mark.usefixtures("context")


def test_every_version_of_the_cycle_is_kept_and_the_latest_shown(record):
    first = CycleDetails("Silence", "pursue_withdraw", (CyclePart("A", position="pursuer"),))
    second = CycleDetails("A missed call", "pursue_withdraw")
    numbers = [record(draw_cycle, one) for one in (first, second)]

    assert numbers == [1, 2]
    assert record(couple_overview).cycle.details == second
    assert [one.details for one in record(cycle_versions)] == [second, first]


def test_emergency_is_listed_with_its_reason_for_the_therapist_and_without_for_an_admin(
    whole_record,
):
    open_in_emergency(whole_record)

    def listed(actor):
        found = emergency_openings(whole_record.couple.code, actor=actor, now=NOW)
        return [(one.actor, one.opened_at, one.reason) for one in found]

    assert listed(whole_record.couple.lead) == [
        ("account:other", NOW, "Called from the hospital about them.")
    ]
    assert listed(whole_record.couple.admin) == [("account:other", NOW, None)]
