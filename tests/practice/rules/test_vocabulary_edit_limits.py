from __future__ import annotations

from clinic.notes.rules.note_checks import PRESENT_CODES
from clinic.notes.rules.rupture_events import RuptureStatus
from clinic.notes.rules.rupture_lifecycle import REOPEN_REASONS
from clinic.notes.rules.selectable_terms import REASON_LISTS
from clinic.practice.rules.vocabulary import load_all, load_vocabulary
from clinic.practice.rules.vocabulary_edit_limits import FIXED, KEPT, limits_of


def test_every_list_without_other_is_fixed_and_the_names_exist():
    loaded = load_all()

    assert {name for name, one in loaded.items() if not one.has_other} <= set(FIXED)
    assert set(FIXED) | set(KEPT) <= set(loaded)
    assert all(code in loaded[name].codes() for name, codes in KEPT.items() for code in codes)


def test_codes_that_the_rules_read_stand_in_fixed_lists():
    assert set(load_vocabulary("attendance").codes()) >= PRESENT_CODES
    assert {one.value for one in RuptureStatus} == set(load_vocabulary("rupture_status").codes())
    assert {"attendance", "rupture_status", "receipt", "safety_check", "repair_reason"} == set(
        FIXED
    )
    assert load_vocabulary("reopen_reason").codes() == REOPEN_REASONS
    assert set(REASON_LISTS) <= set(load_all())


def test_fixed_list_keeps_every_term_and_says_why():
    limits = limits_of(load_vocabulary("receipt"))

    assert not limits.may_add
    assert limits.retire_refusal("partly") == FIXED["receipt"]


def test_open_list_lets_every_term_go_but_other():
    limits = limits_of(load_vocabulary("repair_act"))

    assert limits.may_add
    assert [c for c in load_vocabulary("repair_act").codes() if limits.retire_refusal(c)] == [
        "other"
    ]


def test_reason_that_the_product_writes_itself_stays():
    limits = limits_of(load_vocabulary("park_reason"))

    assert limits.may_add
    assert limits.retire_refusal("safety_flag")
    assert not limits.retire_refusal("agreement")
