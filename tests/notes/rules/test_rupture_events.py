from __future__ import annotations

import pytest

from clinic.foundation.errors import Conflict
from clinic.notes.rules.clinical_values import EventDetails
from clinic.notes.rules.rupture_events import (
    EventKind,
    RuptureEvent,
    RuptureStatus,
    counting_events,
    merge_events,
    split_events,
    stored_event,
)
from tests.support.notes.rupture_logs import day, event, path, reversal


def test_rupture_cannot_be_merged_or_split_into_itself():
    with pytest.raises(Conflict):
        merge_events("R-01", target="R-01", ids=(1, 2), by="t", effective_at=day(1), now=day(1))
    with pytest.raises(Conflict):
        split_events("R-01", new="R-01", ids=(1, 2), by="t", effective_at=day(1), now=day(1))


def test_events_are_read_as_they_took_effect_then_as_they_were_entered_then_by_number():
    late_entry = event(4, "in_repair", 1, entered=9)
    entered_in_time = event(5, "parked", 1, entered=1)
    same_instant = event(6, "open", 1, entered=1)
    first = event(7, "open", 0)

    ordered = counting_events([late_entry, same_instant, entered_in_time, first])

    assert ordered == (first, entered_in_time, same_instant, late_entry)


def test_reversals_and_what_they_undo_do_not_count():
    opened, mistaken = path("open", "parked")

    assert counting_events([reversal(3, 2, 5), mistaken, opened]) == (opened,)


@pytest.mark.parametrize(
    ("to", "reason", "parks"),
    [
        ("parked", "safety_flag", True),
        ("parked", "agreement", False),
        ("closed_unrepaired", "safety_flag", False),
    ],
)
def test_only_parking_with_the_reason_of_a_safety_flag_parks_for_safety(to, reason, parks):
    assert event(1, to, 0, reason=reason).parks_for_safety is parks


@pytest.mark.parametrize(("entered", "backdated"), [(3, False), (4, True)])
def test_event_is_backdated_when_it_is_entered_on_a_later_day(entered, backdated):
    assert event(1, "open", 3, entered=entered).backdated is backdated


def test_stored_details_become_the_event_that_the_rules_read():
    details = EventDetails("status", "reopened", "trust_dip", "After the call.", None, None)
    when = {"effective_at": day(1), "entered_at": day(2)}

    read = stored_event(7, details, by="account:lead", session_number=3, **when)

    assert read == RuptureEvent(
        id=7,
        kind=EventKind.STATUS,
        effective_at=day(1),
        entered_at=day(2),
        by="account:lead",
        to_status=RuptureStatus.REOPENED,
        session_number=3,
        reason="trust_dip",
        text="After the call.",
    )


def test_stored_reversal_and_link_keep_what_they_point_to():
    when = {"effective_at": day(1), "entered_at": day(1), "by": "account:lead"}

    reversed_event = stored_event(8, EventDetails("reversal", reverses=7), **when)
    absorbed = stored_event(9, EventDetails("absorbed", link="R-02"), **when)

    assert reversed_event == RuptureEvent(8, EventKind.REVERSAL, **when, reverses=7)
    assert absorbed == RuptureEvent(9, EventKind.ABSORBED, **when, link="R-02")


@pytest.mark.parametrize(
    "details", [EventDetails("magic"), EventDetails("status", to_status="mended")]
)
def test_unknown_kind_or_status_is_not_read(details):
    with pytest.raises(ValueError, match=r"magic|mended"):
        stored_event(1, details, effective_at=day(1), entered_at=day(1), by="account:lead")


def test_merge_is_written_to_both_logs_with_the_ref_of_the_other():
    pair = merge_events(
        "R-02",
        target="R-01",
        ids=(50, 51),
        by="t-1",
        session_number=4,
        text="One matter.",
        effective_at=day(9),
        now=day(10),
    )

    shared = {
        "effective_at": day(9),
        "entered_at": day(10),
        "by": "t-1",
        "session_number": 4,
        "text": "One matter.",
    }
    assert pair == (
        RuptureEvent(50, EventKind.MERGED_INTO, **shared, link="R-01"),
        RuptureEvent(51, EventKind.ABSORBED, **shared, link="R-02"),
    )


def test_split_is_a_link_in_the_old_log_and_the_opening_of_the_new_one():
    pair = split_events(
        "R-01",
        new="R-05",
        ids=(50, 51),
        by="t-1",
        session_number=4,
        text="Two matters.",
        effective_at=day(9),
        now=day(10),
    )

    shared = {
        "effective_at": day(9),
        "entered_at": day(10),
        "by": "t-1",
        "session_number": 4,
        "text": "Two matters.",
    }
    assert pair == (
        RuptureEvent(50, EventKind.SPLIT_INTO, **shared, link="R-05"),
        RuptureEvent(51, EventKind.STATUS, **shared, to_status=RuptureStatus.OPEN, link="R-01"),
    )
