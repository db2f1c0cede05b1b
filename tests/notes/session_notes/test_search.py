"""Finding words, codes, ruptures and days again, in one couple or in one's own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from clinic.foundation.audit import AuditEntry
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import InvalidInput
from clinic.notes.rules.note_content import Attempt, NewRupture, RuptureEntry
from clinic.notes.session_notes.search import Wanted, fold, search_couple, search_own_couples
from clinic.notes.signing.addenda import add_addendum
from tests.support.factories import (
    a_note,
    make_care_couple,
    make_note,
    make_practice,
    make_signed_note,
)

AT = datetime(2026, 10, 1, 10, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def couple(context):
    return make_care_couple()


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
    from tests.support.factories import make_therapist

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
