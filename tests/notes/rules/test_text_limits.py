"""Texts of the record are taken up to their limit; one character more is refused with it."""

from __future__ import annotations

from datetime import date

import pytest

from clinic.foundation.errors import InvalidInput
from clinic.notes.restricted.emergency_access import check_reason
from clinic.notes.rules.clinical_values import FlagDetails
from clinic.notes.rules.text_limits import TOO_LONG, length_problems
from clinic.notes.ruptures.merge_and_split import merge_ruptures
from clinic.notes.ruptures.safety_flags import open_safety_flag
from clinic.notes.signing.addenda import add_addendum, return_for_revision
from tests.support.factories import NOW, make_care_couple, make_signed_note

pytestmark = [pytest.mark.one_database, pytest.mark.usefixtures("context")]


@pytest.mark.parametrize("most", sorted(TOO_LONG))
def test_each_limit_is_said_with_its_number(most):
    texts = (("fits", "x" * most, most), ("long", "x" * (most + 1), most))

    assert length_problems(*texts) == [("long", TOO_LONG[most])]
    assert f" {most:,} characters" in TOO_LONG[most]


def test_what_is_too_long_is_refused_at_its_field_before_anything_is_written():
    couple = make_care_couple()
    note = make_signed_note(couple, at=NOW.replace(day=20))
    by = {"actor": couple.lead, "now": NOW}
    flag = FlagDetails("Shouting", 2, "Seen alone", owner="x" * 121)
    tries = (
        lambda: add_addendum(note, kind="amendment", text="x" * 20_001, reason="y" * 2_001,
                             proved_at=NOW, **by),
        lambda: return_for_revision(note, comment="x" * 20_001, **by),
        lambda: merge_ruptures(couple.code, "R-01", "R-02", text="x" * 4_001, **by),
        lambda: check_reason("x" * 2_001),
        lambda: open_safety_flag(couple.code, flag, review_on=date(2026, 12, 1), **by),
    )  # fmt: skip

    refused = []
    for attempt in tries:
        with pytest.raises(InvalidInput) as error:
            attempt()
        refused.append(error.value.errors)

    assert refused == [
        {"text": [TOO_LONG[20_000]], "reason": [TOO_LONG[2_000]]},
        {"comment": [TOO_LONG[20_000]]},
        {"text": [TOO_LONG[4_000]]},
        {"reason": [TOO_LONG[2_000]]},
        {"owner": [TOO_LONG[120]]},
    ]
