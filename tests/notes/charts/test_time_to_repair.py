"""Chart 5: repaired episodes are dots over days; lasting ones are listed and never plotted."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from clinic.notes.charts.picture import Table
from clinic.notes.charts.time_to_repair import lasting_episodes, time_to_repair
from clinic.notes.ledger.build_ledger import LedgerInput
from tests.notes.charts.drawn import marks_of
from tests.notes.charts.short_course import COURSE, REPAIRED


def places(picture):
    dots = (one.marks[0].attributes for one in marks_of(picture, "repaired-dot"))
    return [(one["cx"], one["cy"]) for one in dots]


def numbers(picture):
    return [int(one.words) for one in marks_of(picture, "tick-no")]


def test_repaired_episode_is_a_dot_at_its_days_and_a_lasting_one_is_only_listed():
    picture = time_to_repair(COURSE, median=7)

    assert places(picture) == [(338.0, 52.0)]
    assert marks_of(picture, "repaired-dot")[0].title == ("repaired", "R-01", 1, 7)
    assert marks_of(picture, "median")[0].marks[0].attributes["x1"] == 338.0
    assert lasting_episodes(COURSE) == (
        ("R-01", 2, date(2026, 3, 31)),
        ("R-02", 1, date(2026, 3, 17)),
    )
    assert picture.table == Table(
        ("rupture", "episode", "opened", "days", "sessions"),
        (
            ("R-01", "1", "2026-03-03", "7", "1"),
            ("R-01", "2", "2026-03-31", "—", "—"),
            ("R-02", "1", "2026-03-17", "—", "—"),
        ),
    )


def test_episodes_with_the_same_days_stand_above_each_other_in_a_higher_picture():
    twins = replace(COURSE, ruptures=(REPAIRED, replace(REPAIRED, ref="R-09")))
    one, two = time_to_repair(COURSE, median=7), time_to_repair(twins, median=7)

    assert places(two) == [(338.0, 86.0), (338.0, 52.0)]
    assert two.height - one.height == 34


def test_course_without_repairs_has_a_week_and_no_median():
    picture = time_to_repair(LedgerInput("C-1"), median=None)

    assert (places(picture), marks_of(picture, "median"), numbers(picture)) == ([], [], [0, 7])


@pytest.mark.parametrize("days", [8, 43, 400, 21_000])
def test_axis_reaches_the_longest_repair_with_at_most_eight_numbers(days):
    opened, begun, repaired, _reopened = REPAIRED.events
    late = replace(
        repaired,
        effective_at=opened.effective_at + timedelta(days=days),
        entered_at=opened.effective_at + timedelta(days=days),
        session_number=None,
    )
    long = replace(REPAIRED, events=(opened, begun, late))

    found = numbers(time_to_repair(replace(COURSE, ruptures=(long,)), median=None))

    assert found[-1] >= days
    assert len(found) <= 8
