"""The course as partners may see it: with flags and without them it is the same, byte for byte."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given, settings

from clinic.notes.charts.open_ruptures import open_ruptures
from clinic.notes.charts.rupture_lanes import rupture_lanes
from clinic.notes.charts.time_to_repair import lasting_episodes, time_to_repair
from clinic.notes.ledger.build_ledger import build_ledger
from clinic.notes.ledger.ledger_facts import LedgerInput, RuptureFacts
from clinic.notes.redaction.partner_course import partner_safe, without_safety_parking
from clinic.notes.rules.rupture_events import EventKind, RuptureStatus
from tests.support.notes.flagged_courses import course_pairs, pair_of
from tests.support.notes.ledger_courses import (
    COURSES,
    attempts,
    event,
    rupture,
    sessions,
    worked_out,
)

S = RuptureStatus


def as_bytes(facts: LedgerInput) -> bytes:
    """The facts, the ledger's JSON and its charts on both axes."""
    charts = [
        asdict(chart(facts, axis_kind=axis))
        for chart in (rupture_lanes, open_ruptures)
        for axis in ("session", "date")
    ]
    ledger = build_ledger(facts)
    repair = asdict(time_to_repair(facts, median=ledger.median_days)), lasting_episodes(facts)
    told = [asdict(facts), ledger.to_json(), charts, repair]
    return json.dumps(told, default=str, sort_keys=True).encode()


@settings(max_examples=150, deadline=None)
@given(course_pairs())
def test_partners_are_shown_the_same_with_flags_and_without(pair):
    for viewer in (None, "A", "B"):
        assert as_bytes(partner_safe(pair.flagged, viewer=viewer)) == as_bytes(
            partner_safe(pair.plain, viewer=viewer)
        )


def turn(line):
    """`repaired R-01`; a reversal is of the entry after the colon: `reverse:2 R-01`."""
    what, ref = line.split()
    what, _, number = what.partition(":")
    return what, ref, int(number or 0), False, 0


@pytest.mark.parametrize(
    ("lines", "kinds"),
    [
        ("flag R-01; clear R-01; take_up R-01; in_repair R-01; flag R-01", ["open", "parked", "open", "in_repair", "parked"]),
        ("flag R-01; in_repair R-01; repaired R-01; reopened R-01; flag R-01; closed_unrepaired R-01",
         ["open", "parked", "open", "in_repair", "repaired", "reopened", "parked", "closed_unrepaired"]),
        ("flag R-01; clear R-01; merge R-01", ["open", "parked", "open", None]),
        ("in_repair R-01; flag R-01; split R-01; clear R-01; take_up R-01; parked R-01",
         ["open", "in_repair", "parked", None, "in_repair", "parked"]),
        ("in_repair R-01; flag R-01; take_up R-01; clear R-01; reverse_flag:0 R-01; reverse:3 R-01",
         ["open", "in_repair", "parked", None, None]),
    ],
    ids=["taken up and parked anew", "repaired and closed after flags", "merged after a flag",
         "split while parked, later parked by agreement", "the parking and what came before reversed"],
)  # fmt: skip
def test_partners_see_nothing_of_the_flags_in_courses_that_matter(lines, kinds):
    pair = pair_of([turn(line) for line in lines.split("; ")])

    assert [one.to_status for one in pair.flagged.ruptures[0].events] == kinds
    assert as_bytes(partner_safe(pair.flagged)) == as_bytes(partner_safe(pair.plain))


def test_partners_of_a_flagged_course_see_what_was_worked_out_by_hand():
    for viewer in (None, "A", "B"):
        seen = partner_safe(COURSES["parked_by_a_safety_flag"], viewer=viewer)

        assert build_ledger(seen).to_json() == worked_out("parked_by_a_safety_flag_as_partners_see")


def statuses(log):
    events = rupture("R-01", 3, log).events
    return [one.to_status or one.kind for one in without_safety_parking(events)]


@pytest.mark.parametrize(
    ("log", "seen"),
    [
        ("open #1; parked #2 safety_flag", [S.OPEN]),
        ("open #1; parked #2 safety_flag; open #4; in_repair #4", [S.OPEN, S.IN_REPAIR]),
        (
            "open #1; parked #2 safety_flag; open #3; parked #4 safety_flag; open #5; parked #6 agreement",
            [S.OPEN, S.PARKED],
        ),
        ("open #1; parked #2 agreement; open #3", [S.OPEN, S.PARKED, S.OPEN]),
        (
            "open #1; parked #2 safety_flag; closed_unrepaired #3 other",
            [S.OPEN, S.CLOSED_UNREPAIRED],
        ),
        (
            "open #1; parked #2 safety_flag; merged_into:R-02 #3",
            [S.OPEN, EventKind.MERGED_INTO],
        ),
        (
            "open #1; in_repair #1; repaired #2; reopened #3 other; parked #4 safety_flag; reopened #5",
            [S.OPEN, S.IN_REPAIR, S.REPAIRED, S.REOPENED],
        ),
        ("open #1; parked #2 safety_flag; reverse:2 #3 wrong_transition", [S.OPEN]),
        ("open #1; parked #2 safety_flag; open #3; reverse:3 #4 wrong_transition", [S.OPEN]),
    ],
)
def test_rupture_keeps_the_status_it_had_when_a_flag_parked_it(log, seen):
    assert statuses(log) == seen


def test_partners_are_told_no_author_no_words_no_time_of_writing_and_no_number_of_the_log():
    told = replace(
        event(7, "parked #2 agreement"), text="Ana rang.", entered_at=sessions(3)[2].ends_at
    )
    log = (event(3, "open #1"), replace(told, by="account:x"))

    [seen] = partner_safe(LedgerInput("C-1", ruptures=(RuptureFacts("R-01", 1, log),))).ruptures

    assert [(one.id, one.by, one.text, one.reason) for one in seen.events] == [
        (1, "", "", None),
        (2, "", "", None),
    ]
    assert [one.entered_at for one in seen.events] == [one.effective_at for one in log]


def test_titles_follow_the_refs_that_partners_see():
    facts = COURSES["restricted_ruptures"]
    titled = replace(
        facts,
        ruptures=tuple(
            replace(one, title=title)
            for one, title in zip(
                facts.ruptures, ("The first", "The secret", "The third"), strict=True
            )
        ),
    )

    assert [(one.ref, one.title) for one in partner_safe(titled).ruptures] == [
        ("R-01", "The first"),
        ("R-02", "The third"),
    ]


def test_attempt_made_while_a_flag_holds_its_rupture_counts_as_ever():
    held = LedgerInput(
        "C-1",
        sessions(4),
        (rupture("R-01", 3, "open #1; in_repair #1; parked #2 safety_flag; in_repair #4"),),
        attempts("2026-03-12 A received R-01; #4 B partly R-01"),
    )
    free = replace(held, ruptures=(rupture("R-01", 3, "open #1; in_repair #1"),))

    assert as_bytes(partner_safe(held)) == as_bytes(partner_safe(free))


def test_view_of_partners_is_its_own_view():
    once = partner_safe(COURSES["parked_by_a_safety_flag"], viewer="A")

    assert partner_safe(once, viewer="A") == once


def test_partner_sees_nothing_of_a_restricted_rupture_and_only_the_own_ratings():
    seen = build_ledger(partner_safe(COURSES["restricted_ruptures"], viewer="B")).to_json()

    assert seen == worked_out("restricted_ruptures_as_partner_b_sees_them")


def test_partner_safe_facts_do_not_change_with_what_is_restricted():
    facts = COURSES["restricted_ruptures"]
    without = replace(
        facts,
        ruptures=(facts.ruptures[0], rupture("R-02", 3, "open #2")),
        attempts=tuple(a for a in facts.attempts if a.rupture != "R-02"),
    )

    assert partner_safe(facts) == partner_safe(without)


def test_partner_safe_facts_without_a_viewer_hold_no_ratings():
    assert partner_safe(COURSES["one_partner_absent"]).ratings == ()


def test_links_to_a_restricted_rupture_are_left_out_for_partners():
    facts = LedgerInput(
        "C-1",
        sessions(3),
        (
            rupture("R-01", 3, "open #1; absorbed:R-02 #2"),
            rupture("R-02", 2, "open #1; merged_into:R-01 #2", "restricted"),
            rupture("R-03", 1, "open #1; merged_into:R-02 #2"),
        ),
    )

    seen = build_ledger(partner_safe(facts)).to_json()["ruptures"]

    assert seen == [
        {"ref": "R-01", "significance": 3, "visibility": "joint", "status": "open", "episode": 1},
        {"ref": "R-02", "significance": 1, "visibility": "joint", "status": "merged", "episode": 1},
    ]
