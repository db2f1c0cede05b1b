"""What was entered in error stays readable, says why, and counts nowhere."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from clinic.foundation.audit import AuditEntry
from clinic.foundation.database.transactions import session, transaction
from clinic.foundation.errors import Conflict, InvalidInput, NotAllowed, NotFound
from clinic.notes.between_sessions.corrections import mark_in_error
from clinic.notes.between_sessions.queries import get_entry
from clinic.notes.between_sessions.questionnaires import EnteredResponse, add_measure
from clinic.notes.between_sessions.service import add_ratings
from clinic.notes.between_sessions.window_runs import add_run
from clinic.notes.charts.ratings import ratings_chart
from clinic.notes.charts.received_attempts import received_attempts
from clinic.notes.charts.rupture_lanes import rupture_lanes
from clinic.notes.course.timeline import timeline_page
from clinic.notes.pages.overview import couple_ledger
from clinic.notes.record.correction_models import EntryInError
from clinic.notes.record.entries_in_error import InError
from clinic.notes.restricted.emergency_access import break_glass
from clinic.notes.rules.clinical_values import RatingDetails
from clinic.notes.rules.note_content import Rating, RuptureEntry
from clinic.notes.signing.signing import recall_signature
from tests.notes.charts.drawn import marks_of
from tests.support.factories import a_note, a_run, add_closeness, make_care_couple, make_signed_note
from tests.support.notes.led_record import NOW, record_with_ruptures

WHY = "Told of the other partner."
pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def room(context):
    return record_with_ruptures()


def test_marked_attempt_counts_neither_in_the_ledger_nor_in_a_chart(room):
    untouched = room(couple_ledger)
    slip = room.attempt()

    room(mark_in_error, "attempt", slip, reason=WHY)

    course, ledger = room(couple_ledger)
    assert ledger == untouched[1]
    assert rupture_lanes(course.facts()) == rupture_lanes(untouched[0].facts())
    assert received_attempts(course.facts(), partner="B").rows == ()
    assert slip not in [one.id for one in room(timeline_page).items]


def test_marked_ratings_leave_a_gap_in_the_lines(room):
    [rating] = room.course().ratings

    room(mark_in_error, "rating", rating.id, reason=WHY)

    assert room.course().ratings == ()
    facts = room.course().facts()
    pictures = [ratings_chart(facts, partner=one) for one in "AB"]
    assert [marks_of(one, "dot") for one in pictures] == [[], []]


def test_marked_entry_stays_readable_with_its_reason(room):
    slip = room.attempt()
    room(mark_in_error, "attempt", slip, reason=f"  {WHY} ")

    [seen] = room.entries()

    assert seen.attempt.acts == ("appreciation",)
    assert seen.in_error == InError(NOW, room.couple.lead.name, WHY)
    assert room(get_entry, "attempt", slip) == seen


def test_what_can_still_be_recalled_is_corrected_in_its_note(room):
    at = NOW - timedelta(hours=1)
    stands = (RuptureEntry("R-01", status="open"), RuptureEntry("R-02", status="open"))
    told = a_note(ruptures=stands, ratings=(Rating("B", "end", 3),))
    note = make_signed_note(room.couple, told, at=at, sealed=False)
    [rating] = [one for one in room.course().ratings if one.note_id == note]

    with pytest.raises(Conflict, match="not sealed yet"):
        room(mark_in_error, "rating", rating.id, reason=WHY, now=at + timedelta(hours=1))
    recall_signature(note, actor=room.couple.lead, now=at + timedelta(hours=1, minutes=5))


def test_same_mark_twice_is_one_and_another_reason_is_refused(room):
    slip = room.attempt()
    for _press in range(2):
        room(mark_in_error, "attempt", slip, reason=WHY)

    with pytest.raises(Conflict, match="already"):
        room(mark_in_error, "attempt", slip, reason="Something else.")
    told = sa.select(sa.func.count()).where(AuditEntry.action == "entry.marked_in_error")
    assert session().scalar(told) == 1


@pytest.mark.parametrize("reason", ["", "  ", "x" * 2_001])
def test_mark_needs_a_reason_of_a_few_words(room, reason):
    slip = room.attempt()

    with pytest.raises(InvalidInput) as refused:
        room(mark_in_error, "attempt", slip, reason=reason)
    assert list(refused.value.errors) == ["reason"]
    assert room.entries()[0].in_error is None


@pytest.mark.parametrize("what", ["rating", "note", ""])
def test_what_is_not_there_is_not_marked(room, what):
    slip = room.attempt()

    with pytest.raises(NotFound):
        room(mark_in_error, what, slip, reason=WHY)


def test_entry_of_another_couple_is_not_found(room):
    other = make_care_couple(room.couple.practice, partners=[])
    slip = room.attempt()

    for use_case, more in ((mark_in_error, {"reason": WHY}), (get_entry, {})):
        with pytest.raises(NotFound):
            use_case(other.code, "attempt", slip, **more, **room.asks)


def test_ratings_can_be_told_anew_once_the_wrong_ones_are_marked(room):
    again = RatingDetails("A", "end", 6, source="therapist")
    with pytest.raises(InvalidInput, match="already"):
        room(add_ratings, again, note_id=room.note)
    [rating] = room.course().ratings
    room(mark_in_error, "rating", rating.id, reason=WHY)

    room(add_ratings, again, note_id=room.note)

    assert [one.details.felt_safety for one in room.course().ratings] == [6]


def test_supervisor_reads_all_and_marks_nothing(room):
    slip = room.attempt()
    actor = room.couple.supervisor

    assert len(room.entries(actor=actor)) == 1
    with pytest.raises(NotAllowed):
        room(mark_in_error, "attempt", slip, reason=WHY, actor=actor)


KINDS = ("attempt", "rating", "run", "measure")


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


@pytest.mark.parametrize("what", KINDS)
def test_every_kind_is_marked_and_refused_alike(room, what):
    entry = entry_of(room, what)
    other = make_care_couple(room.couple.practice, partners=[])
    [another] = [one for one in KINDS if one != what][:1]

    with pytest.raises(InvalidInput) as refused:
        room(mark_in_error, what, entry, reason=" ")
    assert list(refused.value.errors) == ["reason"]
    with pytest.raises(NotAllowed):
        room(mark_in_error, what, entry, reason=WHY, actor=room.couple.supervisor)
    for code, named in ((other.code, what), (room.couple.code, another)):
        with pytest.raises(NotFound):
            mark_in_error(code, named, entry, reason=WHY, **room.asks)
    assert room(get_entry, what, entry).in_error is None

    for _press in range(2):
        room(mark_in_error, what, entry, reason=WHY)
    with pytest.raises(Conflict, match="already"):
        room(mark_in_error, what, entry, reason="Something else.")

    seen = room(get_entry, what, entry, actor=room.couple.supervisor)
    lines = session().execute(
        sa.select(AuditEntry.object_kind, AuditEntry.object_id).where(
            AuditEntry.action == "entry.marked_in_error"
        )
    )
    assert seen.in_error == InError(NOW, room.couple.lead.name, WHY)
    assert [tuple(one) for one in lines] == [(TABLES[what], entry)]


TABLES = {
    "attempt": "repair_attempt",
    "rating": "partner_rating",
    "run": "exercise_run",
    "measure": "measure_response",
}


@pytest.mark.parametrize("what", ["run", "measure"])
def test_who_opened_a_record_in_an_emergency_reads_no_window_and_no_measure(room, what):
    entry = entry_of(room, what)
    actor = room.couple.other_therapist
    break_glass(
        room.couple.code, "It cannot wait until Monday.", proved_at=NOW, actor=actor, now=NOW
    )

    with pytest.raises(NotAllowed):
        room(get_entry, what, entry, actor=actor)


def test_database_takes_a_mark_that_names_one_entry_and_no_other(room):
    attempt, run = entry_of(room, "attempt"), entry_of(room, "run")
    room(mark_in_error, "attempt", attempt, reason=WHY)
    mark = session().execute(sa.select(EntryInError.__table__)).mappings().one()
    session().rollback()

    for named in ({"attempt_id": None}, {"attempt_id": entry_of(room, "attempt"), "run_id": run}):
        with pytest.raises(sa.exc.IntegrityError), transaction() as current:
            current.execute(sa.insert(EntryInError).values({**mark, "id": "1" * 32, **named}))
