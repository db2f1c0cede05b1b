"""From draft to seal: what a signature asks, what it brings into the record, what is refused after."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from clinic.foundation import outbox
from clinic.foundation.database.transactions import session, transaction
from clinic.foundation.errors import Conflict, NotAllowed, ProofNeeded
from clinic.notes.between_sessions.corrections import mark_in_error
from clinic.notes.pages.overview import chain_break
from clinic.notes.record.note_models import SessionNote
from clinic.notes.record.rupture_models import PartnerRating
from clinic.notes.rules.note_content import Rating, RuptureEntry, SafetyCheck
from clinic.notes.rules.sealing import NoteStatus, StepRefused
from clinic.notes.session_notes.queries import read_note
from clinic.notes.session_notes.service import save_draft
from clinic.notes.signing.signing import (
    NotReady,
    cosign_note,
    recall_signature,
    seal_when_due,
    sign_note,
)
from tests.support.factories import a_note, make_note, make_signed_note
from tests.support.notes.signing import AT, LATER, NEW, SOON, TRIED, add, sign

pytestmark = pytest.mark.usefixtures("context")


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
    add(couple, note_id, now=again + timedelta(hours=2))
    slip = session().scalars(sa.select(PartnerRating.id)).one()
    asks = {"actor": couple.lead, "now": again + timedelta(hours=2)}
    mark_in_error(couple.code, "rating", slip, reason="The other partner's.", **asks)

    with pytest.raises(sa.exc.DBAPIError, match=r"sealed|append_only"), transaction() as current:
        current.execute(sa.text(change))


def test_supervisor_cosigns_what_somebody_else_signed(couple):
    note_id = make_note(couple, at=AT, now=SOON)
    sign(couple, note_id, for_cosign=True)
    seal_when_due({"note": note_id}, LATER)

    cosign_note(note_id, proved_at=LATER, actor=couple.supervisor, now=LATER)

    note = read_note(note_id, actor=couple.supervisor, now=LATER)
    assert (note.status, note.cosigned_by) == (NoteStatus.COSIGNED, "account:supervisor")


def test_author_does_not_cosign_the_own_note(couple):
    note_id = make_note(couple, at=AT, now=SOON)
    sign(couple, note_id, for_cosign=True)

    with pytest.raises(NotAllowed):
        cosign_note(note_id, proved_at=LATER, actor=couple.lead, now=LATER)
