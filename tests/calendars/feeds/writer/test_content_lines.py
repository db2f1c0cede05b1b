from __future__ import annotations

import pytest

from clinic.calendars.feeds.writer.content_lines import clean, escape, fold, unfold


def test_text_is_escaped_once():
    assert escape('a\\b; c, d\ne: "f"') == 'a\\\\b\\; c\\, d\\ne: "f"'


@pytest.mark.parametrize(
    "end", ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x1d", "\x85", "\u2028", "\u2029"]
)
def test_every_line_end_becomes_a_newline(end):
    assert clean(f"one{end}two") == "one\ntwo"


def test_control_characters_and_half_characters_are_stripped():
    assert clean("a\x00\x07\x1b\x7f\x9f\ud800b\tc") == "ab\tc"


def test_a_line_of_75_octets_stays_whole():
    assert fold("x" * 75) == "x" * 75 + "\r\n"


def test_a_longer_line_goes_on_after_a_space():
    assert fold("x" * 76) == "x" * 75 + "\r\n x\r\n"
    assert fold("x" * 150) == "x" * 75 + "\r\n " + "x" * 74 + "\r\n x\r\n"


def test_octets_are_counted_and_characters_kept_whole():
    assert fold("x" * 74 + "çé") == "x" * 74 + "\r\n çé\r\n"
    assert fold("x" * 72 + "👩\u200d👩") == "x" * 72 + "\r\n 👩\u200d👩\r\n"


def test_an_escape_is_never_cut():
    assert fold("x" * 74 + "\\n\\;") == "x" * 74 + "\r\n \\n\\;\r\n"
    assert fold("x" * 73 + "\\\\\\,") == "x" * 73 + "\\\\\r\n \\,\r\n"


def test_unfolding_gives_the_line_back():
    line = "SUMMARY:" + "Sessão\\, à tarde  " * 12
    assert unfold(fold(line)) == line + "\r\n"
