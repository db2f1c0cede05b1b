"""The stored form of each clinical value: what is sealed in the database and exported in a file.

Digests of signed notes are computed from this form, so a change of it is a change of every seal.
"""

from __future__ import annotations

from datetime import date

import pytest

from clinic.notes.rules.clinical_values import (
    AddendumText,
    AttemptDetails,
    CycleDetails,
    CyclePart,
    DisclosureDetails,
    EntryDetails,
    ErrorDetails,
    EventDetails,
    FlagDetails,
    NoteBody,
    RatingDetails,
    RuptureDetails,
)
from clinic.notes.rules.json_structure import from_plain
from clinic.notes.rules.json_values import to_plain

STORED = [
    (
        RuptureDetails("Late", ("betrayal",), 3, occurred_on=date(2026, 2, 14), roots=("shame",)),
        {
            "title": "Late",
            "types": ["betrayal"],
            "significance": 3,
            "level": "within_couple",
            "injured": "both",
            "occurred_on": "2026-02-14",
            "precision": "unknown",
            "ongoing": False,
            "attachment_injury": False,
            "nature": None,
            "airm_step": None,
            "roots": ["shame"],
            "visibility": "joint",
            "disclosure": None,
        },
    ),
    (
        EventDetails("status", "parked", "agreement"),
        {
            "kind": "status",
            "to_status": "parked",
            "reason": "agreement",
            "text": "",
            "reverses": None,
            "link": None,
        },
    ),
    (
        EntryDetails(True, 0, 10, "open"),
        {"worked_on": True, "intensity_a": 0, "intensity_b": 10, "status": "open", "note": ""},
    ),
    (
        AttemptDetails("A", ("i_statement",), "partly", "R-01"),
        {
            "by": "A",
            "acts": ["i_statement"],
            "receipt": "partly",
            "rupture": "R-01",
            "facilitated": False,
            "felt_safety_before": None,
            "felt_safety_after": None,
            "note": "",
        },
    ),
    (
        RatingDetails("B", "end", 0),
        {
            "partner": "B",
            "point": "end",
            "felt_safety": 0,
            "defensiveness": None,
            "regulation": None,
            "source": "therapist",
        },
    ),
    (
        CycleDetails("Silence", "pursue_withdraw", (CyclePart("A", "Asks", need="To be heard"),)),
        {
            "trigger": "Silence",
            "pattern": "pursue_withdraw",
            "parts": [
                {
                    "partner": "A",
                    "move": "Asks",
                    "perception": "",
                    "secondary_emotion": "",
                    "primary_emotion": "",
                    "need": "To be heard",
                    "position": None,
                }
            ],
        },
    ),
    (ErrorDetails("Wrong partner."), {"reason": "Wrong partner."}),
    (AddendumText("More."), {"text": "More.", "reason": ""}),
    (
        DisclosureDetails("A", "Alone.", True),
        {
            "by": "A",
            "text": "Alone.",
            "disclosable": True,
            "decision": "none",
            "decision_reason": "",
        },
    ),
    (
        FlagDetails("Fear", 2, "A call."),
        {"about": "Fear", "level": 2, "action": "A call.", "owner": "", "cleared_because": ""},
    ),
]


@pytest.mark.parametrize(("value", "stored"), STORED, ids=lambda one: type(one).__name__)
def test_value_is_stored_in_this_form_and_read_back(value, stored):
    assert (to_plain(value), from_plain(type(value), stored)) == (stored, value)


def test_body_of_an_empty_note_is_stored_without_the_fields_that_came_later():
    assert to_plain(NoteBody(nonce="n")) == {
        "content": {
            "attendance": [],
            "safety": {"result": None, "text": ""},
            "checkins": [],
            "ratings": [],
            "ruptures": [],
            "new_ruptures": [],
            "cycle": {"text": "", "pattern": None, "moves": []},
            "interventions": [],
            "attempts": [],
            "responses": [],
            "goals": [],
            "stage": "",
            "plan": "",
            "exercises": [],
            "free_text": "",
        },
        "late_reason": "",
        "nonce": "n",
    }
