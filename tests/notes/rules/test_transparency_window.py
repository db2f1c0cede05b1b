"""The Transparency Window replayed from its log: the worked example, the edges, and any log at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.notes.rules.transparency_window import (
    Happening,
    Phase,
    WindowRules,
    clock_text,
    log_problems,
    replay,
    run_problems,
    window_rules,
)
from tests.support.factories import a_run

RULES = WindowRules(600, 5, ">", 1200, (0, 150, 300, 450, 600), 200)
DAY = date(2026, 3, 22)
START = Happening(0, "start")


def tick(t_s, value, person="B"):
    return Happening(t_s, "tick", person, value)


def short(state):
    return (state.end_state, state.is_paused, state.elapsed_s, state.left_s, state.first_pause_s)


def test_rules_are_those_of_the_vocabulary():
    assert window_rules() == RULES


UP_TO_THE_PAUSE = a_run().log
RESUMED = (*UP_TO_THE_PAUSE, Happening(340, "resume"))


@pytest.mark.parametrize(
    ("log", "closed", "stands"),
    [
        (UP_TO_THE_PAUSE[:3], False, (None, False, 150, 450, None)),
        (UP_TO_THE_PAUSE, False, (None, True, 340, 260, 340)),
        (RESUMED, False, (None, False, 340, 260, 340)),
        (RESUMED, True, ("paused_resumed", False, 600, 0, 340)),
        ((*UP_TO_THE_PAUSE, Happening(340, "stop")), False, ("stopped", False, 340, 260, 340)),
        (UP_TO_THE_PAUSE, True, ("stopped", False, 340, 260, 340)),
        (UP_TO_THE_PAUSE[:3], True, ("completed", False, 600, 0, None)),
        ((), True, ("not_started", False, 0, 600, None)),
        ((), False, (None, False, 0, 600, None)),
    ],
)
def test_worked_example_pauses_at_340_and_keeps_260_seconds(log, closed, stands):
    assert short(replay(log, closed=closed)) == stands


def test_phases_of_the_worked_example_taken_up_again():
    log = (*UP_TO_THE_PAUSE, Happening(340, "resume", waited_s=1200))

    assert replay(log).phases == (
        Phase("talking", 0, 340),
        Phase("paused", 340, 340, "rule", 1200),
        Phase("talking", 340, 600),
    )


def test_stopping_keeps_the_trace():
    log = (*UP_TO_THE_PAUSE, Happening(340, "stop"))

    assert log_problems(log) == []
    assert [one.value for one in log if one.kind == "tick"] == [3, 5, 6]


@pytest.mark.parametrize("person", ["A", "B"])
def test_rating_of_either_partner_pauses(person):
    assert replay((START, tick(20, 6, person)), closed=False).is_paused


def test_five_goes_on_and_six_pauses():
    assert [RULES.pauses(value) for value in (0, 5, 6, 10)] == [False, False, True, True]


def test_pause_asked_for_needs_no_rating_and_no_reason():
    state = replay((START, Happening(90, "pause", "A"), Happening(90, "resume")))

    assert (state.end_state, state.pauses) == (
        "paused_resumed",
        (Phase("paused", 90, 90, "asked"),),
    )


def test_second_press_in_a_pause_changes_nothing():
    log = (START, tick(90, 7), Happening(90, "pause", "A"), Happening(90, "resume"))

    assert log_problems(log) == []
    assert [one.because for one in replay(log).pauses] == ["rule"]


def test_rating_above_the_limit_when_the_time_is_up_pauses_nothing():
    log = (START, tick(600, 9, "A"), tick(600, 3, "B"))

    assert (short(replay(log)), log_problems(log)) == (("completed", False, 600, 0, None), [])


def test_window_paused_twice_tells_both():
    log = (
        START, tick(100, 6), Happening(100, "resume"), tick(200, 8), Happening(200, "resume"),
        Happening(500, "stop"),
    )  # fmt: skip
    state = replay(log)

    assert [one.from_s for one in state.pauses] == [100, 200]
    assert short(state) == ("stopped", False, 500, 100, 100)


@pytest.mark.parametrize(
    ("log", "place"),
    [
        ((tick(0, 3),), "log.0"),
        ((START, START), "log.1"),
        ((Happening(5, "start"),), "log.0"),
        ((START, tick(90, 3), tick(80, 3)), "log.2"),
        ((START, tick(601, 3)), "log.1"),
        ((START, tick(-1, 3)), "log.1"),
        ((START, tick(90, 6), tick(120, 3)), "log.2"),
        ((START, Happening(90, "resume")), "log.1"),
        ((START, Happening(90, "stop"), tick(95, 3)), "log.2"),
        ((START, Happening(600, "stop")), "log.1"),
    ],
)
def test_what_cannot_follow_is_named_at_its_place(log, place):
    assert [where for where, _said in log_problems(log)] == [place]


@pytest.mark.parametrize(
    ("changes", "places"),
    [
        ({}, []),
        ({"log": ()}, []),
        ({"log": (), "consent_b": False}, []),
        ({"consent_a": False}, ["consent"]),
        ({"asker": "B"}, ["asker"]),
        ({"listener": "C", "log": ()}, ["asker"]),
        ({"question": "  "}, ["question"]),
        ({"question": "x" * 200}, []),
        ({"question": "x" * 201}, ["question"]),
        ({"exercise": "small_share"}, ["exercise"]),
        ({"reflection_b": "x" * 2001}, ["reflection_b"]),
        ({"log": (START, *[tick(0, 1)] * 400)}, ["log"]),
        ({"log": (START, tick(1, 11))}, ["log.1"]),
        ({"log": (START, tick(1, None))}, ["log.1"]),
        ({"log": (START, Happening(1, "tick", None, 3))}, ["log.1"]),
        ({"log": (START, tick(1, 3, "C"))}, ["log.1"]),
        ({"log": (START, Happening(1, "pause", waited_s=60))}, ["log.1"]),
    ],
)
def test_problems_of_a_run(changes, places):
    run = replace(a_run(), **changes)
    found = run_problems(run, happened_on=DAY, today=DAY, members=("A", "B"))

    assert [place for place, _said in found] == places


def test_day_that_has_not_come_is_refused():
    found = run_problems(a_run(), happened_on=DAY, today=date(2026, 3, 21), members=("A", "B"))

    assert [place for place, _said in found] == ["happened_on"]


def test_seconds_read_as_minutes():
    assert [clock_text(t_s) for t_s in (0, 150, 340, 600)] == ["0:00", "2:30", "5:40", "10:00"]


happenings = st.builds(
    Happening,
    st.integers(-10, 700),
    st.sampled_from(["start", "tick", "pause", "resume", "stop"]),
    st.sampled_from(["A", "B", None]),
    st.one_of(st.none(), st.integers(0, 10)),
)
logs = st.lists(happenings, max_size=30).map(
    lambda found: (START, *sorted(found, key=lambda one: one.t_s))
)


@given(logs, st.booleans())
def test_any_log_gives_phases_that_fill_the_time_without_a_hole(log, closed):
    state = replay(log, closed=closed)

    assert state.elapsed_s + state.left_s == 600
    assert 0 <= state.elapsed_s <= 600
    ends = [0, *(one.until_s for one in state.phases)]
    assert [one.from_s for one in state.phases] == ends[:-1]
    assert ends[-1] == state.elapsed_s
    assert all(one.from_s == one.until_s < 600 for one in state.pauses)


@given(logs)
def test_any_closed_log_has_ended_as_its_phases_say(log):
    state = replay(log)
    paused = bool(state.pauses)

    assert state.end_state in {"completed", "paused_resumed", "stopped"}
    assert (state.end_state == "completed") == (state.elapsed_s == 600 and not paused)
    assert (state.end_state == "stopped") == (state.elapsed_s < 600)


@given(logs)
def test_what_is_passed_over_is_what_has_a_problem(log):
    refused = {int(place.removeprefix("log.")) for place, _said in log_problems(log)}
    kept = [one for at, one in enumerate(log) if at not in refused]

    assert log_problems(kept) == []
    assert replay(kept) == replay(log)


@given(st.lists(st.tuples(st.integers(0, 599), st.integers(0, 10), st.sampled_from("AB"))))
def test_pause_comes_with_the_first_rating_above_five_whoever_gave_it(ratings):
    told = sorted(ratings)
    state = replay((START, *(tick(*one) for one in told)), closed=False)

    assert state.first_pause_s == next((t_s for t_s, value, _who in told if value > 5), None)
