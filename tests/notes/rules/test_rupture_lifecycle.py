from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.foundation.errors import Conflict
from clinic.notes.rules.rupture_events import EventKind, RuptureStatus, merge_events, split_events
from clinic.notes.rules.rupture_history import Episode, allowed_transitions, derive_status
from clinic.notes.rules.rupture_lifecycle import (
    TransitionFacts,
    TransitionRefused,
    check_transition,
)
from tests.support.notes.rupture_logs import day, event, path, reversal

S = RuptureStatus
READY = TransitionFacts(has_attempt=True, therapist_confirms=True, partners_confirmed=(True, True))


def refusal(log, proposed, facts=READY):
    with pytest.raises(TransitionRefused) as caught:
        check_transition(log, proposed=proposed, facts=facts)
    return caught.value.cause, caught.value.allowed


@pytest.mark.parametrize("status", list(S))
def test_every_step_outside_the_table_is_refused_with_the_allowed_ones(status):
    for walked in (
        ("open",),
        ("open", "in_repair"),
        ("open", "in_repair", "repaired"),
        ("open", "parked"),
    ):
        log = path(*walked)
        allowed = allowed_transitions(derive_status(log))
        if status in allowed:
            continue
        proposed = event(99, status, 50, reason="recurrence")
        assert refusal(log, proposed) == ("order", allowed)


def test_refusal_is_a_conflict_that_names_the_possible_steps_in_words():
    with pytest.raises(Conflict, match="Possible now: in_repair, parked, closed_unrepaired"):
        check_transition(path("open"), proposed=event(9, "reopened", 3), facts=READY)


def test_repair_needs_an_attempt_or_the_therapists_reason_in_words():
    log = path("open")
    nothing = TransitionFacts()
    allowed = (S.IN_REPAIR, S.PARKED, S.CLOSED_UNREPAIRED)

    assert refusal(log, event(2, "in_repair", 1), nothing) == ("attempt", allowed)
    assert refusal(log, event(2, "in_repair", 1, reason="therapist_mark"), nothing) == (
        "attempt",
        allowed,
    )
    assert refusal(log, event(2, "in_repair", 1, reason="attempt_made", text="x"), nothing) == (
        "attempt",
        allowed,
    )
    marked = event(2, "in_repair", 1, reason="therapist_mark", text="Both began by themselves.")
    assert check_transition(log, proposed=marked, facts=nothing).status is S.IN_REPAIR
    with_attempt = TransitionFacts(has_attempt=True)
    assert (
        check_transition(log, proposed=event(2, "in_repair", 1), facts=with_attempt).status
        is S.IN_REPAIR
    )


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        ({"therapist_confirms": False}, "therapist"),
        ({"partners_confirmed": (True, False)}, "partners"),
        ({"partners_confirmed": (True,)}, "partners"),
        ({"partners_confirmed": ()}, "partners"),
    ],
)
def test_repaired_needs_the_therapist_and_each_partner(changed, cause):
    assert (
        refusal(path("open", "in_repair"), event(9, "repaired", 5), replace(READY, **changed))[0]
        == cause
    )


def test_reopening_needs_a_listed_reason_and_a_session():
    log = path("open", "in_repair", "repaired")

    assert refusal(log, event(9, "reopened", 9, reason="bad mood"))[0] == "reason"
    assert refusal(log, event(9, "reopened", 9, reason="other"))[0] == "text"
    assert refusal(log, event(9, "reopened", 9, reason="recurrence", session=None))[0] == "session"
    after = check_transition(
        log, proposed=event(9, "reopened", 9, reason="recurrence"), facts=READY
    )
    assert (after.status, after.episode) == (S.REOPENED, 2)


def test_parked_rupture_returns_where_it_was_only_when_the_flag_is_cleared():
    log = (*path("open", "in_repair"), event(3, "parked", 3, reason="safety_flag"))
    flagged = replace(READY, safety_flag_open=True)

    assert refusal(log, event(4, "in_repair", 4), flagged)[0] == "safety_flag"
    assert (
        refusal(log, event(4, "closed_unrepaired", 4, reason="left_therapy"), flagged)[0]
        == "safety_flag"
    )
    assert refusal(log, reversal(4, 3, 4), flagged)[0] == "safety_flag"
    after = check_transition(log, proposed=event(4, "in_repair", 4), facts=TransitionFacts())
    assert (after.status, after.episode) == (S.IN_REPAIR, 1)


def test_return_to_reopened_after_parking_is_not_a_new_episode():
    log = (
        *path("open", "in_repair", "repaired", "reopened"),
        event(5, "parked", 5, reason="agreement"),
    )

    after = check_transition(
        log, proposed=event(6, "reopened", 6, session=None), facts=TransitionFacts()
    )

    assert (after.status, after.episode) == (S.REOPENED, 2)


def test_parking_and_closing_ask_for_a_reason():
    assert refusal(path("open"), event(9, "parked", 5))[0] == "reason"
    assert refusal(path("open"), event(9, "closed_unrepaired", 5))[0] == "reason"


def test_reversed_event_does_not_count():
    log = path("open", "in_repair", "repaired")

    after = check_transition(log, proposed=reversal(4, 3, 9), facts=READY)

    assert (after.status, after.episodes) == (S.IN_REPAIR, (Episode(1, day(0), 1),))


@pytest.mark.parametrize(
    ("proposed", "cause"),
    [
        (reversal(9, 77, 9), "unknown_event"),
        (reversal(9, 4, 9), "reversal"),
        (reversal(9, 3, 9), "reversed"),
        (reversal(9, 2, 9, reason=None), "reason"),
        (reversal(9, 1, 9), "opening"),
        (reversal(4, 2, 9), "repeated"),
    ],
)
def test_impossible_reversals_are_refused(proposed, cause):
    log = (*path("open", "in_repair", "repaired"), reversal(4, 3, 8))

    assert refusal(log, proposed)[0] == cause


def test_reversing_a_step_on_which_later_ones_stand_is_refused():
    assert refusal(path("open", "in_repair", "repaired"), reversal(9, 2, 9))[0] == "order"


def test_backdated_event_keeps_both_instants_and_takes_its_place():
    log = (event(1, "open", 0), event(2, "reopened", 9, reason="recurrence"))
    late = (event(3, "in_repair", 3, entered=20), event(4, "repaired", 5, entered=20))

    assert derive_status((*log, *late)).status is S.REOPENED
    assert late[0].backdated
    assert not log[0].backdated


def test_backdated_event_that_breaks_what_came_later_is_refused():
    log = (event(1, "open", 0), event(2, "in_repair", 9))

    assert refusal(log, event(3, "in_repair", 4, entered=20))[0] == "order"
    assert refusal(log, event(3, "parked", 4, entered=20, reason="agreement"))[0] == "order"


def test_event_of_the_future_is_refused():
    assert refusal(path("open"), event(3, "in_repair", 9, entered=5))[0] == "future"


def test_merge_ends_the_source_and_links_both():
    source, target = merge_events(
        "R-02", target="R-01", ids=(50, 51), by="t-1", effective_at=day(9), now=day(9)
    )

    ended = check_transition(path("open"), proposed=source, facts=READY)
    kept = check_transition(path("open", "in_repair"), proposed=target, facts=READY)

    assert (ended.merged_into, ended.is_open, allowed_transitions(ended)) == ("R-01", False, ())
    assert ended.episodes == (Episode(1, day(0), 1, None, "merged", day(9), None),)
    assert (kept.status, kept.is_open, kept.links) == (S.IN_REPAIR, True, (("absorbed", "R-02"),))
    assert refusal((*path("open"), source), event(60, "in_repair", 10))[0] == "order"


def test_split_keeps_the_source_and_opens_a_linked_rupture():
    link, opening = split_events(
        "R-01", new="R-05", ids=(50, 51), by="t-1", effective_at=day(9), now=day(9)
    )

    assert derive_status((*path("open"), link)).links == (("split_into", "R-05"),)
    new = check_transition((), proposed=opening, facts=READY)
    assert (new.status, new.split_from) == (S.OPEN, "R-01")


def test_link_without_the_other_rupture_is_refused():
    bare = replace(event(9, None, 5), kind=EventKind.SPLIT_INTO)

    assert refusal(path("open"), bare)[0] == "link"
    assert refusal((), replace(bare, link="R-02"))[0] == "order"
    assert refusal(path("open"), event(9, None, 5))[0] == "status"


choices = st.lists(
    st.tuples(
        st.sampled_from([*S, "reverse", "merge", "split"]),
        st.integers(min_value=0, max_value=40),
        st.integers(min_value=1, max_value=30),
        st.booleans(),
    ),
    max_size=14,
)


def walk(steps):
    log = []
    for number, (what, at, target, flagged) in enumerate(steps, start=1):
        if what == "reverse":
            proposed = replace(reversal(number, target, 40), entered_at=day(41 + number))
        elif what in {"merge", "split"}:
            kind = EventKind.MERGED_INTO if what == "merge" else EventKind.SPLIT_INTO
            proposed = replace(event(number, None, at, entered=41 + number), kind=kind, link="R-09")
        else:
            proposed = event(number, what, at, entered=41 + number, reason="recurrence")
        facts = replace(READY, safety_flag_open=flagged)
        try:
            check_transition(log, proposed=proposed, facts=facts)
        except TransitionRefused:
            continue
        log.append(proposed)
    return log


@settings(max_examples=200, deadline=None)
@given(choices)
def test_accepted_events_never_make_a_history_that_cannot_be_read(steps):
    log = []
    for accepted in walk(steps):
        log.append(accepted)
        state = derive_status(log)
        assert [e.number for e in state.episodes] == list(range(1, state.episode + 1))
        assert all(span.until is not None and span.since <= span.until for span in state.spans[:-1])


@settings(max_examples=100, deadline=None)
@given(choices, st.randoms(use_true_random=False))
def test_order_of_reading_the_log_does_not_matter(steps, chance):
    log = walk(steps)
    shuffled = list(log)
    chance.shuffle(shuffled)

    assert derive_status(shuffled) == derive_status(log)
