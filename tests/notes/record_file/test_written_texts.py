from __future__ import annotations

from dataclasses import replace

import pytest

from clinic.notes.record_file.document import WrittenPart
from clinic.notes.record_file.written_texts import written_of, written_part, written_problems
from tests.support.notes.record_files import record_with

BAD, SHOWN = "a\x00b\x7f", "a�b�"
RECORD = record_with({"addenda.0.said.text": SHOWN})
ID = RECORD.addenda[0].id
AS_WRITTEN = WrittenPart("addenda", ID, '{"reason":"","text":"a\\u0000b\\u007f"}')


def with_written(*parts):
    return replace(RECORD, written=parts)


def test_refused_characters_are_escapes_in_a_text_as_it_was_written():
    assert written_part("addenda", ID, {"text": BAD, "reason": ""}) == AS_WRITTEN


def test_texts_as_they_were_written_are_found_by_list_and_id():
    unreadable = WrittenPart("notes", "1", "{")
    too_deep = WrittenPart("notes", "2", "[" * 100_000)

    assert written_of(with_written(AS_WRITTEN, unreadable, too_deep)) == {
        ("addenda", ID): {"text": BAD, "reason": ""}
    }
    assert written_of(RECORD) == {}


def test_text_that_the_file_shows_with_marks_has_no_problem():
    assert list(written_problems(with_written(AS_WRITTEN))) == []
    assert list(written_problems(RECORD)) == []


@pytest.mark.parametrize(
    ("part", "place", "said"),
    [
        (replace(AS_WRITTEN, id="0" * 32), "id", "There is no such text in the file."),
        (replace(AS_WRITTEN, list="notes"), "id", "There is no such text in the file."),
        (replace(AS_WRITTEN, json="{"), "json", "This is not the text that the file shows."),
        (
            replace(AS_WRITTEN, json="[" * 600 + "]" * 600),
            "json",
            "This is not the text that the file shows.",
        ),
        (
            replace(AS_WRITTEN, json='{"reason":"","text":"a\\u0000c"}'),
            "json",
            "This is not the text that the file shows.",
        ),
        (
            replace(AS_WRITTEN, json='{"reason":"","text":"a�b�"}'),
            "json",
            "This text holds nothing that must be told apart.",
        ),
    ],
)
def test_written_text_is_another_way_to_write_what_the_file_shows(part, place, said):
    assert list(written_problems(with_written(part))) == [(f"written[0].{place}", said)]
