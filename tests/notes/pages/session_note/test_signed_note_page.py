from __future__ import annotations

import re
from datetime import timedelta

import pytest

from clinic.foundation.clock import clock
from tests.support.factories import NOW, PASSWORD, a_note, make_signed_note
from tests.support.notes.record_client import AT, WHOLE
from tests.support.notes.signing import RAISED
from tests.support.web.compact_html import compact

FORMATS = {
    "soap": ["Subjective", "Objective", "Assessment", "Plan"],
    "dap": ["Data", "Assessment", "Plan"],
    "birp": ["Behaviour", "Intervention", "Response", "Plan"],
    "girp": ["Goals", "Intervention", "Response", "Plan"],
}


def signed(desk, **note):
    """The page of a note that was signed an hour after its session began; it is not sealed yet."""
    note_id = desk.make(lambda: make_signed_note(desk.couple, a_note(**note), at=AT, sealed=False))
    return f"/desk/notes/{note_id}"


def headings(page):
    return re.findall(r'<section class="read-part"><h2>(\w+)</h2>', compact(page))


def chosen(page):
    """What the tabs of the formats mark as shown."""
    [tabs] = re.findall(
        r'<nav class="tabs no-print" aria-label="Formats">(.*?)</nav>', page, re.DOTALL
    )
    return re.findall(r'aria-current="page">([\w ]+)<', tabs)


def test_note_is_read_whole_or_in_one_of_the_classical_formats(desk):
    note = signed(desk)

    read = {view: desk.get(f"{note}?view={view}") for view in FORMATS}

    assert {view: headings(page) for view, page in read.items()} == FORMATS
    assert {view: chosen(page) for view, page in read.items()} == {
        view: [view.upper()] for view in FORMATS
    }
    assert [chosen(desk.get(f"{note}{query}")) for query in ("", "?view=other")] == [
        ["Whole note"],
        ["Whole note"],
    ]


@pytest.mark.parametrize("view", FORMATS)
def test_every_classical_format_prints_the_flag_with_its_level(desk, view):
    page = desk.get(f"{signed(desk, safety=RAISED)}?view={view}")

    printed = [
        one
        for one in re.findall(r'<li class="pre" dir="auto">(.*?)</li>', page)
        if one.startswith("Safety")
    ]
    assert printed == [
        "Safety: Safety flag raised · level 2 of 3 · Afraid at home.",
        "Safety: A call tomorrow. · to be looked at again by Monday 23 November 2026",
    ]


def test_author_is_named_and_may_take_the_signature_back_for_fifteen_minutes(desk):
    note = f"/desk/notes/{desk.draft()}"
    desk.post(note, WHOLE | {"revision": "2", "late_reason": "Ill."})
    desk.post(f"{note}/sign", {"revision": "3", "password": PASSWORD})

    pages = []
    for minutes in (14, 15):
        clock.freeze(NOW + timedelta(minutes=minutes))
        pages.append(desk.get(note))

    assert ["You can take it back until 09:15" in page for page in pages] == [True, False]
    assert ["Add to this note" in page for page in pages] == [False, True]
    assert ["Signed by Inês Duarte" in page for page in pages] == [True, True]
