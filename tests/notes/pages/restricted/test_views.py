"""What stands apart, on its pages: each refusal at its field, and nothing typed is lost."""

from __future__ import annotations

import re

import pytest

from clinic.notes.restricted.disclosures import list_disclosures
from tests.support.factories import NOW
from tests.support.web.field_errors import errors_of, summary_of, typed_into

TOLD = {"by": "B", "text": "Told alone.", "decision": "facilitate"}
TOLD |= {"review_on": "2026-12-01", "disclosable": "no", "decision_reason": "He asked for time."}


@pytest.fixture
def pages(desk):
    return f"/desk/couples/{desk.couple.code}"


def test_a_disclosure_says_at_its_fields_all_that_is_missing_and_keeps_the_rest(desk, pages):
    sent = TOLD | {"text": " ", "review_on": "2026-11-22"}
    page = desk.post(f"{pages}/restricted/disclosures", sent, 422)

    assert errors_of(page) == {
        "text-new": ["Write what was told."],
        "review_on-new": ["Choose a day that is still to come."],
    }
    assert summary_of(page) == [
        ("review_on-new", "Choose a day that is still to come."),
        ("text-new", "Write what was told."),
    ]
    assert typed_into(page, "decision_reason-new") == "He asked for time."
    assert re.findall(r'<option selected value="(\w+)">', page.text)[:3] == [
        "B", "no", "facilitate",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("", "Choose a day that is still to come."),
        ("2026-02-30", "Please choose a date that exists."),
    ],
)
def test_a_disclosure_needs_a_day_that_exists(desk, pages, day, said):
    page = desk.post(f"{pages}/restricted/disclosures", TOLD | {"review_on": day}, 422)
    assert errors_of(page) == {"review_on-new": [said]}
    assert typed_into(page, "text-new") == "Told alone."


def test_a_disclosure_that_somebody_else_changed_keeps_both_texts_on_the_page(desk, pages):
    desk.post(f"{pages}/restricted/disclosures", TOLD)
    (kept,) = desk.make(lambda: list_disclosures(desk.couple.code, actor=desk.couple.lead, now=NOW))
    decided = TOLD | {"id": kept.id, "revision": "1"}
    desk.post(f"{pages}/restricted/disclosures", decided | {"text": "From the other window."})

    mine = decided | {"text": "From this window."}
    page = desk.post(f"{pages}/restricted/disclosures", mine, 409)

    assert "It was changed in the meantime." in page.text
    assert "From the other window." in page.text
    assert typed_into(page, f"text-{kept.id}") == "From this window."
    (again,) = re.findall(r'name="revision" value="(\d+)"', page.text)
    desk.post(f"{pages}/restricted/disclosures", mine | {"revision": again})
    (kept,) = desk.make(lambda: list_disclosures(desk.couple.code, actor=desk.couple.lead, now=NOW))
    assert (kept.details.text, kept.revision) == ("From this window.", 3)


def test_a_disclosure_of_another_couple_cannot_be_decided_here(desk, pages):
    sent = TOLD | {"id": "0" * 32, "revision": "1"}
    desk.post(f"{pages}/restricted/disclosures", sent, 404)


def test_a_flag_says_at_its_fields_all_that_is_missing(desk, pages):
    page = desk.post(f"{pages}/restricted/flags", {"level": "9", "owner": "Inês"}, 422)
    assert errors_of(page) == {
        "about-new": ["Say what the concern is."],
        "action-new": ["Say what is done about it."],
        "level-new": ["The level goes from 1 to 3."],
        "flag_review_on-new": ["Choose a day that is still to come."],
    }
    assert typed_into(page, "owner-new") == "Inês"


def open_flag(desk, pages):
    """The address at which it is cleared, and its id."""
    flag = {"about": "Afraid.", "level": "2", "action": "Call.", "flag_review_on": "2026-11-24"}
    desk.post(f"{pages}/restricted/flags", flag)
    address = r"(/restricted/flags/(\w+)/clear)"
    return re.search(address, desk.get(f"{pages}/restricted")).groups()


def test_a_flag_is_not_cleared_without_a_reason_and_says_so_at_its_field(desk, pages):
    address, flag_id = open_flag(desk, pages)
    page = desk.post(f"{pages}{address}", {"because": " "}, 422)
    assert errors_of(page) == {f"because-{flag_id}": ["Give the reason."]}


def test_a_flag_cleared_meanwhile_says_so_and_keeps_the_reason_that_was_typed(desk, pages):
    address, flag_id = open_flag(desk, pages)
    desk.post(f"{pages}{address}", {"because": "From the other window."})

    page = desk.post(f"{pages}{address}", {"because": "From this window."}, 409)

    assert "This flag is cleared already." in page.text
    assert "From the other window." in page.text
    assert typed_into(page, f"because-{flag_id}") == "From this window."
    assert f"because-{flag_id}" not in desk.get(f"{pages}/restricted")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (" ", "Nothing is written here yet."),
        ("x" * 50_001, "Write at most 50,000 characters."),
    ],
)
def test_a_process_note_that_cannot_be_kept_says_why(desk, pages, text, said):
    page = desk.post(f"{pages}/process-notes", {"text": text}, 422)
    assert errors_of(page) == {"text-new": [said]}
    assert typed_into(page, "text-new") == text.strip()


def test_a_process_note_changed_elsewhere_keeps_what_was_typed_in_its_own_field(desk, pages):
    desk.post(f"{pages}/process-notes", {"text": "First."})
    (note_id,) = re.findall(r'name="id" value="(\w+)"', desk.get(f"{pages}/process-notes"))
    change = {"id": note_id, "revision": "1"}
    desk.post(f"{pages}/process-notes", change | {"text": "Second."})
    page = desk.post(f"{pages}/process-notes", change | {"text": "Mine."}, 409)
    assert (typed_into(page, "text-new"), typed_into(page, f"text-{note_id}")) == ("", "Mine.")
    assert "Second." in page.text
