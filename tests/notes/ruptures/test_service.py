"""Ruptures outside a signature: moved on, refused, reversed, backdated, merged, split, restricted."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from clinic.foundation.errors import Conflict, InvalidInput, NotFound
from clinic.notes.between_sessions.service import add_attempt_at_home, add_ratings, draw_cycle
from clinic.notes.pages.overview import couple_ledger, couple_overview, cycle_versions
from clinic.notes.restricted.disclosures import (
    decide_disclosure,
    list_disclosures,
    write_disclosure,
)
from clinic.notes.restricted.process_notes import (
    list_process_notes,
    save_process_note,
    write_process_note,
)
from clinic.notes.rules.clinical_values import (
    AttemptDetails,
    CycleDetails,
    CyclePart,
    DisclosureDetails,
    FlagDetails,
    RatingDetails,
    RuptureDetails,
)
from clinic.notes.rules.rupture_lifecycle import TransitionRefused
from clinic.notes.ruptures.merge_and_split import merge_ruptures, split_rupture
from clinic.notes.ruptures.safety_flags import (
    clear_safety_flag,
    list_safety_flags,
    open_safety_flag,
)
from clinic.notes.ruptures.service import (
    ConfirmationNeeded,
    change_status,
    edit_rupture,
    open_rupture,
    reverse_event,
    set_visibility,
)
from tests.support.factories import make_care_couple, make_signed_note

AT = datetime(2026, 11, 16, 10, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
BROKE = RuptureDetails("The late reply", ("breach_of_trust",), 3, occurred_on=date(2026, 11, 10))
pytestmark = pytest.mark.usefixtures("context")


class Room:
    def __init__(self):
        self.couple = make_care_couple()
        self.note = make_signed_note(self.couple, at=AT)
        self.asks = {"actor": self.couple.lead, "now": NOW}

    def __call__(self, use_case, *args, **values):
        return use_case(self.couple.code, *args, **(self.asks | values))

    def rupture(self, ref="R-01"):
        return self(couple_ledger)[0].rupture(ref)


@pytest.fixture
def room(context):
    return Room()


def test_opened_rupture_has_the_next_ref_and_its_description(room):
    refs = [room(open_rupture, BROKE), room(open_rupture, BROKE, note_id=room.note)]

    seen = room.rupture("R-02")
    assert refs == ["R-01", "R-02"]
    assert (seen.details, seen.events[0].session_number) == (BROKE, 1)
    assert seen.opened_at == AT + timedelta(minutes=50)


def test_wrong_description_is_refused_field_by_field(room):
    wrong = RuptureDetails(
        " ", ("nonsense", "b", "c", "d"), 6, injured="C", occurred_on=date(2027, 1, 1), airm_step=9
    )

    with pytest.raises(InvalidInput) as refused:
        room(open_rupture, wrong)

    assert sorted(refused.value.errors) == [
        "airm_step", "injured", "occurred_on", "significance", "title", "types",
    ]  # fmt: skip


def test_repair_without_an_attempt_is_refused_with_what_is_possible(room):
    room(open_rupture, BROKE)

    with pytest.raises(TransitionRefused, match="Possible now: in_repair, parked, closed"):
        room(change_status, "R-01", "in_repair")
    with pytest.raises(TransitionRefused, match="Possible now"):
        room(change_status, "R-01", "reopened", reason="recurrence", note_id=room.note)


def test_attempt_at_home_opens_the_way_and_both_partners_confirm(room):
    room(open_rupture, BROKE, effective_at=AT)
    tried = AttemptDetails("B", ("answers_honestly",), "received", "R-01")
    room(add_attempt_at_home, tried, happened_on=date(2026, 11, 18))
    room(change_status, "R-01", "in_repair", reason="attempt_made")

    with pytest.raises(TransitionRefused, match="Each partner"):
        room(change_status, "R-01", "repaired", partners_confirmed=(True, False))
    state = room(change_status, "R-01", "repaired", partners_confirmed=(True, True))

    assert state.status == "repaired"
    [attempt] = room(couple_overview).attempts
    assert (attempt.session_number, attempt.happened_on) == (None, date(2026, 11, 18))


def test_attempt_before_its_rupture_and_in_the_future_are_refused_at_the_day(room):
    room(open_rupture, BROKE)
    tried = AttemptDetails("B", ("appreciation",), "partly", "R-01")

    for day in (date(2026, 11, 9), date(2026, 11, 24)):
        with pytest.raises(InvalidInput) as refused:
            room(add_attempt_at_home, tried, happened_on=day)
        assert list(refused.value.errors) == ["happened_on"]


def test_wrong_step_is_corrected_by_a_reversing_event_and_both_stay(room):
    room(open_rupture, BROKE)
    room(change_status, "R-01", "closed_unrepaired", reason="other", text="Moved away.")
    closing = room.rupture().events[-1].id

    room(reverse_event, "R-01", closing, reason="wrong_rupture")

    seen = room.rupture()
    assert (seen.state.status, len(seen.events)) == ("open", 3)


def test_backdated_change_keeps_both_instants(room):
    room(open_rupture, BROKE, effective_at=AT)
    room(change_status, "R-01", "parked", reason="agreement", effective_at=AT + timedelta(days=1))

    event = room.rupture().events[-1]
    assert (event.effective_at, event.entered_at) == (AT + timedelta(days=1), NOW)


def test_change_in_the_future_is_refused(room):
    room(open_rupture, BROKE)

    with pytest.raises(TransitionRefused, match="future"):
        room(
            change_status,
            "R-01",
            "parked",
            reason="agreement",
            effective_at=NOW + timedelta(hours=1),
        )


def test_merged_rupture_goes_on_in_the_other_and_both_tell_of_it(room):
    room(open_rupture, BROKE)
    room(open_rupture, BROKE)

    room(merge_ruptures, "R-02", "R-01")

    assert room.rupture("R-02").state.merged_into == "R-01"
    assert room.rupture("R-01").state.links == (("absorbed", "R-02"),)
    with pytest.raises(TransitionRefused):
        room(merge_ruptures, "R-02", "R-01")


def test_restricted_rupture_is_not_merged_into_a_joint_one(room):
    room(open_rupture, BROKE)
    room(open_rupture, RuptureDetails("Hidden", ("secrecy",), 2, visibility="restricted"))

    with pytest.raises(TransitionRefused, match="joint"):
        room(merge_ruptures, "R-02", "R-01")


def test_split_rupture_knows_where_it_comes_from(room):
    room(open_rupture, BROKE)

    ref = room(split_rupture, "R-01", RuptureDetails("The other half", ("secrecy",), 2))

    assert (ref, room.rupture(ref).state.split_from) == ("R-02", "R-01")
    assert room.rupture("R-01").state.links == (("split_into", "R-02"),)


def test_restricted_becomes_joint_only_when_confirmed_a_second_time(room):
    room(open_rupture, RuptureDetails("Hidden", ("secrecy",), 2, visibility="restricted"))

    with pytest.raises(ConfirmationNeeded):
        room(set_visibility, "R-01", "joint", revision=1)
    revision = room(set_visibility, "R-01", "joint", revision=1, confirmed=True)

    assert (revision, room.rupture().details.visibility) == (2, "joint")


def test_rupture_is_described_anew_on_top_of_what_was_read(room):
    room(open_rupture, BROKE)
    graver = RuptureDetails("The late reply", ("betrayal",), 5, visibility="restricted")

    room(edit_rupture, "R-01", graver, revision=1)

    seen = room.rupture().details
    assert (seen.significance, seen.visibility) == (5, "joint")
    with pytest.raises(Conflict):
        room(edit_rupture, "R-01", BROKE, revision=1)


def test_safety_flag_parks_every_open_rupture_until_it_is_cleared(room):
    room(open_rupture, BROKE)
    room(open_rupture, BROKE)
    details = FlagDetails("Fear of the other", 2, "Seen alone on Monday.")
    flag = room(open_safety_flag, details, review_on=date(2026, 12, 1))

    assert {one.state.status for one in room(couple_ledger)[0].ruptures} == {"parked"}
    with pytest.raises(TransitionRefused, match="safety flag"):
        room(change_status, "R-01", "open")
    room(clear_safety_flag, flag, because="Seen alone twice; no fear.")
    assert room(change_status, "R-01", "open").status == "open"
    [seen] = room(list_safety_flags)
    assert (seen.cleared_by, seen.details.cleared_because) == (
        "account:lead",
        "Seen alone twice; no fear.",
    )


def test_disclosure_can_seed_a_rupture_that_is_restricted_whatever_was_asked(room):
    told = DisclosureDetails("A", "Another person.", decision="encourage")
    seed = room(write_disclosure, told, review_on=date(2026, 12, 1))

    room(open_rupture, RuptureDetails("Told alone", ("secrecy",), 4, disclosure=seed))

    assert room.rupture().details.visibility == "restricted"
    with pytest.raises(NotFound):
        room(open_rupture, RuptureDetails("x", ("secrecy",), 4, disclosure="0" * 32))


def test_decision_on_a_disclosure_is_changed_on_top_of_what_was_read(room):
    told = DisclosureDetails("A", "Another person.")
    seed = room(write_disclosure, told, review_on=date(2026, 12, 1))
    decided = DisclosureDetails("A", "Another person.", False, "withhold", "Not safe now.")
    values = {"review_on": date(2026, 12, 8), "flagged": True, "revision": 1}

    decide_disclosure(seed, decided, **values, **room.asks)

    [seen] = room(list_disclosures)
    assert (seen.details, seen.flagged, seen.revision) == (decided, True, 2)
    with pytest.raises(Conflict):
        decide_disclosure(seed, decided, **values, **room.asks)


def test_ratings_outside_the_scale_are_refused_and_those_at_home_have_no_session(room):
    with pytest.raises(InvalidInput) as refused:
        room(add_ratings, RatingDetails("A", "home", 11, -1, 5))
    room(add_ratings, RatingDetails("A", "home", 7, source="self"))

    [rating] = room(couple_overview).ratings
    assert sorted(refused.value.errors) == ["defensiveness", "felt_safety"]
    assert (rating.session_number, rating.details.felt_safety) == (None, 7)


def test_every_version_of_the_cycle_is_kept_and_the_latest_shown(room):
    first = CycleDetails("Silence", "pursue_withdraw", (CyclePart("A", position="pursuer"),))
    second = CycleDetails("A missed call", "pursue_withdraw")
    numbers = [room(draw_cycle, one) for one in (first, second)]

    assert numbers == [1, 2]
    assert room(couple_overview).cycle.details == second
    assert [one.details for one in room(cycle_versions)] == [second, first]


def test_process_note_is_changed_on_top_of_what_was_read(room):
    kept = room(write_process_note, "My unease.", note_id=room.note)

    save_process_note(kept, "My unease, later.", revision=1, **room.asks)

    [seen] = room(list_process_notes)
    assert (seen.text, seen.revision, seen.note_id) == ("My unease, later.", 2, room.note)
    with pytest.raises(Conflict):
        save_process_note(kept, "Again.", revision=1, **room.asks)
