"""The pages of Transparency Windows: written down, drawn, kept from the other partner."""

from __future__ import annotations

import re

from tests.support.factories import make_signed_note
from tests.support.notes.record_client import AT
from tests.support.web.compact_html import compact

WINDOW = {
    "happened_on": "2026-11-22",
    "asker": "A",
    "question": "Do you still think of that evening?",
    "consent_a": "yes",
    "consent_b": "yes",
    "began": "yes",
    "rows.0.B": "3",
    "rows.150.B": "5",
    "rows.free0.at": "5:40",
    "rows.free0.B": "6",
    "rows.free0.then": "pause",
    "rows.free0.waited": "20",
    "rows.600.A": "2",
    "reflection_a": "Only Alex wrote this.",
}


def test_a_window_is_written_down_drawn_and_counted_in_the_ledger(desk):
    code = desk.couple.code
    desk.make(lambda: make_signed_note(desk.couple, at=AT))

    desk.post(f"/desk/couples/{code}/windows/new", WINDOW)

    page = desk.get(f"/desk/couples/{code}/windows")
    assert "Paused and taken up again · pause at 5:40, 20 minutes long" in page
    assert page.count("<polyline points=") == 4  # the key's two, and a stretch of each partner
    ledger = desk.get(f"/desk/couples/{code}/ledger")
    assert re.search(r"<dt>Begun</dt><dd>1</dd><dt>Without a pause</dt><dd>0</dd>", compact(ledger))
    assert "pause 5:40" in ledger
    assert "Transparency Window" in desk.get(f"/desk/couples/{code}")


def test_partner_variant_of_the_ledger_holds_nothing_of_the_other_partners_window(desk):
    code = desk.couple.code
    desk.make(lambda: make_signed_note(desk.couple, at=AT))
    desk.post(f"/desk/couples/{code}/windows/new", WINDOW)

    for_b = desk.get(f"/desk/couples/{code}/ledger?for=partner&viewer=B")
    for_nobody = desk.get(f"/desk/couples/{code}/ledger?for=partner")

    assert '<g class="trace t1">' in for_b
    assert '<g class="trace t0">' not in for_b
    assert "that evening" not in for_b
    assert "Only Alex wrote this." not in for_b
    assert 'class="chart window"' not in for_nobody


def test_what_is_wrong_with_a_window_is_told_at_its_row_and_nothing_typed_is_lost(desk):
    path = f"/desk/couples/{desk.couple.code}/windows/new"
    wrong = {"question": "", "rows.150.B": "7", "reflection_a": "Kept words."}

    answer = desk.post(path, WINDOW | wrong, status=422)

    assert '<a class="block" href="#rows.150">This rating paused the window' in answer.text
    assert 'href="#question"' in answer.text
    assert "Kept words." in answer.text
    assert re.search(r'name="rows.150.B" value="7"', answer.text)
    assert "No window has been written down yet" in desk.get(path.removesuffix("/new"))


def test_an_open_safety_flag_closes_the_page_of_a_window(desk):
    code = desk.couple.code
    flag = {"about": "Afraid.", "level": "2", "action": "Call.", "flag_review_on": "2026-11-24"}
    desk.post(f"/desk/couples/{code}/restricted/flags", flag)

    page = desk.get(f"/desk/couples/{code}/windows/new")
    refused = desk.post(f"/desk/couples/{code}/windows/new", WINDOW, status=409)

    assert ("A safety flag is open." in page, 'name="question"' in page) == (True, False)
    assert "A safety flag is open." in refused.text


def test_a_window_entered_in_error_is_marked_with_the_reason(desk):
    code = desk.couple.code
    desk.post(f"/desk/couples/{code}/windows/new", WINDOW)
    address = re.search(r"/told/run/\w+", desk.get(f"/desk/couples/{code}/windows"))[0]
    entry = f"/desk/couples/{code}{address}"
    assert WINDOW["question"] in desk.get(entry)

    refused = desk.post(f"{entry}/in-error", {"reason": ""}, status=422).text
    desk.post(f"{entry}/in-error", {"reason": "It was another couple."})

    page = desk.get(f"/desk/couples/{code}/windows")
    assert "Say in a few words what is wrong." in refused
    assert "It was another couple." in page
    assert 'class="chart window"' not in page
    assert f'href="/desk/couples/{code}/windows"' in desk.get(entry)
