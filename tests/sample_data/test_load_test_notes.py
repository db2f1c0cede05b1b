from __future__ import annotations

from sqlalchemy import select

from clinic.foundation.audit import first_broken_entry
from clinic.foundation.database.transactions import session
from clinic.notes.course.timeline import timeline_page
from clinic.notes.pages.overview import chain_break, couple_ledger
from clinic.notes.record.note_models import SessionNote
from clinic.sample_data.load_test import Amounts, generate
from clinic.sample_data.load_test_notes import ROUND
from tests.conftest import NOW
from tests.support.sample_data import count, lead


def test_notes_are_signed_sealed_and_fill_timeline_and_ledger(context, settings):
    generate(Amounts(notes=12, couples=2), settings=settings, now=NOW)

    course, ledger = couple_ledger("C-0001", actor=lead(), now=NOW)
    page = timeline_page("C-0001", limit=100, actor=lead(), now=NOW)

    assert [one.status for one in course.sessions] == ["signed"] * 12
    assert count(select(SessionNote.id).where(SessionNote.sealed_at.is_(None)).subquery()) == 0
    assert (len(course.ruptures), len(course.attempts), len(course.ratings)) == (2, 12, 24)
    assert (ledger.reopened, ledger.repaired) == (1, 2)
    assert [one.what for one in page.items].count("note") == 12
    assert chain_break("C-0001", actor=lead(), now=NOW) is None
    assert len(couple_ledger("C-0002", actor=lead(), now=NOW)[0].sessions) == 1
    assert first_broken_entry(session()) is None


def test_round_of_sessions_can_be_told_again(context, settings):
    generate(Amounts(notes=2 * ROUND + 1), settings=settings, now=NOW)

    course, _ledger = couple_ledger("C-0001", actor=lead(), now=NOW)

    standing = [(one.ref, one.state.status, one.state.episode) for one in course.ruptures]
    assert standing == [("R-01", "repaired", 2), ("R-02", "repaired", 2), ("R-03", "in_repair", 1)]
