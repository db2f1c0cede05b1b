from __future__ import annotations

from dataclasses import replace

import pytest

from clinic.notes.record_file.seals import addenda_problems, chain_problems
from tests.support.notes.record_files import record_with

NOT_SIGNED = ("notes[0].signed_digest", "The text is not the one that was signed.")
BROKEN_HERE = ("notes[2].previous_digest", "The chain of seals is broken here.")


def test_seals_of_a_whole_record_hold():
    assert list(chain_problems(record_with())) == []
    assert list(addenda_problems(record_with())) == []


@pytest.mark.parametrize(
    ("place", "value", "problems"),
    [
        (
            "notes.0.body.content.plan",
            "Another plan.",
            [NOT_SIGNED, ("notes[0].digest", "The seal does not hold.")],
        ),
        (
            "notes.0.is_late",
            True,
            [NOT_SIGNED, ("notes[0].digest", "The seal does not hold.")],
        ),
        ("notes.0.signed_digest", "0" * 64, [NOT_SIGNED]),
        (
            "notes.0.digest",
            "0" * 64,
            [("notes[0].digest", "The seal does not hold."), BROKEN_HERE],
        ),
        ("notes.2.previous_digest", None, [BROKEN_HERE]),
        ("notes.2.seal_number", 3, [BROKEN_HERE]),
        ("notes.1.body.content.plan", "A draft may be changed.", []),
    ],
)
def test_changed_note_breaks_its_signature_its_seal_or_the_chain(place, value, problems):
    assert list(chain_problems(record_with({place: value}))) == problems


def test_order_of_the_notes_in_the_file_does_not_matter_for_the_chain():
    record = record_with()

    assert list(chain_problems(replace(record, notes=record.notes[::-1]))) == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"addenda.0.said.text": "Else."}, ("digest", "The seal does not hold.")),
        ({"addenda.0.author": "account:else"}, ("digest", "The seal does not hold.")),
        ({"addenda.0.number": 2}, ("digest", "The seal does not hold.")),
        ({"addenda.0.digest": "0" * 64}, ("digest", "The seal does not hold.")),
        (
            {"addenda.0.previous_digest": "0" * 64},
            ("previous_digest", "This does not follow what was said before."),
        ),
        (
            {"addenda.0.previous_digest": "nought", "notes.0.digest": "nought"},
            ("digest", "The seal does not hold."),
        ),
    ],
)
def test_changed_addendum_breaks_its_seal_or_its_place(changes, problem):
    place, said = problem

    assert list(addenda_problems(record_with(changes))) == [(f"addenda[0].{place}", said)]
