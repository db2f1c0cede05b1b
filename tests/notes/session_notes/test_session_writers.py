from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from clinic.booking.appointments.appointments_from_services import hand_over
from clinic.extensions import db
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import session, transaction
from clinic.foundation.errors import NotFound
from clinic.notes.record.note_models import SessionNote
from clinic.notes.rules.note_content import Attendance
from clinic.notes.session_notes.queries import note_screen, read_note
from clinic.notes.session_notes.service import open_note, save_draft
from clinic.notes.session_notes.unsigned import unsigned_notes
from tests.support.factories import a_note
from tests.support.notes.separate_session import AFTER, HELD, WHOLE, alone, main


def test_lead_cannot_open_the_note_of_a_session_apart(house):
    ines = house.enter("ines")

    ines.post(f"/desk/couples/{house.code}/notes/new", 404, appointment=house.appointment)
    assert house.do(lambda: session().scalar(sa.select(sa.func.count(SessionNote.id)))) == 1


def test_other_partner_who_came_as_well_makes_it_a_joint_session(house):
    at = HELD + timedelta(days=1)
    house.appointment = house.book(at=at, therapist="ines-duarte")
    now = at + timedelta(hours=1)
    clock.freeze(now)
    ines = house.enter("ines")
    note = ines.open_note(house)

    ines.post(note, revision="1", then="together", **WHOLE)

    page = ines.get(note)
    assert ('name="attendance.B"' in page, "session 2" in page) == (True, True)
    assert WHOLE["plan"] in page
    seen = house.do(
        lambda: note_screen(note.rpartition("/")[2], actor=house.actor("ines"), now=now)
    )
    assert (seen.note.kind, seen.expected) == ("joint", ("A", "B"))
    assert seen.setting.open_ruptures == ("R-01", "R-02")
    assert "The other partner came too" not in page


def test_session_apart_cannot_be_made_the_couples(house):
    daniel = house.enter("daniel")
    note = daniel.open_note(house)

    assert "The other partner came too" not in daniel.get(note)
    daniel.post(note, 409, revision="1", then="together", **WHOLE)
    assert "Session with A alone" in main(daniel.get(note))


def begun_by_the_lead(house, *, typed):
    """A draft as it was made when any note was the lead's to write; its id."""
    ines = house.actor("ines")
    note_id = house.do(
        lambda: open_note(
            house.appointment, actor=replace(house.actor("daniel"), name=ines.name), now=AFTER
        )
    )
    with house.app.app_context():
        with transaction():
            note = session().get_one(SessionNote, note_id)
            note.kind, note.held_by_id, body = "consultation", None, note.body
            content = a_note(plan="For both of them.") if typed else a_note(responses=(), plan="")
            note.revision = 3 if typed else 1
            note.body = replace(body, content=content)
        db.session.remove()
    return note_id


def test_draft_that_the_lead_had_written_in_stays_hers_and_out_of_the_course(house):
    old = begun_by_the_lead(house, typed=True)
    ines, daniel = house.actor("ines"), house.actor("daniel")
    with pytest.raises(NotFound):
        house.do(lambda: read_note(old, actor=ines, now=AFTER))
    assert house.do(lambda: unsigned_notes(actor=ines, now=AFTER)) == []

    new = house.do(lambda: open_note(house.appointment, actor=daniel, now=AFTER))

    assert new != old
    fresh = house.do(lambda: read_note(new, actor=daniel, now=AFTER)).body.content
    kept = house.do(lambda: read_note(old, actor=ines, now=AFTER))
    assert (fresh.plan, fresh.attendance) == ("", (Attendance("A", "present"),))
    assert (kept.body.content.plan, kept.number) == ("For both of them.", None)
    with pytest.raises(NotFound):
        house.do(lambda: read_note(old, actor=daniel, now=AFTER))


def test_draft_in_which_the_lead_wrote_nothing_becomes_his_who_held_the_session(house):
    old = begun_by_the_lead(house, typed=False)
    daniel = house.actor("daniel")

    new = house.do(lambda: open_note(house.appointment, actor=daniel, now=AFTER))

    seen = house.do(lambda: read_note(new, actor=daniel, now=AFTER))
    assert (new, seen.author, seen.kind) == (old, daniel.name, "individual_a")
    assert seen.body.content.attendance == (Attendance("A", "present"),)


def test_appointment_that_is_handed_to_the_lead_takes_no_word_with_it(house):
    ines, daniel = house.actor("ines"), house.actor("daniel")

    def begin():
        note_id = open_note(house.appointment, actor=daniel, now=AFTER)
        save_draft(note_id, content=alone(), revision=1, actor=daniel, now=AFTER)
        desk = replace(house.actor("desk"), is_system=True)
        hand_over(house.appointment, therapist_id=ines.therapist_id, actor=desk, now=AFTER)
        return note_id

    old = house.do(begin)
    with pytest.raises(NotFound):
        house.do(lambda: read_note(old, actor=ines, now=AFTER))

    new = house.do(lambda: open_note(house.appointment, actor=ines, now=AFTER))

    assert house.do(lambda: read_note(new, actor=ines, now=AFTER)).body.content.plan == ""
    assert house.do(lambda: read_note(old, actor=daniel, now=AFTER)).body.content == alone()
    with pytest.raises(NotFound):
        house.do(lambda: read_note(old, actor=ines, now=AFTER))
    assert [one.note_id for one in house.do(lambda: unsigned_notes(actor=daniel, now=AFTER))] == [
        old
    ]
