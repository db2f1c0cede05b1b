"""From draft to seal: what a signature asks, what it brings into the record, what is refused after."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from clinic.foundation import outbox
from clinic.foundation.database.transactions import session, transaction
from clinic.foundation.errors import Conflict, NotAllowed, ProofNeeded
from clinic.notes.between_sessions.corrections import mark_in_error
from clinic.notes.pages.overview import chain_break, couple_overview
from clinic.notes.record.note_models import SessionNote
from clinic.notes.record.rupture_models import PartnerRating
from clinic.notes.rules.note_content import Attempt, NewRupture, Rating, RuptureEntry, SafetyCheck
from clinic.notes.rules.sealing import NoteStatus, StepRefused
from clinic.notes.ruptures.service import change_status
from clinic.notes.session_notes.queries import read_note
from clinic.notes.session_notes.service import save_draft
from clinic.notes.signing.addenda import add_addendum, return_for_revision
from clinic.notes.signing.signing import (
    NotReady,
    cosign_note,
    recall_signature,
    seal_when_due,
    sign_note,
)
from tests.support.factories import a_note, make_care_couple, make_note, make_signed_note

AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
SOON = AT + timedelta(hours=1)
LATER = SOON + timedelta(minutes=15)
NEW = NewRupture("The late reply", ("breach_of_trust",), significance=4, key="new-1")
TRIED = Attempt("A", ("i_statement",), "partly", "new-1")
pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def couple(context):
    return make_care_couple()


def sign(couple, note_id, *, revision=2, now=SOON, **changes):
    sign_note(note_id, revision=revision, proved_at=now, actor=couple.lead, now=now, **changes)


def test_signature_asks_for_a_fresh_proof(couple):
    note_id = make_note(couple, at=AT, now=SOON)

    with pytest.raises(ProofNeeded):
        sign_note(
            note_id,
            revision=2,
            proved_at=SOON - timedelta(minutes=5),
            actor=couple.lead,
            now=SOON,
        )


def test_signing_with_something_missing_lists_every_field(couple):
    content = a_note(plan=" ", interventions=(), safety=SafetyCheck(), attendance=(), responses=())
    note_id = make_note(couple, content, at=AT, now=SOON)

    with pytest.raises(NotReady) as refused:
        sign(couple, note_id)

    assert [one.path for one in refused.value.findings] == [
        "attendance.A",
        "attendance.B",
        "safety.result",
        "interventions",
        "plan",
    ]
    assert read_note(note_id, actor=couple.lead, now=SOON).status is NoteStatus.DRAFT


def test_reason_for_writing_late_is_asked_for_after_who_came_as_on_the_screen(couple):
    late = AT + timedelta(days=4)
    note_id = make_note(couple, a_note(attendance=(), plan=""), at=AT, now=late)

    with pytest.raises(NotReady) as refused:
        sign(couple, note_id, now=late)

    assert list(refused.value.errors) == ["attendance.A", "attendance.B", "late_reason", "plan"]


def test_late_note_needs_its_reason_and_is_marked(couple):
    late = AT + timedelta(days=4)
    note_id = make_note(couple, at=AT, now=late)

    with pytest.raises(NotReady) as refused:
        sign(couple, note_id, now=late)
    save_draft(
        note_id,
        content=a_note(),
        late_reason="Ill since the day after.",
        revision=2,
        actor=couple.lead,
        now=late,
    )
    sign(couple, note_id, revision=3, now=late)

    assert list(refused.value.errors) == ["late_reason"]
    assert read_note(note_id, actor=couple.lead, now=late).is_late


def test_signature_brings_ruptures_attempts_and_ratings_into_the_record(couple):
    content = a_note(
        new_ruptures=(replace(NEW, status="in_repair"),),
        attempts=(TRIED,),
        ratings=(Rating("A", "end", defensiveness=7), Rating("B", "end")),
    )
    note_id = make_note(couple, content, at=AT, now=SOON)

    sign(couple, note_id)

    seen = couple_overview(couple.code, actor=couple.lead, now=SOON)
    [rupture] = seen.ruptures
    [attempt] = seen.attempts
    [rating] = seen.ratings
    assert (rupture.ref, rupture.state.status, rupture.details.title) == (
        "R-01",
        "in_repair",
        "The late reply",
    )
    assert (attempt.session_number, attempt.details.rupture, attempt.details.receipt) == (
        1,
        "R-01",
        "partly",
    )
    assert (rating.session_number, rating.details.defensiveness) == (1, 7)
    body = read_note(note_id, actor=couple.lead, now=SOON).body
    assert body.content.attempts[0].rupture == "R-01"


def test_note_moves_an_open_rupture_on_and_asks_for_what_the_step_needs(couple):
    make_signed_note(couple, a_note(new_ruptures=(NEW,), attempts=(TRIED,)), at=AT)
    again = AT + timedelta(days=1)
    entry = RuptureEntry("R-01", worked_on=True, status="repaired", confirmed_a=True)
    note_id = make_note(couple, a_note(ruptures=(entry,)), at=again, now=again)

    with pytest.raises(NotReady) as refused:
        sign(couple, note_id, now=again)
    whole = a_note(ruptures=(replace(entry, confirmed_b=True),))
    save_draft(note_id, content=whole, revision=2, actor=couple.lead, now=again)
    sign(couple, note_id, revision=3, now=again)

    assert list(refused.value.errors) == ["ruptures.R-01.status"]
    [rupture] = couple_overview(couple.code, actor=couple.lead, now=again).ruptures
    assert [e.to_status for e in rupture.events] == ["open", "in_repair", "repaired"]


def test_open_rupture_must_be_told_of(couple):
    make_signed_note(couple, a_note(new_ruptures=(NEW,)), at=AT)
    again = AT + timedelta(days=1)
    note_id = make_note(couple, a_note(), at=again, now=again)

    with pytest.raises(NotReady) as refused:
        sign(couple, note_id, now=again)

    assert list(refused.value.errors) == ["ruptures.R-01.status"]


def test_note_signed_after_a_later_one_tells_where_the_rupture_stood_then(couple):
    make_signed_note(couple, a_note(new_ruptures=(NEW,), attempts=(TRIED,)), at=AT)
    second, third = AT + timedelta(hours=20), AT + timedelta(hours=40)
    waiting = make_note(
        couple, a_note(ruptures=(RuptureEntry("R-01", status="open"),)), at=second, now=third
    )
    mended = RuptureEntry("R-01", status="repaired", confirmed_a=True, confirmed_b=True)
    make_signed_note(couple, a_note(ruptures=(mended,)), at=third)

    sign(couple, waiting, now=third + timedelta(hours=2))

    [rupture] = couple_overview(couple.code, actor=couple.lead, now=third).ruptures
    assert [e.to_status for e in rupture.events] == ["open", "in_repair", "repaired"]


def test_recalled_signature_takes_out_what_it_brought(couple):
    content = a_note(new_ruptures=(NEW,), attempts=(TRIED,), ratings=(Rating("A", "end", 5),))
    note_id = make_signed_note(couple, content, at=AT, sealed=False)

    recall_signature(note_id, actor=couple.lead, now=LATER - timedelta(seconds=1))

    seen = couple_overview(couple.code, actor=couple.lead, now=LATER)
    note = read_note(note_id, actor=couple.lead, now=LATER)
    assert (seen.ruptures, seen.attempts, seen.ratings) == ((), (), ())
    assert (note.status, note.signed_at, note.digest) == (NoteStatus.DRAFT, None, None)


def test_recalled_note_is_signed_again_with_the_same_refs(couple):
    content = a_note(new_ruptures=(NEW,), attempts=(TRIED,))
    note_id = make_signed_note(couple, content, at=AT, sealed=False)
    recall_signature(note_id, actor=couple.lead, now=SOON)

    sign(couple, note_id, revision=3)

    [attempt] = couple_overview(couple.code, actor=couple.lead, now=LATER).attempts
    assert attempt.details.rupture == "R-01"


def test_signature_that_later_work_rests_on_is_not_recalled(couple):
    note_id = make_signed_note(
        couple, a_note(new_ruptures=(NEW,), attempts=(TRIED,)), at=AT, sealed=False
    )
    change_status(
        couple.code, "R-01", "in_repair", reason="attempt_made", actor=couple.lead, now=SOON
    )

    with pytest.raises(Conflict, match="rests on this note"):
        recall_signature(note_id, actor=couple.lead, now=SOON)


def test_after_a_quarter_of_an_hour_there_is_no_recall(couple):
    note_id = make_signed_note(couple, at=AT, sealed=False)

    with pytest.raises(StepRefused, match="sealed"):
        recall_signature(note_id, actor=couple.lead, now=LATER)


def test_worker_seals_when_the_time_for_a_recall_is_over(couple):
    note_id = make_signed_note(couple, at=AT, sealed=False)

    outbox.deliver_due(now=LATER - timedelta(seconds=1), limit=5)
    before = read_note(note_id, actor=couple.lead, now=LATER).sealed_at
    outbox.deliver_due(now=LATER, limit=5)

    assert (before, read_note(note_id, actor=couple.lead, now=LATER).sealed_at) == (None, LATER)


def test_seals_of_a_couple_are_a_chain_and_a_change_in_it_is_found(couple):
    first, second = (make_signed_note(couple, at=AT + timedelta(days=n)) for n in (0, 1))
    notes = [read_note(one, actor=couple.lead, now=LATER) for one in (first, second)]

    assert chain_break(couple.code, actor=couple.lead, now=LATER) is None
    assert session().get_one(SessionNote, second).previous_digest == notes[0].digest


def test_signed_note_is_not_saved_over(couple):
    note_id = make_signed_note(couple, at=AT, sealed=False)

    with pytest.raises(Conflict, match="addendum"):
        save_draft(note_id, content=a_note(), revision=3, actor=couple.lead, now=SOON)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE session_note SET body_sealed = body_sealed || body_sealed",
        "UPDATE session_note SET status = 'draft', signed_at = NULL",
        "UPDATE session_note SET sealed_at = NULL",
        "UPDATE session_note SET held_from = created_at, held_until = created_at",
        "UPDATE session_note SET author = 'account:another'",
        "UPDATE session_note SET cosigned_by = 'account:another'",
        "DELETE FROM session_note",
        "UPDATE note_version SET kind = 'manual'",
        "DELETE FROM note_version",
        "UPDATE note_addendum SET kind = 'addendum'",
        "DELETE FROM note_addendum",
        "UPDATE rupture_event SET author = 'account:another'",
        "DELETE FROM rupture_event",
        "DELETE FROM rupture_entry",
        "DELETE FROM repair_attempt",
        "UPDATE repair_attempt SET at_home = NOT at_home",
        "DELETE FROM partner_rating",
        "UPDATE entry_in_error SET author = 'account:another'",
        "DELETE FROM entry_in_error",
    ],
)
def test_database_refuses_to_change_a_sealed_note_and_what_hangs_on_it(couple, change):
    content = a_note(new_ruptures=(NEW,), attempts=(TRIED,), ratings=(Rating("A", "end", 5),))
    make_signed_note(couple, content, at=AT)
    again = AT + timedelta(days=1)
    entry = RuptureEntry("R-01", status="open")
    note_id = make_signed_note(couple, a_note(ruptures=(entry,)), at=again)
    _add(couple, note_id, now=again + timedelta(hours=2))
    slip = session().scalars(sa.select(PartnerRating.id)).one()
    asks = {"actor": couple.lead, "now": again + timedelta(hours=2)}
    mark_in_error(couple.code, "rating", slip, reason="The other partner's.", **asks)

    with pytest.raises(sa.exc.DBAPIError, match=r"sealed|append_only"), transaction() as current:
        current.execute(sa.text(change))


def _add(couple, note_id, *, now, **changes):
    values = {"kind": "addendum", "text": "More.", "proved_at": now, "actor": couple.lead}
    return add_addendum(note_id, **(values | changes), now=now)


def test_addenda_are_kept_in_order_with_their_reasons(couple):
    note_id = make_signed_note(couple, at=AT)

    _add(couple, note_id, now=LATER)
    _add(couple, note_id, now=LATER, kind="amendment", text="B, not A.", reason="Wrong partner.")

    told = read_note(note_id, actor=couple.lead, now=LATER).addenda
    assert [(a.number, a.kind, a.said.text, a.said.reason) for a in told] == [
        (1, "addendum", "More.", ""),
        (2, "amendment", "B, not A.", "Wrong partner."),
    ]


def test_amendment_needs_its_reason(couple):
    note_id = make_signed_note(couple, at=AT)

    with pytest.raises(Exception, match="reason"):
        _add(couple, note_id, now=LATER, kind="amendment")


def test_addendum_waits_for_the_seal(couple):
    note_id = make_signed_note(couple, at=AT, sealed=False)

    with pytest.raises(Conflict, match="not sealed yet"):
        _add(couple, note_id, now=SOON)


def test_note_entered_in_error_leaves_the_numbers_and_the_ledger(couple):
    wrong = make_signed_note(couple, a_note(attempts=(replace(TRIED, rupture=None),)), at=AT)
    right = make_signed_note(couple, at=AT + timedelta(days=1))

    _add(couple, wrong, now=LATER, kind="entered_in_error", reason="Another couple's session.")

    seen = couple_overview(couple.code, actor=couple.lead, now=LATER)
    assert [(one.number, one.note_id) for one in seen.sessions] == [(1, right)]
    assert seen.attempts == ()
    assert read_note(wrong, actor=couple.lead, now=LATER).entered_in_error


def test_supervisor_cosigns_what_somebody_else_signed(couple):
    note_id = make_note(couple, at=AT, now=SOON)
    sign(couple, note_id, for_cosign=True)
    seal_when_due({"note": note_id}, LATER)

    cosign_note(note_id, proved_at=LATER, actor=couple.supervisor, now=LATER)

    note = read_note(note_id, actor=couple.supervisor, now=LATER)
    assert (note.status, note.cosigned_by) == (NoteStatus.COSIGNED, "account:supervisor")


def test_supervisor_returns_a_note_and_it_still_waits(couple):
    note_id = make_note(couple, at=AT, now=SOON)
    sign(couple, note_id, for_cosign=True)

    return_for_revision(note_id, comment="Say more on B.", actor=couple.supervisor, now=LATER)

    note = read_note(note_id, actor=couple.lead, now=LATER)
    assert (note.status, note.addenda[0].kind) == (NoteStatus.COSIGN_PENDING, "returned")


def test_author_does_not_cosign_the_own_note(couple):
    note_id = make_note(couple, at=AT, now=SOON)
    sign(couple, note_id, for_cosign=True)

    with pytest.raises(NotAllowed):
        cosign_note(note_id, proved_at=LATER, actor=couple.lead, now=LATER)
