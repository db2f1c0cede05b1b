"""Ruptures outside a signature: moved on, refused, reversed, backdated, merged, split, restricted."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from clinic.foundation.errors import Conflict, InvalidInput
from clinic.notes.between_sessions.service import add_attempt, add_ratings
from clinic.notes.pages.overview import couple_overview
from clinic.notes.rules.clinical_values import (
    AttemptDetails,
    RatingDetails,
    RuptureDetails,
)
from clinic.notes.rules.rupture_lifecycle import TransitionRefused
from clinic.notes.ruptures.service import (
    ConfirmationNeeded,
    change_status,
    edit_rupture,
    open_rupture,
    reverse_event,
    set_visibility,
)
from tests.support.notes.led_record import AT, BROKE, NOW

pytestmark = pytest.mark.usefixtures("context")


def test_opened_rupture_has_the_next_ref_and_its_description(record):
    refs = [record(open_rupture, BROKE), record(open_rupture, BROKE, note_id=record.note)]

    seen = record.rupture("R-02")
    assert refs == ["R-01", "R-02"]
    assert (seen.details, seen.events[0].session_number) == (BROKE, 1)
    assert seen.opened_at == AT + timedelta(minutes=50)


def test_wrong_description_is_refused_field_by_field(record):
    wrong = RuptureDetails(
        " ", ("nonsense", "b", "c", "d"), 6, injured="C", occurred_on=date(2027, 1, 1), airm_step=9
    )

    with pytest.raises(InvalidInput) as refused:
        record(open_rupture, wrong)

    assert sorted(refused.value.errors) == [
        "airm_step", "injured", "occurred_on", "significance", "title", "types",
    ]  # fmt: skip


def test_repair_without_an_attempt_is_refused_with_what_is_possible(record):
    record(open_rupture, BROKE)

    with pytest.raises(TransitionRefused, match="Possible now: in_repair, parked, closed"):
        record(change_status, "R-01", "in_repair")
    with pytest.raises(TransitionRefused, match="Possible now"):
        record(change_status, "R-01", "reopened", reason="recurrence", note_id=record.note)


def test_attempt_at_home_opens_the_way_and_both_partners_confirm(record):
    record(open_rupture, BROKE, effective_at=AT)
    tried = AttemptDetails("B", ("answers_honestly",), "received", "R-01")
    record(add_attempt, tried, happened_on=date(2026, 11, 18))
    record(change_status, "R-01", "in_repair", reason="attempt_made")

    with pytest.raises(TransitionRefused, match="Each partner"):
        record(change_status, "R-01", "repaired", partners_confirmed=(True, False))
    state = record(change_status, "R-01", "repaired", partners_confirmed=(True, True))

    assert state.status == "repaired"
    [attempt] = record(couple_overview).attempts
    assert (attempt.session_number, attempt.happened_on) == (None, date(2026, 11, 18))


def test_attempt_before_its_rupture_and_in_the_future_are_refused_at_the_day(record):
    record(open_rupture, BROKE)
    tried = AttemptDetails("B", ("appreciation",), "partly", "R-01")

    for day in (date(2026, 11, 9), date(2026, 11, 24)):
        with pytest.raises(InvalidInput) as refused:
            record(add_attempt, tried, happened_on=day)
        assert list(refused.value.errors) == ["happened_on"]


def test_wrong_step_is_corrected_by_a_reversing_event_and_both_stay(record):
    record(open_rupture, BROKE)
    record(change_status, "R-01", "closed_unrepaired", reason="other", text="Moved away.")
    closing = record.rupture().events[-1].id

    record(reverse_event, "R-01", closing, reason="wrong_rupture")

    seen = record.rupture()
    assert (seen.state.status, len(seen.events)) == ("open", 3)


def test_backdated_change_keeps_both_instants(record):
    record(open_rupture, BROKE, effective_at=AT)
    record(change_status, "R-01", "parked", reason="agreement", effective_at=AT + timedelta(days=1))

    event = record.rupture().events[-1]
    assert (event.effective_at, event.entered_at) == (AT + timedelta(days=1), NOW)


def test_change_in_the_future_is_refused(record):
    record(open_rupture, BROKE)

    with pytest.raises(TransitionRefused, match="future"):
        record(
            change_status,
            "R-01",
            "parked",
            reason="agreement",
            effective_at=NOW + timedelta(hours=1),
        )


def test_restricted_becomes_joint_only_when_confirmed_a_second_time(record):
    record(open_rupture, RuptureDetails("Hidden", ("secrecy",), 2, visibility="restricted"))

    with pytest.raises(ConfirmationNeeded):
        record(set_visibility, "R-01", "joint", revision=1)
    revision = record(set_visibility, "R-01", "joint", revision=1, confirmed=True)

    assert (revision, record.rupture().details.visibility) == (2, "joint")


def test_rupture_is_described_anew_on_top_of_what_was_read(record):
    record(open_rupture, BROKE)
    graver = RuptureDetails("The late reply", ("betrayal",), 5, visibility="restricted")

    record(edit_rupture, "R-01", graver, revision=1)

    seen = record.rupture().details
    assert (seen.significance, seen.visibility) == (5, "joint")
    with pytest.raises(Conflict):
        record(edit_rupture, "R-01", BROKE, revision=1)


def test_ratings_outside_the_scale_are_refused_and_those_at_home_have_no_session(record):
    with pytest.raises(InvalidInput) as refused:
        record(add_ratings, RatingDetails("A", "home", 11, -1, 5))
    record(add_ratings, RatingDetails("A", "home", 7, source="self"))

    [rating] = record(couple_overview).ratings
    assert sorted(refused.value.errors) == ["defensiveness", "felt_safety"]
    assert (rating.session_number, rating.details.felt_safety) == (None, 7)
