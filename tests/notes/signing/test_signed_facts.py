from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from clinic.foundation.errors import Conflict
from clinic.notes.pages.overview import couple_overview
from clinic.notes.rules.note_content import Rating
from clinic.notes.rules.sealing import NoteStatus
from clinic.notes.ruptures.service import change_status
from clinic.notes.session_notes.queries import read_note
from clinic.notes.signing.signing import recall_signature
from tests.support.factories import a_note, make_note, make_signed_note
from tests.support.notes.signing import AT, LATER, NEW, SOON, TRIED, sign

pytestmark = pytest.mark.usefixtures("context")


def test_signature_brings_ruptures_attempts_and_ratings_into_the_record(couple):
    content = a_note(
        new_ruptures=(replace(NEW, status="in_repair"),),
        attempts=(TRIED,),
        ratings=(Rating("A", "end", defensiveness=7), Rating("B", "end")),
    )
    note_id = make_note(couple, content, at=AT, now=SOON)

    sign(couple, note_id)

    seen = couple_overview(couple.code, actor=couple.lead, now=SOON)
    [rupture] = seen.ruptures
    [attempt] = seen.attempts
    [rating] = seen.ratings
    assert (rupture.ref, rupture.state.status, rupture.details.title) == (
        "R-01",
        "in_repair",
        "The late reply",
    )
    assert (attempt.session_number, attempt.details.rupture, attempt.details.receipt) == (
        1,
        "R-01",
        "partly",
    )
    assert (rating.session_number, rating.details.defensiveness) == (1, 7)
    body = read_note(note_id, actor=couple.lead, now=SOON).body
    assert body.content.attempts[0].rupture == "R-01"


def test_recalled_signature_takes_out_what_it_brought(couple):
    content = a_note(new_ruptures=(NEW,), attempts=(TRIED,), ratings=(Rating("A", "end", 5),))
    note_id = make_signed_note(couple, content, at=AT, sealed=False)

    recall_signature(note_id, actor=couple.lead, now=LATER - timedelta(seconds=1))

    seen = couple_overview(couple.code, actor=couple.lead, now=LATER)
    note = read_note(note_id, actor=couple.lead, now=LATER)
    assert (seen.ruptures, seen.attempts, seen.ratings) == ((), (), ())
    assert (note.status, note.signed_at, note.digest) == (NoteStatus.DRAFT, None, None)


def test_recalled_note_is_signed_again_with_the_same_refs(couple):
    content = a_note(new_ruptures=(NEW,), attempts=(TRIED,))
    note_id = make_signed_note(couple, content, at=AT, sealed=False)
    recall_signature(note_id, actor=couple.lead, now=SOON)

    sign(couple, note_id, revision=3)

    [attempt] = couple_overview(couple.code, actor=couple.lead, now=LATER).attempts
    assert attempt.details.rupture == "R-01"


def test_signature_that_later_work_rests_on_is_not_recalled(couple):
    note_id = make_signed_note(
        couple, a_note(new_ruptures=(NEW,), attempts=(TRIED,)), at=AT, sealed=False
    )
    change_status(
        couple.code, "R-01", "in_repair", reason="attempt_made", actor=couple.lead, now=SOON
    )

    with pytest.raises(Conflict, match="rests on this note"):
        recall_signature(note_id, actor=couple.lead, now=SOON)
