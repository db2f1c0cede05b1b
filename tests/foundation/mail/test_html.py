from __future__ import annotations

from clinic.foundation.mail.html import html_of

LETTER = """Hello Kim,

    Tuesday 1 December 2026, 10:00
    with Inês Duarte

To see it, open:

    https://clinic.example/a/token?x=1&y=2

Reference: ABC
"""


def inside(text):
    page = html_of(text, language="pt", base_url="https://clinic.example")
    return page.partition(">\n<p")[2].partition("</body>")[0]


def test_letter_keeps_its_words_its_order_and_what_is_set_off():
    assert html_of(LETTER, language="pt", base_url="https://clinic.example") == (
        '<!doctype html>\n<html lang="pt">\n<head><meta charset="utf-8"></head>\n'
        '<body style="font-family: sans-serif; line-height: 1.5; max-width: 38em; '
        'overflow-wrap: anywhere">\n'
        "<p>Hello Kim,</p>\n"
        '<p style="margin-left: 1.5em">Tuesday 1 December 2026, 10:00<br>\nwith Inês Duarte</p>\n'
        "<p>To see it, open:</p>\n"
        '<p style="margin-left: 1.5em"><a href="https://clinic.example/a/token?x=1&amp;y=2">'
        "https://clinic.example/a/token?x=1&amp;y=2</a></p>\n"
        "<p>Reference: ABC</p>\n</body>\n</html>\n"
    )


def test_name_somebody_typed_is_neither_markup_nor_a_link():
    for name in ("<img src=x>", '"><b>', "https://evil.example/", "https://clinic.example.evil/a"):
        said = inside(f"Hello,\n\n{name}\n")
        assert "<a" not in said
        assert "<img" not in said
        assert "<b>" not in said
