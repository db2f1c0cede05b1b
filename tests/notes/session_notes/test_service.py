"""The draft: opened with what is known, saved over and over, two hands at once, versions kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest

from clinic.booking.appointments.changes import cancel_appointment
from clinic.extensions import db
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import Conflict, InvalidInput
from clinic.notes.record.note_models import NoteVersion, SessionNote
from clinic.notes.rules.note_content import (
    Attendance,
)
from clinic.notes.session_notes.queries import list_versions, note_screen
from clinic.notes.session_notes.service import (
    NoteChangedElsewhere,
    back_to_draft,
    enter_note,
    mark_ready,
    open_note,
    save_draft,
)
from tests.support.factories import (
    a_note,
    make_appointment,
    make_note,
    make_practice,
)
from tests.support.notes.booked_couple import of_the_appointment

AT = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
NOW = AT + timedelta(hours=1)
pytestmark = pytest.mark.usefixtures("context")


def test_note_of_an_appointment_is_opened_once_and_knows_its_session():
    practice = make_practice()
    appointment = make_appointment(practice, AT)
    couple = of_the_appointment(appointment, practice)

    first = open_note(appointment.id, actor=couple.lead, now=NOW)
    again = open_note(appointment.id, actor=couple.lead, now=NOW)

    screen = note_screen(first, actor=couple.lead, now=NOW)
    assert first == again
    assert (screen.note.appointment_id, screen.note.held_from, screen.note.kind) == (
        appointment.id,
        AT,
        "consultation",
    )
    assert screen.note.body.content.attendance == (Attendance("A", "present"),)


def test_note_is_not_opened_before_its_session_nor_for_one_called_off():
    practice = make_practice()
    appointment = make_appointment(practice, AT)
    couple = of_the_appointment(appointment, practice)

    with pytest.raises(Conflict, match="not begun"):
        open_note(appointment.id, actor=couple.lead, now=AT - timedelta(hours=1))
    cancel_appointment(appointment.id, actor=practice.desk, now=AT - timedelta(days=1))
    with pytest.raises(Conflict, match="did not take place"):
        open_note(appointment.id, actor=couple.lead, now=NOW)


def test_session_that_cannot_be_is_refused_at_its_field(couple):
    with pytest.raises(InvalidInput) as before:
        enter_note(
            couple.code,
            held_from=datetime(2026, 1, 5, 10, tzinfo=UTC),
            held_until=datetime(2026, 1, 5, 11, tzinfo=UTC),
            actor=couple.lead,
            now=NOW,
        )
    with pytest.raises(InvalidInput) as backwards:
        enter_note(couple.code, held_from=NOW, held_until=AT, actor=couple.lead, now=NOW)

    assert (list(before.value.errors), list(backwards.value.errors)) == (
        ["held_from"],
        ["held_until"],
    )


def test_second_hand_gets_both_texts_and_overwrites_nothing(couple):
    note_id = make_note(couple, at=AT, now=NOW)
    one, other = a_note(plan="Walk on Sunday."), a_note(plan="Talk on Sunday.")
    save_draft(note_id, content=one, revision=2, autosave=True, actor=couple.lead, now=NOW)

    with pytest.raises(NoteChangedElsewhere) as refused:
        save_draft(note_id, content=other, revision=2, autosave=True, actor=couple.lead, now=NOW)

    said = refused.value
    assert (said.theirs.content, said.mine.content, said.revision) == (one, other, 3)
    [change] = said.changes
    assert (change.path, [(p.kind, p.text) for p in change.pieces]) == (
        "plan",
        [("before", "Walk"), ("after", "Talk"), ("same", " on Sunday.")],
    )
    assert note_screen(note_id, actor=couple.lead, now=NOW).note.body.content == one
    newest = list_versions(note_id, actor=couple.lead, now=NOW)[0]
    assert newest.kind == "elsewhere"


def test_every_text_lost_in_a_clash_is_kept_however_soon_after_the_last(couple):
    note_id = make_note(couple, at=AT, now=NOW)
    save_draft(note_id, content=a_note(plan="Walk."), revision=2, actor=couple.lead, now=NOW)
    for plan in ("Talk.", "Talk more.", "Rest."):
        with pytest.raises(NoteChangedElsewhere):
            save_draft(
                note_id,
                content=a_note(plan=plan),
                revision=2,
                autosave=True,
                actor=couple.lead,
                now=NOW,
            )

    rows = session().query(NoteVersion).filter_by(note_id=note_id, kind="elsewhere")
    kept = [row.body.content.plan for row in rows.order_by(NoteVersion.number)]
    assert kept == ["Talk.", "Talk more.", "Rest."]


def test_same_text_saved_twice_is_no_conflict(couple):
    note_id = make_note(couple, at=AT, now=NOW)
    text = a_note(plan="Walk.")
    save_draft(note_id, content=text, revision=2, actor=couple.lead, now=NOW)

    saved = save_draft(note_id, content=text, revision=2, actor=couple.lead, now=NOW)

    assert saved.revision == 3


def test_two_editors_at_once_one_saves_and_one_is_told(app, couple):
    note_id = make_note(couple, at=AT, now=NOW)
    start, answers = Barrier(2), []
    actor = couple.lead

    def write(text):
        with app.app_context():
            start.wait()
            try:
                save_draft(note_id, content=a_note(plan=text), revision=2, actor=actor, now=NOW)
                answers.append("saved")
            except NoteChangedElsewhere as told:
                answers.append(f"told of {told.theirs.content.plan != text}")
            finally:
                db.session.remove()

    threads = [Thread(target=write, args=(text,)) for text in ("One.", "Two.")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == ["saved", "told of True"]


def test_note_is_marked_ready_and_taken_back(couple):
    note_id = make_note(couple, at=AT, now=NOW)

    mark_ready(note_id, revision=2, actor=couple.lead, now=NOW)
    ready = session().get_one(SessionNote, note_id).status
    back_to_draft(note_id, revision=2, actor=couple.lead, now=NOW)

    assert (ready, session().get_one(SessionNote, note_id).status) == ("ready", "draft")


def test_reason_for_being_late_stays_when_a_save_says_nothing_of_it(couple):
    note_id = make_note(couple, at=AT, now=NOW)
    asks = {"content": a_note(), "actor": couple.lead, "now": NOW}
    save_draft(note_id, late_reason="Ill.", revision=2, **asks)
    save_draft(note_id, revision=3, **asks)

    assert note_screen(note_id, actor=couple.lead, now=NOW).note.body.late_reason == "Ill."


def test_too_long_a_note_is_refused_before_it_is_stored(couple):
    note_id = make_note(couple, at=AT, now=NOW)

    with pytest.raises(InvalidInput, match="too long"):
        save_draft(
            note_id,
            content=a_note(free_text="x" * 200_000),
            revision=2,
            actor=couple.lead,
            now=NOW,
        )
