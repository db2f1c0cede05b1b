from __future__ import annotations

import pytest

from clinic.notes.rules.clinical_values import RuptureDetails
from clinic.notes.rules.rupture_lifecycle import TransitionRefused
from clinic.notes.ruptures.merge_and_split import merge_ruptures, split_rupture
from clinic.notes.ruptures.service import open_rupture
from tests.support.notes.led_record import BROKE

pytestmark = pytest.mark.usefixtures("context")


def test_merged_rupture_goes_on_in_the_other_and_both_tell_of_it(record):
    record(open_rupture, BROKE)
    record(open_rupture, BROKE)

    record(merge_ruptures, "R-02", "R-01")

    assert record.rupture("R-02").state.merged_into == "R-01"
    assert record.rupture("R-01").state.links == (("absorbed", "R-02"),)
    with pytest.raises(TransitionRefused):
        record(merge_ruptures, "R-02", "R-01")


def test_restricted_rupture_is_not_merged_into_a_joint_one(record):
    record(open_rupture, BROKE)
    record(open_rupture, RuptureDetails("Hidden", ("secrecy",), 2, visibility="restricted"))

    with pytest.raises(TransitionRefused, match="joint"):
        record(merge_ruptures, "R-02", "R-01")


def test_split_rupture_knows_where_it_comes_from(record):
    record(open_rupture, BROKE)

    ref = record(split_rupture, "R-01", RuptureDetails("The other half", ("secrecy",), 2))

    assert (ref, record.rupture(ref).state.split_from) == ("R-02", "R-01")
    assert record.rupture("R-01").state.links == (("split_into", "R-02"),)
