"""The demo couple's course is the worked example of the domain document, to the last figure."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from clinic.accounts.models import Account
from clinic.foundation.database.transactions import session
from clinic.foundation.permissions.actors import Actor, Role
from clinic.notes.between_sessions.questionnaires import measures_page
from clinic.notes.pages.overview import chain_break, couple_ledger, couple_overview
from clinic.notes.record.note_models import SessionNote
from clinic.practice.clinic.clinics import the_clinic
from tests.support.factories import NOW
from tests.support.paths import DATA

WORKED = DATA / "courses" / "worked_example.json"
LATER = NOW + timedelta(hours=1)


pytestmark = pytest.mark.usefixtures("demo", "context")


def lead():
    account = next(
        one for one in session().scalars(sa.select(Account)) if (one.email or "")[:4] == "ines"
    )
    return Actor(
        clinic_id=the_clinic().id,
        name=f"account:{account.id}",
        account_id=account.id,
        roles=frozenset({Role.THERAPIST}),
        therapist_id=account.therapist_id,
    )


def test_ledger_command_and_page_facts_give_the_worked_example(app):
    gaps = [2, 1, 1, 0, 1, 1, 0, 1]
    """The demo also tells how safe each felt, which the worked example leaves open."""
    expected = json.loads(WORKED.read_text(encoding="utf-8")) | {
        "couple": "C-0001",
        "safety_gap": [
            {"session": number, "gap": gap, "prompt": False}
            for number, gap in enumerate(gaps, start=1)
        ],
        "window_tolerance": {
            "started": 1,
            "without_pause": 0,
            "value": 0.0,
            "shown": "0.0%",
            "first_pauses_s": [340],
        },
    }

    printed = app.test_cli_runner().invoke(args=["ledger", "C-0001", "--json"])
    _course, ledger = couple_ledger("C-0001", actor=lead(), now=LATER)

    assert printed.exit_code == 0
    assert json.loads(printed.stdout) == expected
    assert ledger.to_json() == expected
    assert couple_overview("C-0001", actor=lead(), now=LATER).ledger.to_json() == expected


def test_demo_couple_answered_the_made_up_scale_and_the_shelf_holds_our_own_ratings():
    page = measures_page("C-0001", actor=lead(), now=LATER)

    assert [one.instrument.label for one in page.shelf] == [
        "demo_closeness 1 en", "own_ratings 1 en", "own_ratings 1 pt",
    ]  # fmt: skip
    totals = {
        who: [d.scores[0].value for d in told if d.partner == who]
        for told in [[one.details for one in reversed(page.responses)]]
        for who in "AB"
    }
    assert totals == {"A": ["8", "14", "10", "16"], "B": ["11", "13", "12", "15"]}


def test_demo_notes_are_sealed_in_one_chain():
    rows = session().execute(
        sa.select(SessionNote.seal_number, SessionNote.status, SessionNote.is_late).order_by(
            SessionNote.held_from
        )
    )

    assert [tuple(row) for row in rows] == [(n, "signed", False) for n in range(1, 9)]
    assert chain_break("C-0001", actor=lead(), now=LATER) is None
