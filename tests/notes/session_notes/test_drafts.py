from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from clinic.foundation.database.transactions import session
from clinic.notes.record.note_models import NoteVersion
from clinic.notes.rules.note_content import (
    Attendance,
    NewRupture,
    NoteContent,
    Rating,
    RuptureEntry,
)
from clinic.notes.session_notes.queries import list_versions, note_screen
from clinic.notes.session_notes.service import ChangedElsewhere, enter_note, save_draft
from tests.support.factories import a_note, make_note, make_signed_note

AT = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
NOW = AT + timedelta(hours=1)
pytestmark = pytest.mark.usefixtures("context")


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


def test_every_text_lost_in_a_clash_is_kept_however_soon_after_the_last(couple):
    note_id = make_note(couple, at=AT, now=NOW)
    save_draft(note_id, content=a_note(plan="Walk."), revision=2, actor=couple.lead, now=NOW)
    for plan in ("Talk.", "Talk more.", "Rest."):
        with pytest.raises(ChangedElsewhere):
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
