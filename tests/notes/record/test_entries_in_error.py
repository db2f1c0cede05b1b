from __future__ import annotations

import pytest

from clinic.foundation.database.transactions import session
from clinic.notes.between_sessions.corrections import mark_in_error
from clinic.notes.record.entries_in_error import InError, in_error, marked_in_error, marks_of
from clinic.notes.signing.addenda import add_addendum
from tests.support.factories import make_signed_note
from tests.support.notes.led_record import AT, NOW, record_with_ruptures

pytestmark = pytest.mark.usefixtures("context")


def test_marks_are_found_by_kind_and_by_entry():
    record = record_with_ruptures()
    slip, _kept = record.attempt(), record.attempt(receipt="received")
    record(mark_in_error, "attempt", slip, reason="Wrong day.")
    couple_id = record.couple.id

    ids = {
        what: list(session().scalars(marked_in_error(what, couple_id)))
        for what in ("attempt", "rating", "run", "measure")
    }

    assert ids == {"attempt": [slip], "rating": [], "run": [], "measure": []}
    assert marks_of("attempt", couple_id) == {slip: InError(NOW, "account:lead", "Wrong day.")}
    assert marks_of("rating", couple_id) == {}
    assert marks_of("attempt", "0" * 32) == {}


def test_note_is_in_error_when_an_addendum_says_so(couple):
    wrong = make_signed_note(couple, at=AT)
    for kind in ("addendum", "entered_in_error"):
        before = list(session().scalars(in_error(couple.id)))
        add_addendum(
            wrong, kind=kind, text="Said.", reason="Theirs.", proved_at=NOW,
            actor=couple.lead, now=NOW,
        )  # fmt: skip

    assert (before, list(session().scalars(in_error(couple.id)))) == ([], [wrong])
    assert list(session().scalars(in_error("0" * 32))) == []
