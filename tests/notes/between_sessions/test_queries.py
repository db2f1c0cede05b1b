from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from clinic.foundation.audit import AuditEntry
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import NotFound
from clinic.notes.between_sessions.corrections import mark_in_error
from clinic.notes.between_sessions.queries import get_entry, list_entries
from clinic.notes.between_sessions.questionnaires import EnteredResponse, add_measure
from clinic.notes.between_sessions.service import add_ratings
from clinic.notes.between_sessions.window_runs import add_run
from clinic.notes.restricted.emergency_access import break_glass
from clinic.notes.rules.clinical_values import RatingDetails
from tests.support.factories import a_run, add_closeness
from tests.support.notes.led_record import NOW, record_with_ruptures

WHY = "Told of the other partner."
pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def room(context):
    return record_with_ruptures()


def test_what_a_sealed_note_brought_in_can_be_marked_and_is_listed_then(room):
    [tried] = room.course().attempts
    before = room.entries()

    room(mark_in_error, "attempt", tried.id, reason=WHY)

    [seen] = room.entries()
    assert (before, seen.note_id, seen.from_note, seen.session_number) == ((), room.note, True, 1)


def test_everything_told_between_sessions_is_listed_newest_first(room):
    home = RatingDetails("B", "home", 3)
    room(add_ratings, home, told_on=date(2026, 11, 18))
    room.attempt()
    room(add_ratings, RatingDetails("B", "end", 4), note_id=room.note)

    told = [(one.what, one.on.day, one.session_number) for one in room.entries()]

    assert told == [("attempt", 20, None), ("rating", 18, None), ("rating", 16, 1)]


def test_other_therapist_finds_nothing_and_in_an_emergency_only_what_is_joint(room):
    joint, hidden = room.attempt(), room.attempt(rupture="R-02")
    actor = room.couple.other_therapist
    with pytest.raises(NotFound):
        room.entries(actor=actor)

    break_glass(
        room.couple.code, "It cannot wait until Monday.", proved_at=NOW, actor=actor, now=NOW
    )

    between = room(list_entries, actor=actor)
    assert [one.id for one in between.entries] == [joint]
    assert [one.ref for one in between.course.ruptures] == ["R-01"]
    with pytest.raises(NotFound):
        room(get_entry, "attempt", hidden, actor=actor)


def entry_of(room, what):
    if what == "attempt":
        return room.attempt()
    if what == "rating":
        return room(add_ratings, RatingDetails("B", "home", 3), told_on=date(2026, 11, 18))
    if what == "run":
        return room(add_run, a_run(), happened_on=date(2026, 11, 20))
    told = EnteredResponse(
        partner="A",
        instrument_id=add_closeness(room.couple),
        taken_on=date(2026, 11, 20),
        answers={"near": 4},
    )
    return room(add_measure, told)


@pytest.mark.parametrize(
    ("what", "action"),
    [
        ("attempt", "chart.read"),
        ("rating", "chart.read"),
        ("run", "exercise_run.read"),
        ("measure", "measure.read"),
    ],
)
def test_looking_at_one_entry_is_in_the_audit_log_as_a_reading_of_its_kind(room, what, action):
    entry = entry_of(room, what)
    before = session().scalar(sa.select(sa.func.max(AuditEntry.seq)))

    room(get_entry, what, entry)

    later = sa.select(AuditEntry.action).where(AuditEntry.seq > before)
    assert list(session().scalars(later)) == [action]
