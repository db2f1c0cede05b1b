"""The draft: opened with what is known, saved over and over, two hands at once, versions kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
import sqlalchemy as sa

from clinic.booking.appointments.changes import cancel_appointment
from clinic.extensions import db
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import Conflict, InvalidInput
from clinic.notes.record.note_models import NoteVersion, SessionNote
from clinic.notes.rules.note_content import (
    Attendance,
    NewRupture,
    NoteContent,
    Rating,
    RuptureEntry,
)
from clinic.notes.session_notes.queries import compare_versions, list_versions, note_screen
from clinic.notes.session_notes.service import (
    NoteChangedElsewhere,
    back_to_draft,
    enter_note,
    mark_ready,
    open_note,
    save_draft,
)
from clinic.notes.session_notes.unsigned import unsigned_notes, waiting_for_cosignature
from tests.support.factories import (
    a_note,
    make_appointment,
    make_care_couple,
    make_note,
    make_practice,
    make_signed_note,
)

AT = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
NOW = AT + timedelta(hours=1)
pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def couple(context):
    return make_care_couple()


def of_the_appointment(appointment, practice):
    """The therapist's own view of the couple that this booking began."""
    from clinic.couples.models import Couple
    from tests.support.factories import CareCouple

    row = session().get_one(Couple, appointment.couple_id)
    return CareCouple(practice, row.id, row.code)


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


def test_new_note_carries_the_last_plan_goals_and_open_ruptures_forward(couple):
    first = a_note(
        plan="Sunday, ten minutes.",
        goals=("Ask in words.",),
        exercises=("transparency_window",),
        new_ruptures=(NewRupture("The late reply", ("breach_of_trust",), significance=2),),
    )
    make_signed_note(couple, first, at=AT - timedelta(days=7))

    note_id = enter_note(couple.code, held_from=AT, held_until=NOW, actor=couple.lead, now=NOW)

    screen = note_screen(note_id, actor=couple.lead, now=NOW)
    assert (screen.carried.plan, screen.carried.exercises) == (
        "Sunday, ten minutes.",
        ("transparency_window",),
    )
    content = screen.note.body.content
    assert content == NoteContent(
        attendance=(Attendance("A", "present"), Attendance("B", "present")),
        ruptures=(RuptureEntry("R-01"),),
        goals=("Ask in words.",),
    )
    assert [one.path for one in screen.findings] == [
        "safety.result",
        "ruptures.R-01.status",
        "interventions",
        "responses.A",
        "responses.B",
        "plan",
    ]


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


def test_wrong_values_are_kept_and_named_at_their_fields(couple):
    note_id = make_note(couple, at=AT, now=NOW)
    wrong = a_note(
        ratings=(Rating("A", "end", felt_safety=11),),
        interventions=(replace(a_note().interventions[0], code="magic"),),
    )

    saved = save_draft(note_id, content=wrong, revision=2, actor=couple.lead, now=NOW)

    assert [one.path for one in saved.findings] == [
        "ratings.A.end.felt_safety",
        "interventions.0.code",
    ]
    kept = note_screen(note_id, actor=couple.lead, now=NOW).note.body.content
    assert kept == wrong


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


def test_autosaves_are_thinned_to_one_a_minute_and_the_newest_text_stands(couple):
    note_id = make_note(couple, at=AT, now=NOW)
    revision = 2
    for second in range(0, 180, 3):
        revision = save_draft(
            note_id,
            content=a_note(plan=f"Second {second}."),
            revision=revision,
            autosave=True,
            actor=couple.lead,
            now=NOW + timedelta(seconds=second),
        ).revision

    kinds = [one.kind for one in list_versions(note_id, actor=couple.lead, now=NOW)]
    assert kinds == ["autosave"] * 3 + ["manual"]
    kept = note_screen(note_id, actor=couple.lead, now=NOW).note.body.content
    assert kept.plan == "Second 177."


def test_versions_are_compared_field_by_field(couple):
    note_id = make_note(couple, a_note(plan="Walk."), at=AT, now=NOW)
    later = a_note(plan="Walk far.", free_text="More.")
    save_draft(note_id, content=later, revision=2, actor=couple.lead, now=NOW)

    between = compare_versions(note_id, 1, 2, actor=couple.lead, now=NOW)

    assert [(one.path, one.before, one.after) for one in between] == [
        ("plan", "Walk.", "Walk far."),
        ("free_text", "", "More."),
    ]
    assert compare_versions(note_id, 2, actor=couple.lead, now=NOW) == ()


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


def test_unsigned_list_names_drafts_and_sessions_without_a_note_oldest_first():
    practice = make_practice()
    appointment = make_appointment(practice, AT)
    couple = of_the_appointment(appointment, practice)
    draft = make_note(couple, at=AT + timedelta(hours=3), now=AT + timedelta(hours=4))
    make_signed_note(couple, at=AT + timedelta(hours=5))

    waiting = unsigned_notes(actor=couple.lead, now=AT + timedelta(hours=49))

    assert [(one.note_id, one.status, one.overdue) for one in waiting] == [
        (None, "none", True),
        (draft, "draft", False),
    ]
    assert unsigned_notes(actor=couple.supervisor, now=NOW) == []
    assert waiting_for_cosignature(actor=couple.supervisor, now=NOW) == []


def test_opening_many_notes_takes_numbers_by_when_the_sessions_were(couple):
    late = make_note(couple, at=AT, now=NOW)
    early = make_note(couple, at=AT - timedelta(days=1), now=NOW)

    numbers = {
        note_id: note_screen(note_id, actor=couple.lead, now=NOW).note.number
        for note_id in (late, early)
    }

    assert numbers == {early: 1, late: 2}
    assert session().scalar(sa.select(sa.func.count()).select_from(SessionNote)) == 2
