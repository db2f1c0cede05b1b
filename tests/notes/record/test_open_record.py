"""The table of who sees what (domain 2.7), row by row; break-glass; readings told before shown."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from clinic.foundation import audit
from clinic.foundation.audit import AuditEntry
from clinic.foundation.database.transactions import session
from clinic.notes.session_notes.queries import read_note
from tests.support.notes.whole_record import (
    CHARTS,
    NONE,
    NOW,
    outcome,
    read_as,
)

ROLES = ("lead", "supervisor", "other_therapist", "desk", "admin", "link")
pytestmark = pytest.mark.usefixtures("context")
PLAN = "Ten quiet minutes on Sunday."
ALL = ["attempt", "attempt", "attempt", "attempt", "note", "note", "note", "rupture", "rupture"]
SIGNED = ["attempt", "attempt", "attempt", "attempt", "note", "rupture", "rupture"]
NOBODY_ELSE = {"other_therapist": NONE, "desk": NONE, "admin": NONE, "link": NONE}
TABLE = {
    "signed joint note": {"lead": PLAN, "supervisor": PLAN},
    "draft": {"lead": PLAN, "supervisor": NONE},
    "writing screen": {"lead": "joint", "supervisor": "refused"},
    "versions": {"lead": 1, "supervisor": "refused"},
    "ratings": {"lead": 1, "supervisor": 1},
    "joint and restricted ruptures": {
        "lead": ["joint", "restricted"],
        "supervisor": ["joint", "restricted"],
    },
    "timeline": {"lead": ALL, "supervisor": SIGNED},
    "told between sessions": {"lead": ["R-01", "R-02"], "supervisor": ["R-01", "R-02"]},
    "cycle": {"lead": 1, "supervisor": 1},
    "drawing the cycle": {"lead": 2, "supervisor": "refused"},
    "marking an entry in error": {"lead": None, "supervisor": "refused"},
    "process note": {"lead": "My own unease.", "supervisor": NONE},
    "process notes": {"lead": 1, "supervisor": "refused", "link": "refused"},
    "disclosures": {"lead": ["Afraid at home.", "Told alone."], "supervisor": ["Afraid at home."]},
    "searching": {"lead": 2, "supervisor": 1},
    "writing a note": {"lead": 3, "supervisor": "refused"},
    "writing in the ledger": {"lead": "R-03", "supervisor": "refused"},
    "list of accesses": {"lead": True, "supervisor": "refused", "admin": True},
    "export": {"lead": "refused", "supervisor": "refused"},
}


@pytest.mark.parametrize("thing", list(TABLE))
def test_each_thing_is_given_to_whom_the_table_says_and_to_nobody_else(whole_record, thing):
    given = {role: read_as(whole_record, role, CHARTS[thing]) for role in ROLES}
    if thing == "disclosures" and isinstance(given["lead"], list):
        given["lead"] = sorted(given["lead"])

    assert given == NOBODY_ELSE | TABLE[thing]


def test_therapist_of_another_clinic_finds_nothing(whole_record):
    foreign = replace(whole_record.couple.lead, clinic_id="f" * 32)

    assert outcome(lambda: read_note(whole_record.note, actor=foreign, now=NOW)) == NONE


def actions():
    return list(session().scalars(sa.select(AuditEntry.action).order_by(AuditEntry.seq)))


@pytest.mark.parametrize(
    ("thing", "action"),
    [
        ("signed joint note", "note.read"),
        ("writing screen", "note.read"),
        ("ratings", "chart.read"),
        ("joint and restricted ruptures", "ledger.read"),
        ("timeline", "timeline.read"),
        ("process note", "process_note.read"),
        ("disclosures", "disclosure.listed"),
        ("searching", "chart.searched"),
    ],
)
def test_each_reading_is_in_the_audit_log(whole_record, thing, action):
    before = len(actions())

    read_as(whole_record, "lead", CHARTS[thing])

    assert actions()[before:] == [action]


@pytest.mark.parametrize(
    "thing",
    [
        "signed joint note",
        "writing screen",
        "ratings",
        "joint and restricted ruptures",
        "timeline",
        "process note",
        "process notes",
        "disclosures",
        "searching",
    ],
)
def test_where_the_audit_log_cannot_be_written_nothing_is_shown(whole_record, thing, monkeypatch):
    def broken(*_):
        raise OSError("disk full")

    monkeypatch.setattr(audit, "_write", broken)

    with pytest.raises(OSError, match="disk full"):
        CHARTS[thing](whole_record, whole_record.couple.lead)
