from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from clinic.notes.rules.rupture_events import HistoryBroken, RuptureStatus, merge_events
from clinic.notes.rules.rupture_history import (
    Episode,
    RuptureState,
    Span,
    allowed_transitions,
    cannot_follow,
    derive_status,
)
from tests.support.notes.rupture_logs import day, event, path

S = RuptureStatus


def test_nothing_is_known_before_the_opening():
    assert derive_status([]) == RuptureState()
    assert (RuptureState().episode, RuptureState().opened_at, RuptureState().is_open) == (
        0,
        None,
        False,
    )
    assert allowed_transitions(RuptureState()) == (S.OPEN,)


def test_course_of_the_worked_example_has_two_numbered_episodes():
    log = (
        event(1, "open", 0, session=1),
        event(2, "in_repair", 0, session=1),
        event(3, "repaired", 28, session=4),
        event(4, "reopened", 49, session=6, reason="trust_dip"),
        event(5, "in_repair", 49, session=6),
        event(6, "repaired", 63, session=8),
    )

    state = derive_status(log)

    assert (state.status, state.episode, state.opened_at, state.is_open) == (
        S.REPAIRED,
        2,
        day(49),
        False,
    )
    assert state.episodes == (
        Episode(1, day(0), 1, None, "repaired", day(28), 4),
        Episode(2, day(49), 6, "trust_dip", "repaired", day(63), 8),
    )
    assert state.spans == (
        Span(S.OPEN, 1, day(0), 1, day(0), 1),
        Span(S.IN_REPAIR, 1, day(0), 1, day(28), 4),
        Span(S.REPAIRED, 1, day(28), 4, day(49), 6),
        Span(S.REOPENED, 2, day(49), 6, day(49), 6),
        Span(S.IN_REPAIR, 2, day(49), 6, day(63), 8),
        Span(S.REPAIRED, 2, day(63), 8, None, None),
    )


@pytest.mark.parametrize(
    ("walked", "allowed"),
    [
        (("open",), (S.IN_REPAIR, S.PARKED, S.CLOSED_UNREPAIRED)),
        (("open", "in_repair"), (S.REPAIRED, S.PARKED, S.CLOSED_UNREPAIRED)),
        (("open", "in_repair", "repaired"), (S.REOPENED,)),
        (
            ("open", "in_repair", "repaired", "reopened"),
            (S.IN_REPAIR, S.PARKED, S.CLOSED_UNREPAIRED),
        ),
        (("open", "parked"), (S.OPEN, S.CLOSED_UNREPAIRED)),
        (("open", "in_repair", "parked"), (S.IN_REPAIR, S.CLOSED_UNREPAIRED)),
        (("open", "closed_unrepaired"), ()),
    ],
)
def test_each_status_names_what_may_follow(walked, allowed):
    assert allowed_transitions(derive_status(path(*walked))) == allowed


def test_unlawful_history_is_told_and_never_guessed():
    with pytest.raises(HistoryBroken, match="repaired"):
        derive_status(path("open", "repaired"))
    with pytest.raises(HistoryBroken, match="The new status is missing"):
        derive_status([event(1, None, 0)])


def test_merge_of_a_repaired_rupture_leaves_its_episode_repaired():
    source, _ = merge_events(
        "R-02", target="R-01", ids=(50, 51), by="t-1", effective_at=day(9), now=day(9)
    )

    ended = derive_status((*path("open", "in_repair", "repaired"), source))

    assert (ended.merged, ended.episodes[0].ended) == (True, "repaired")


def test_order_of_entry_does_not_matter_when_effective_times_differ():
    log = path("open", "in_repair", "repaired", "reopened")

    for order in permutations(range(4)):
        entered = [
            replace(log[i], id=at + 1, entered_at=day(20 + at)) for at, i in enumerate(order)
        ]
        assert derive_status(entered) == derive_status(log)


@pytest.mark.parametrize(
    ("state", "to", "told"),
    [
        (RuptureState(), None, ("The new status is missing.", {})),
        (RuptureState(), S.REPAIRED, ("A rupture has to be opened first.", {})),
        (
            RuptureState(S.OPEN),
            S.REOPENED,
            (
                "A rupture that is “%(held)s” cannot become “%(wanted)s”.",
                {"held": ("rupture_status", "open"), "wanted": ("rupture_status", "reopened")},
            ),
        ),
    ],
)
def test_refused_status_is_explained_with_the_terms_of_its_sentence(state, to, told):
    assert cannot_follow(state, to) == told


def test_parking_remembers_the_status_before_it_only_while_it_lasts():
    parked = derive_status(path("open", "in_repair", "parked"))
    resumed = derive_status(path("open", "in_repair", "parked", "in_repair"))

    assert (parked.status, parked.before_parking) == (S.PARKED, S.IN_REPAIR)
    assert (resumed.status, resumed.before_parking) == (S.IN_REPAIR, None)


def test_rupture_that_is_closed_or_merged_is_merged_or_split_no_further():
    first, second = (
        merge_events(
            "R-02", target="R-01", ids=(at, at + 1), by="t-1", effective_at=day(at), now=day(at)
        )[0]
        for at in (50, 60)
    )

    with pytest.raises(HistoryBroken, match="before it is merged or split"):
        derive_status([first])
    with pytest.raises(HistoryBroken, match="before it is merged or split"):
        derive_status((*path("open"), first, second))
