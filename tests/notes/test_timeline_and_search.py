"""The timeline page by page, and finding words, codes, ruptures and days again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from clinic.foundation.audit import AuditEntry
from clinic.foundation.database import session
from clinic.foundation.errors import InvalidInput
from clinic.notes.addenda import add_addendum
from clinic.notes.note_content import Attempt, NewRupture, RuptureEntry
from clinic.notes.search import Wanted, fold, search_couple, search_own_couples
from clinic.notes.timeline import timeline_page
from tests.factories import a_note, make_care_couple, make_note, make_practice, make_signed_note

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


def test_words_are_found_without_case_and_accents_with_the_text_around(couple):
    told = a_note(free_text="Depois da reunião ela disse: não CONSIGO descansar ao pé de ti.")
    note_id = make_signed_note(couple, told, at=AT)
    make_signed_note(couple, at=AT + timedelta(days=1))

    [hit] = search_couple(couple.code, Wanted(words="Nao consigo"), actor=couple.lead, now=NOW)

    assert (hit.note_id, hit.number, hit.held_on) == (note_id, 1, AT.date())
    assert [(one.path, one.found) for one in hit.snippets] == [
        ("free_text", "não"),
        ("free_text", "CONSIGO"),
    ]
    assert hit.snippets[0].before == "Depois da reunião ela disse: "


def test_notes_are_found_by_term_rupture_and_day(couple):
    first = a_note(
        new_ruptures=(NewRupture("T", ("betrayal",), None, 2, key="n"),),
        attempts=(Attempt("A", ("appreciation",), "partly", "n"),),
    )
    one = make_signed_note(couple, first, at=AT)
    entry = a_note(ruptures=(RuptureEntry("R-01", status="open"),))
    two = make_signed_note(couple, entry, at=AT + timedelta(days=7))

    def found(**wanted):
        hits = search_couple(couple.code, Wanted(**wanted), actor=couple.lead, now=NOW)
        return [hit.note_id for hit in hits]

    assert found(term="appreciation") == [one]
    assert found(term="apprec") == []
    assert found(rupture="R-01") == [two, one]
    assert found(rupture="R-01", since=date(2026, 10, 2)) == [two]
    assert found(until=date(2026, 10, 1)) == [one]
    assert found(words="no such word") == []


def test_words_of_an_addendum_are_found(couple):
    note_id = make_signed_note(couple, at=AT)
    values = {"text": "The sister, not the mother.", "proved_at": NOW}
    add_addendum(note_id, kind="addendum", **values, actor=couple.lead, now=NOW)

    [hit] = search_couple(couple.code, Wanted(words="sister"), actor=couple.lead, now=NOW)

    assert hit.snippets[0].path == "addendum.1"


def test_own_couples_are_searched_and_nobody_elses():
    practice = make_practice()
    mine = make_care_couple(practice)
    from clinic.couples.service import PartnerDetails
    from tests.factories import make_therapist

    other = make_therapist(practice.clinic, slug="other")
    partner = PartnerDetails(
        name="Kim", email="kim@example.org", time_zone="Europe/Lisbon", language="en"
    )
    foreign = make_care_couple(practice, partners=[partner], lead_therapist_id=other.id)
    make_note(mine, at=AT, now=NOW)

    hits = search_own_couples(Wanted(words="sunday"), actor=mine.lead, now=NOW)

    assert [hit.code for hit in hits] == [mine.code]
    looked = session().scalars(
        sa.select(AuditEntry.object_id).where(AuditEntry.action == "chart.searched")
    )
    assert list(looked) == [mine.id] != [foreign.id]


def test_search_for_nothing_is_refused(couple):
    with pytest.raises(InvalidInput):
        search_couple(couple.code, Wanted(words="  "), actor=couple.lead, now=NOW)


def test_folded_text_knows_where_each_letter_was():
    assert fold("Straße ﬁn É") == ("strasse fin e", [0, 1, 2, 3, 4, 4, 5, 6, 7, 7, 8, 9, 10])
