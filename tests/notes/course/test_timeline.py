"""The timeline, page by page: no gap, no double, and a page stays what it was."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from clinic.foundation.errors import InvalidInput
from clinic.notes.between_sessions.corrections import mark_in_error
from clinic.notes.between_sessions.window_runs import add_run
from clinic.notes.course.timeline import timeline_page
from clinic.notes.rules.note_content import Attempt, NewRupture, RuptureEntry
from tests.support.factories import a_note, a_run, make_care_couple, make_signed_note

AT = datetime(2026, 10, 1, 10, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def couple(context):
    return make_care_couple()


def walk(couple, limit):
    """Every item, page after page, and how many pages there were."""
    items, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        page = timeline_page(couple.code, before=cursor, limit=limit, actor=couple.lead, now=NOW)
        items += [(one.what, one.id) for one in page.items]
        cursor, pages = page.next_cursor, pages + 1
    return items, pages


def test_timeline_comes_in_pages_without_a_gap_or_a_double(couple):
    told = a_note(
        new_ruptures=(NewRupture("T", ("betrayal",), None, 2, key="n"),),
        attempts=tuple(Attempt("A", ("appreciation",), "partly", "n") for _ in range(5)),
    )
    make_signed_note(couple, told, at=AT)
    entry = a_note(ruptures=(RuptureEntry("R-01", status="open"),))
    for day in range(1, 6):
        make_signed_note(couple, entry, at=AT + timedelta(days=day))

    whole, one_page = walk(couple, 100)
    small, pages = walk(couple, 4)

    assert (len(whole), one_page, small, pages) == (12, 1, whole, 3)
    assert len(set(whole)) == 12


def test_page_stays_what_it_was_when_something_is_added_above_it(couple):
    for day in range(4):
        make_signed_note(couple, at=AT + timedelta(days=day))
    first = timeline_page(couple.code, limit=2, actor=couple.lead, now=NOW)
    make_signed_note(couple, at=AT + timedelta(days=9))

    second = timeline_page(
        couple.code, before=first.next_cursor, limit=2, actor=couple.lead, now=NOW
    )

    assert [one.note.number for one in second.items] == [2, 1]
    assert second.next_cursor is None


@pytest.mark.parametrize("cursor", ["", "x", "2026-01-01~" + "0" * 32, "9" * 30 + "~" + "0" * 32])
def test_broken_cursor_is_refused(couple, cursor):
    with pytest.raises(InvalidInput, match="place on the timeline"):
        timeline_page(couple.code, before=cursor, actor=couple.lead, now=NOW)


def test_window_stands_on_the_timeline_until_it_is_marked_as_entered_in_error(couple):
    lead, day = couple.lead, date(2026, 10, 4)
    run_id = add_run(couple.code, a_run(), happened_on=day, actor=lead, now=NOW)

    item = timeline_page(couple.code, actor=lead, now=NOW).items[0]
    mark_in_error(couple.code, "run", run_id, reason="Another couple.", actor=lead, now=NOW)

    assert (item.what, item.id, item.run.state.end_state) == ("run", run_id, "stopped")
    assert timeline_page(couple.code, actor=lead, now=NOW).items == ()
