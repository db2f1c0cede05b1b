"""Chart 3: open ruptures and their load hold their value until the next session."""

from __future__ import annotations

from clinic.notes.charts.open_ruptures import open_ruptures
from clinic.notes.charts.picture import Table
from clinic.notes.ledger.build_ledger import LedgerInput
from tests.notes.charts.drawn import marks_of
from tests.notes.charts.short_course import COURSE


def points(picture, css):
    return marks_of(picture, css)[0].attributes["points"]


def test_steps_hold_their_value_until_the_next_session():
    picture = open_ruptures(COURSE)

    assert points(picture, "open") == (
        "30.0,118.3 132.7,118.3 132.7,140.0 235.3,140.0 235.3,118.3 338.0,118.3 338.0,96.7"
    )
    assert points(picture, "load") == (
        "30.0,53.3 132.7,53.3 132.7,140.0 235.3,140.0 235.3,96.7 338.0,96.7 338.0,10.0"
    )
    assert picture.table == Table(
        ("session", "open", "parked", "load"),
        (
            ("1", "1", "0", "4"),
            ("2", "0", "0", "0"),
            ("3", "1", "0", "2"),
            ("4", "2", "0", "6"),
        ),
    )


def test_levels_are_whole_numbers_up_to_the_highest_load():
    assert [one.words for one in marks_of(open_ruptures(COURSE), "y-no")] == ["0", "2", "4", "6"]


def test_course_without_sessions_has_levels_and_empty_lines():
    picture = open_ruptures(LedgerInput("C-1"))

    assert (points(picture, "open"), points(picture, "load")) == ("", "")
    assert [one.words for one in marks_of(picture, "y-no")] == ["0", "1", "2"]
    assert picture.table.rows == ()
