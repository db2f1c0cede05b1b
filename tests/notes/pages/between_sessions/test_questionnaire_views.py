"""The pages of measures: entered, scored, drawn, and shown to nobody but their partner."""

from __future__ import annotations

import re

from tests.support.factories import add_closeness, make_signed_note
from tests.support.notes.record_client import AT
from tests.support.web.compact_html import compact


def test_a_measure_is_entered_scored_drawn_and_shown_to_nobody_but_its_partner(desk):
    code = desk.couple.code
    desk.make(lambda: make_signed_note(desk.couple, at=AT))
    shelf = desk.make(lambda: add_closeness(desk.couple))
    path = f"/desk/couples/{code}/measures/new/{shelf}"
    answers = {"partner": "A", "taken_on": "2026-11-22", "items.near": "4", "items.warm": "2"}

    assert "How cold?" in desk.get(path)
    desk.post(path, answers | {"items.afraid": "1"})

    page = desk.get(f"/desk/couples/{code}/measures")
    assert re.search(r"Total</span>22.5 ·", compact(page))
    assert "1 item left out" in page
    assert re.search(r'<span class="badge warn">look</span><span lang="en">Afraid\?', compact(page))
    assert "Below 13.5: worth a look" in page
    assert "Within 4.5 of the first score" in page
    for address, is_there in {"": True, "&for=partner&viewer=A": True, "&for=partner&viewer=B": False,
                              "&for=partner": False}.items():  # fmt: skip
        ledger = desk.get(f"/desk/couples/{code}/ledger?axis=date{address}")
        assert ('class="chart measure"' in ledger) == is_there, address


def test_what_is_wrong_with_a_measure_is_told_and_nothing_typed_is_lost(desk):
    shelf = desk.make(lambda: add_closeness(desk.couple))
    path = f"/desk/couples/{desk.couple.code}/measures/new/{shelf}"
    typed = {"partner": "B", "taken_on": "2026-11-22"}

    for wrong, said in [
        ({}, "Give at least one answer or one total."),
        ({"totals.total": "many"}, "Give a number."),
        ({"totals.total": "41"}, "This lies outside the range of the scale."),
        ({"totals.total": "4", "items.near": "1"}, "Give the answers or the totals, not both."),
        ({"items.near": "x"}, "Choose one from the list."),
    ]:
        answer = desk.post(path, typed | wrong, status=422)
        assert said in answer.text
        assert re.search(r'name="partner" value="B" checked', answer.text)


def test_a_measure_entered_in_error_is_marked_with_the_reason(desk):
    code = desk.couple.code
    shelf = desk.make(lambda: add_closeness(desk.couple))
    total = {"partner": "A", "taken_on": "2026-11-22", "totals.total": "13,5"}
    desk.post(f"/desk/couples/{code}/measures/new/{shelf}", total)
    address = re.search(r"/told/measure/\w+", desk.get(f"/desk/couples/{code}/measures"))[0]
    entry = f"/desk/couples/{code}{address}"
    assert "Total</span> 13.5" in desk.get(entry)

    refused = desk.post(f"{entry}/in-error", {"reason": ""}, status=422).text
    desk.post(f"{entry}/in-error", {"reason": "Another couple."})

    page = desk.get(f"/desk/couples/{code}/measures")
    assert "Say in a few words what is wrong." in refused
    assert "Another couple." in page
    assert 'class="chart measure"' not in page
    assert f'href="/desk/couples/{code}/measures"' in desk.get(entry)
