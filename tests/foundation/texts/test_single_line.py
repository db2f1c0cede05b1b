"""What may be kept as a name on one line."""

import pytest

from clinic.foundation.texts.single_line import has_control_characters, one_line


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  My   phone ", "My phone"),
        ("two\r\nlines\tand\u2028more", "two lines and more"),
        ("Café 😀 ٣", "Café 😀 ٣"),
        ("a" * 10, "a" * 10),
        ("a" * 11, None),
        ("", None),
        (" \n\u2029", None),
        ("a\x00b", None),
        ("\x1b[2J", None),
        ("\x7f", None),
        ("\ud800", None),
    ],
)
def test_name_is_folded_to_one_line_or_refused(typed, kept):
    assert one_line(typed, longest=18 if "two" in typed else 10) == kept


def test_line_breaks_and_unseen_characters_are_control_characters():
    assert [c for c in "a é\u00a0\n\r\x00\u2028\ud800" if has_control_characters(c)] == [
        "\n", "\r", "\x00", "\u2028", "\ud800",
    ]  # fmt: skip
