from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from clinic.foundation.errors import Conflict
from clinic.notes.pages.overview import couple_overview
from clinic.notes.rules.sealing import NoteStatus
from clinic.notes.session_notes.queries import read_note
from clinic.notes.signing.addenda import return_for_revision
from tests.support.factories import a_note, make_note, make_signed_note
from tests.support.notes.signing import AT, LATER, SOON, TRIED, add, sign

pytestmark = pytest.mark.usefixtures("context")


def test_addenda_are_kept_in_order_with_their_reasons(couple):
    note_id = make_signed_note(couple, at=AT)

    add(couple, note_id, now=LATER)
    add(couple, note_id, now=LATER, kind="amendment", text="B, not A.", reason="Wrong partner.")

    told = read_note(note_id, actor=couple.lead, now=LATER).addenda
    assert [(a.number, a.kind, a.said.text, a.said.reason) for a in told] == [
        (1, "addendum", "More.", ""),
        (2, "amendment", "B, not A.", "Wrong partner."),
    ]


def test_amendment_needs_its_reason(couple):
    note_id = make_signed_note(couple, at=AT)

    with pytest.raises(Exception, match="reason"):
        add(couple, note_id, now=LATER, kind="amendment")


def test_addendum_waits_for_the_seal(couple):
    note_id = make_signed_note(couple, at=AT, sealed=False)

    with pytest.raises(Conflict, match="not sealed yet"):
        add(couple, note_id, now=SOON)


def test_note_entered_in_error_leaves_the_numbers_and_the_ledger(couple):
    wrong = make_signed_note(couple, a_note(attempts=(replace(TRIED, rupture=None),)), at=AT)
    right = make_signed_note(couple, at=AT + timedelta(days=1))

    add(couple, wrong, now=LATER, kind="entered_in_error", reason="Another couple's session.")

    seen = couple_overview(couple.code, actor=couple.lead, now=LATER)
    assert [(one.number, one.note_id) for one in seen.sessions] == [(1, right)]
    assert seen.attempts == ()
    assert read_note(wrong, actor=couple.lead, now=LATER).entered_in_error


def test_supervisor_returns_a_note_and_it_still_waits(couple):
    note_id = make_note(couple, at=AT, now=SOON)
    sign(couple, note_id, for_cosign=True)

    return_for_revision(note_id, comment="Say more on B.", actor=couple.supervisor, now=LATER)

    note = read_note(note_id, actor=couple.lead, now=LATER)
    assert (note.status, note.addenda[0].kind) == (NoteStatus.COSIGN_PENDING, "returned")
