from __future__ import annotations

import re
from dataclasses import replace

import pytest

from clinic.foundation.errors import NotFound
from clinic.practice.rules.vocabulary import (
    UnknownTerm,
    VocabularyBroken,
    load_all,
    load_vocabulary,
    need_problems,
    parse_vocabulary,
)

DOMAIN_SECTIONS = {
    "rupture_type": 16,
    "sign": 15,
    "protective_behaviour": 19,
    "attention_pattern": 9,
    "body_signal": 18,
    "trigger": 11,
    "root": 16,
    "belief": 18,
    "attachment_style": 6,
    "cycle_element": 12,
    "cycle_position": 3,
    "cycle_pattern": 5,
    "cycle_impact": 5,
    "repair_act": 18,
    "exercise": 14,
    "modality": 10,
    "healing_step": 14,
    "need": 8,
}


def test_every_vocabulary_of_the_domain_ships_with_all_its_terms():
    loaded = load_all()

    assert {name: len(loaded[name].terms) for name in DOMAIN_SECTIONS} == DOMAIN_SECTIONS


def test_reopening_reasons_receipts_and_statuses_are_the_domains_own():
    assert load_vocabulary("reopen_reason").codes() == (
        "recurrence", "new_information", "trust_dip", "anniversary", "other",
    )  # fmt: skip
    assert load_vocabulary("receipt").codes() == ("rejected", "ignored", "partly", "received")
    assert load_vocabulary("rupture_status").codes() == (
        "open", "in_repair", "repaired", "reopened", "parked", "closed_unrepaired",
    )  # fmt: skip


def test_other_asks_for_a_text_in_every_open_vocabulary():
    asked = {
        name: one.term("other").needs_text for name, one in load_all().items() if one.has_other
    }

    assert set(asked.values()) == {True}
    assert {name for name, one in load_all().items() if not one.has_other} == {
        "receipt",
        "rupture_status",
    }


def test_no_portuguese_label_claims_a_review_that_has_not_happened():
    assert {t.label_reviewed_by for v in load_all().values() for t in v.terms} == {None}


@pytest.mark.parametrize("brazilian", ["ruptur", "apego", "celular", "registro", "contato"])
def test_portuguese_is_european_and_follows_the_1990_spelling(brazilian):
    texts = [
        (t.code, t.label_pt + " " + t.definition_pt) for v in load_all().values() for t in v.terms
    ]

    assert [code for code, text in texts if re.search(brazilian, text, re.IGNORECASE)] == []


def test_body_signals_carry_their_valence():
    signals = load_vocabulary("body_signal").terms

    assert [t.code for t in signals if t.valence == "+"] == [
        "expansive_safe",
        "calm_knowing",
        "settled",
    ]
    assert len([t for t in signals if t.valence == "-"]) == 14


def test_transparency_window_carries_its_parameters():
    assert dict(load_vocabulary("exercise").term("transparency_window").params) == {
        "duration_s": 600,
        "questions": 1,
        "question_max_characters": 200,
        "pause_threshold": 5,
        "pause_comparison": ">",
        "pause_min_s": 1200,
        "rating_prompts_s": (0, 150, 300, 450, 600),
        "consents_required": 2,
        "end_states": ("completed", "paused_resumed", "stopped", "not_started"),
    }


def test_label_follows_the_locale_and_falls_back_to_english():
    betrayal = load_vocabulary("rupture_type").term("betrayal")

    assert (betrayal.label("pt_PT"), betrayal.label("en"), betrayal.label("fr")) == (
        "Traição", "Betrayal", "Betrayal",
    )  # fmt: skip


def test_needs_point_only_to_known_codes_and_modalities():
    broken = dict(load_all())
    need = broken["need"].term("feel_safe")
    broken["need"] = broken["need"].with_term(
        replace(
            need,
            params={
                "codes": ("gap", "nowhere"),
                "modality_first": "magic",
                "modality_also": "efct",
            },
        )
    )

    assert need_problems(load_all()) == []
    assert need_problems(broken) == [
        "need (feel_safe): no term 'nowhere'",
        "need (feel_safe): no modality 'magic'",
    ]


def test_text_that_is_not_json_is_refused():
    with pytest.raises(VocabularyBroken, match="small: not JSON"):
        parse_vocabulary("{", name="small")


def test_retired_term_is_no_longer_offered_but_still_known():
    after = load_vocabulary("trigger").retire("touch")

    assert "touch" not in [t.code for t in after.offered()]
    assert after.term("touch").label_en == "Touch"
    assert after.codes() == load_vocabulary("trigger").codes()


def test_unknown_vocabulary_and_unknown_term_are_not_found():
    with pytest.raises(NotFound):
        load_vocabulary("../secrets")
    with pytest.raises(UnknownTerm, match="touchy"):
        load_vocabulary("trigger").term("touchy")
