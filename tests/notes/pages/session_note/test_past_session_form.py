"""A session that is not in the diary is entered with its day and times, or each is asked for."""

from __future__ import annotations

import pytest

from tests.support.web.field_errors import errors_of, typed_into


@pytest.fixture
def pages(desk):
    return f"/desk/couples/{desk.couple.code}"


def test_a_session_that_is_not_in_the_diary_says_at_its_fields_what_is_missing(desk, pages):
    sent = {"on": "", "begins": "25:00", "ends": "", "late_reason": "Ill."}
    page = desk.post(f"{pages}/notes/new", sent, 422)
    assert errors_of(page) == {
        "on": ["Give the day."],
        "begins": ["Please write a time such as 09:30."],
        "ends": ["Say when it ended."],
    }
    assert typed_into(page, "late_reason") == "Ill."


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"ends": "08:00"}, {"ends": ["A session ends after it began, within a day."]}),
        ({"on": "2019-01-07"}, {"on": ["The session lies before the couple began."]}),
        ({"kind": "party"}, {"kind": ["Choose one from the list."]}),
        ({"on": "2026-11-24"}, {"on": ["This session has not begun yet."]}),
        (
            {"kind": "party", "ends": "08:00", "on": "2019-01-07"},
            {
                "on": ["The session lies before the couple began."],
                "ends": ["A session ends after it began, within a day."],
                "kind": ["Choose one from the list."],
            },
        ),
    ],
)
def test_a_session_that_cannot_have_been_is_refused_at_its_field(desk, pages, changes, errors):
    sent = {"on": "2026-11-20", "begins": "09:00", "ends": "09:50", "kind": "joint"}
    assert errors_of(desk.post(f"{pages}/notes/new", sent | changes, 422)) == errors


def test_a_time_that_the_clocks_skip_is_refused_at_its_field_by_name(desk, pages):
    sent = {"on": "2026-03-29", "begins": "01:30", "ends": "01:45", "kind": "joint"}
    skipped = "The clocks skip {} on 2026-03-29 in Europe/Lisbon: after 00:59 comes 02:00."
    assert errors_of(desk.post(f"{pages}/notes/new", sent, 422)) == {
        "begins": [skipped.format("01:30")],
        "ends": [skipped.format("01:45")],
    }
