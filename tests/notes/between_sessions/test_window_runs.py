"""Runs of the Transparency Window in the record: written once, blocked by a flag, marked, counted."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from clinic.foundation.audit import AuditEntry
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import InvalidInput, NotAllowed, NotFound
from clinic.notes.between_sessions.corrections import mark_in_error
from clinic.notes.between_sessions.window_runs import ExercisesBlocked, add_run, runs_page
from clinic.notes.course.timeline import timeline_page
from clinic.notes.pages.overview import couple_ledger
from clinic.notes.record.entries_in_error import InError
from clinic.notes.record.exercise_models import ExerciseRun
from clinic.notes.record.idempotent_forms import AlreadyStored
from clinic.notes.restricted.emergency_access import break_glass
from clinic.notes.rules.clinical_values import FlagDetails
from clinic.notes.rules.transparency_window import Happening
from clinic.notes.ruptures.safety_flags import clear_safety_flag, open_safety_flag
from tests.support.factories import a_run, make_care_couple

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY = date(2026, 11, 22)
pytestmark = pytest.mark.usefixtures("context")
RESUMED = (Happening(340, "resume"),)


@pytest.fixture
def couple(context):
    return make_care_couple()


def add(couple, details=None, *, on=DAY, actor=None, now=NOW):
    return add_run(
        couple.code, details or a_run(then=RESUMED), happened_on=on,
        actor=actor or couple.lead, now=now,
    )  # fmt: skip


def mark(couple, run_id, reason):
    mark_in_error(couple.code, "run", run_id, reason=reason, actor=couple.lead, now=NOW)


def page(couple, actor=None):
    return runs_page(couple.code, actor=actor or couple.lead, now=NOW)


def windows(couple, actor=None):
    _course, ledger = couple_ledger(couple.code, actor=actor or couple.lead, now=NOW)
    return ledger.to_json()["window_tolerance"]


def flag(couple):
    details = FlagDetails("Afraid at home", 2, "Seen alone.")
    return open_safety_flag(
        couple.code, details, review_on=date(2026, 12, 1), actor=couple.lead, now=NOW
    )


def test_run_is_kept_as_it_was_told_and_counts_in_the_ledger(couple):
    run_id = add(couple)
    add(couple, a_run(log=(Happening(0, "start"),)), on=date(2026, 11, 20))
    add(couple, a_run(log=()))

    kept = next(one for one in page(couple).runs if one.id == run_id)

    assert (kept.happened_on, kept.details) == (DAY, a_run(then=RESUMED))
    assert kept.state.end_state == "paused_resumed"
    assert windows(couple) == {
        "started": 2, "without_pause": 1, "value": 0.5, "shown": "50.0%", "first_pauses_s": [340],
    }  # fmt: skip


def test_form_sent_twice_is_kept_once_and_another_under_its_key_is_refused(couple):
    def send(details):
        return add_run(couple.code, details, happened_on=DAY, key="k", actor=couple.lead, now=NOW)

    first, again = send(a_run()), send(a_run())

    assert (first == again, len(page(couple).runs)) == (True, 1)
    with pytest.raises(AlreadyStored):
        send(a_run(question="Another one?"))


def test_what_is_wrong_is_refused_and_nothing_kept(couple):
    with pytest.raises(InvalidInput) as refused:
        add(couple, a_run(question="", consent_b=False), on=date(2026, 11, 24))

    assert set(refused.value.errors) == {"question", "consent", "happened_on"}
    assert page(couple).runs == ()


def test_open_safety_flag_blocks_until_it_is_cleared(couple):
    add(couple)
    opened = flag(couple)

    with pytest.raises(ExercisesBlocked):
        add(couple)
    assert (page(couple).is_blocked, len(page(couple).runs)) == (True, 1)

    clear_safety_flag(couple.code, opened, because="Seen.", actor=couple.lead, now=NOW)
    add(couple)
    assert (page(couple).is_blocked, len(page(couple).runs)) == (False, 2)


def test_marked_run_stays_with_its_reason_and_counts_no_more(couple):
    run_id = add(couple)

    mark(couple, run_id, " Another couple. ")

    [kept] = page(couple).runs
    assert kept.in_error == InError(NOW, couple.lead.name, "Another couple.")
    assert kept.details == a_run(then=RESUMED)
    assert windows(couple)["started"] == 0


def test_form_sent_again_after_its_run_was_marked_is_kept_once_still(couple):
    def send():
        return add_run(couple.code, a_run(), happened_on=DAY, key="k", actor=couple.lead, now=NOW)

    mark(couple, send(), "Another couple.")
    send()

    assert len(page(couple).runs) == 1


def outcome(read):
    try:
        return read()
    except NotFound:
        return "not found"
    except NotAllowed:
        return "refused"


def test_runs_are_read_by_therapist_and_supervisor_and_written_by_the_therapist_alone(couple):
    add(couple)
    actors = {
        role: getattr(couple, role)
        for role in ("lead", "supervisor", "other_therapist", "desk", "admin")
    }

    read = {
        who: outcome(lambda a=actor: len(page(couple, a).runs)) for who, actor in actors.items()
    }
    wrote = {
        who: outcome(lambda a=actor: len(add(couple, actor=a))) for who, actor in actors.items()
    }

    nobody = {"other_therapist": "not found", "desk": "not found", "admin": "not found"}
    assert read == nobody | {"lead": 1, "supervisor": 1}
    assert wrote == nobody | {"lead": 32, "supervisor": "refused"}


def test_break_glass_shows_no_run_nowhere(couple):
    add(couple)
    actor = couple.other_therapist
    reason = "Called from the hospital about them."
    break_glass(couple.code, reason, proved_at=NOW, actor=actor, now=NOW)

    assert outcome(lambda: page(couple, actor)) == "refused"
    assert windows(couple, actor)["started"] == 0
    assert timeline_page(couple.code, actor=actor, now=NOW).items == ()


def test_each_deed_and_reading_is_in_the_audit_log(couple):
    run_id = add(couple)
    page(couple)
    mark(couple, run_id, "Wrong day.")

    rows = session().execute(
        sa.select(AuditEntry.action, AuditEntry.object_id)
        .where(AuditEntry.action.like("exercise_run.%") | AuditEntry.action.like("entry.%"))
        .order_by(AuditEntry.seq)
    )
    assert [tuple(row) for row in rows] == [
        ("exercise_run.added", run_id),
        ("exercise_run.listed", couple.id),
        ("entry.marked_in_error", run_id),
    ]


def test_runs_of_one_day_stand_in_the_order_of_writing_newest_first(couple):
    added = [add(couple, now=NOW + timedelta(minutes=n)) for n in range(3)]

    assert [one.id for one in page(couple).runs] == added[::-1]


@pytest.mark.parametrize(
    "change",
    [
        sa.delete(ExerciseRun),
        sa.update(ExerciseRun).values(details_sealed=b"x"),
        sa.update(ExerciseRun).values(happened_on=date(2020, 1, 1)),
    ],
)
def test_database_refuses_every_change_of_a_run(couple, change):
    add(couple)

    with pytest.raises(sa.exc.DBAPIError):
        session().execute(change)
    session().rollback()
