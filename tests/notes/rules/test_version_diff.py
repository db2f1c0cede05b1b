"""Two texts of one note side by side, field by field and word by word."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.notes.rules.clinical_values import NoteBody
from clinic.notes.rules.note_content import Attendance, NewRupture, NoteContent, Rating
from clinic.notes.rules.version_diff import Piece, compare, pieces

TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=30)
pytestmark = pytest.mark.one_database


def test_texts_are_compared_word_by_word():
    assert pieces("He came late.", "He came early, twice.") == (
        Piece("same", "He came "),
        Piece("before", "late"),
        Piece("after", "early, twice"),
        Piece("same", "."),
    )


@settings(max_examples=100, deadline=None)
@given(TEXT, TEXT)
def test_both_texts_can_be_read_from_their_comparison(before, after):
    found = pieces(before, after)

    assert "".join(p.text for p in found if p.kind != "after") == before
    assert "".join(p.text for p in found if p.kind != "before") == after


def test_rows_of_partners_are_compared_with_themselves():
    first = NoteContent(
        attendance=(Attendance("A", "present"), Attendance("B", "late")),
        ratings=(Rating("B", "end", 5),),
    )
    second = NoteContent(attendance=(Attendance("B", "present"),), ratings=(Rating("B", "end", 6),))

    assert [(c.path, c.before, c.after) for c in compare(NoteBody(first), NoteBody(second))] == [
        ("attendance.A.partner", "A", ""),
        ("attendance.A.code", "present", ""),
        ("attendance.B.code", "late", "present"),
        ("ratings.B.end.felt_safety", "5", "6"),
    ]


def test_the_key_by_which_attempts_know_a_new_rupture_is_no_difference():
    one, other = (NoteContent(new_ruptures=(NewRupture("Alone", key=k),)) for k in ("n1", "n2"))

    assert compare(NoteBody(one), NoteBody(other)) == ()
    added = compare(NoteBody(NoteContent()), NoteBody(one))
    assert [c.path for c in added if c.path.endswith(("key", "title"))] == ["new_ruptures.0.title"]
