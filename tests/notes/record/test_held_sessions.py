from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from clinic.foundation.clock import clock
from clinic.notes.pages.overview import couple_ledger, couple_overview
from clinic.notes.rules.note_content import Attempt, Attendance, NewRupture, Rating
from clinic.notes.session_notes.couple_list import list_couples
from clinic.notes.session_notes.queries import note_screen, read_note
from clinic.notes.session_notes.service import open_note
from tests.support.factories import a_note
from tests.support.notes.separate_session import AFTER, HELD, alone, signed_by, signed_by_daniel


def test_session_apart_counts_nowhere_in_the_couples_course(house):
    lead = house.actor("ines")

    def figures():
        course, ledger = couple_ledger(house.code, actor=lead, now=AFTER)
        overview = couple_overview(house.code, actor=lead, now=AFTER)
        line = list_couples(actor=lead, now=AFTER)[0]
        return course, ledger, overview.carried, overview.sessions, line.last, line.next

    before = house.do(figures)
    told = alone(
        attempts=(Attempt("A", ("appreciation",), "rejected"),),
        ratings=(Rating("A", "end", 1, 9, 1),),
        new_ruptures=(NewRupture("What he did", ("betrayal",), None, 5, key="x"),),
        goals=("Leave him",),
    )
    house.do(lambda: signed_by_daniel(house, told))

    assert house.do(figures) == before


def test_lead_who_sees_one_partner_alone_writes_a_note_of_that_partner(house):
    at = HELD + timedelta(days=1)
    appointment = house.book(at=at, therapist="ines-duarte")
    now = at + timedelta(hours=1)
    clock.freeze(now)
    ines = house.actor("ines")

    note_id = house.do(lambda: open_note(appointment, actor=ines, now=now))
    screen = house.do(lambda: note_screen(note_id, actor=ines, now=now))

    assert (screen.note.kind, screen.note.number) == ("individual_a", None)
    assert screen.note.body.content.attendance == (Attendance("A", "present"),)
    assert (screen.expected, screen.setting.members) == (("A",), ("A",))
    page = house.enter("ines").get(f"/desk/notes/{note_id}")
    assert 'name="attendance.B"' not in page


def signed_by_the_lead(house):
    """A note that the lead signed of Daniel's session, as could be done; its id."""
    as_it_was = replace(house.actor("daniel"), name=house.actor("ines").name)
    return house.do(lambda: signed_by(house, as_it_was, a_note()))


def test_note_that_the_lead_signed_before_stays_open_to_her_and_counts_no_more(house):
    note_id = signed_by_the_lead(house)
    ines, daniel = house.actor("ines"), house.actor("daniel")

    for actor in (ines, daniel):
        seen = house.do(lambda actor=actor: read_note(note_id, actor=actor, now=AFTER))
        assert (seen.body.content, seen.kind, seen.number) == (a_note(), "individual_a", None)
    sessions = house.do(lambda: couple_overview(house.code, actor=ines, now=AFTER).sessions)
    assert [one.note_id for one in sessions] == [house.joint_note]
