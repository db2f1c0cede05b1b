from __future__ import annotations

from dataclasses import replace

import pytest

from clinic.foundation.database.transactions import session, transaction
from clinic.notes.course.load_course import load_frame
from clinic.notes.record.open_record import chart_of
from clinic.notes.record.rupture_models import Rupture, RuptureEventRow
from clinic.notes.rules.rupture_events import EventKind, RuptureEvent, RuptureStatus
from clinic.notes.ruptures.event_log import add_event, add_rupture, next_number, status_event
from tests.support.factories import NOW
from tests.support.notes.led_record import AT, BROKE, HIDDEN

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def chart(couple):
    return chart_of(couple.id, actor=couple.lead, now=NOW)


def event(number, to, **more):
    values = {"effective_at": AT, "by": "account:lead", "now": NOW}
    return status_event(number, RuptureStatus(to), **(values | more))


def test_ruptures_are_numbered_in_their_couple_and_so_are_their_events(chart):
    with transaction() as current:
        first = add_rupture(current, chart, BROKE, event(1, "open"))
        second = add_rupture(
            current, chart, HIDDEN, event(next_number(current, chart.couple_id), "open")
        )
        after = next_number(current, chart.couple_id)

    assert (first.ref, second.ref, after) == ("R-01", "R-02", 3)
    rows = session().query(Rupture).order_by(Rupture.number)
    assert [
        (one.opened_at, one.entered_at, one.author, one.revision, one.details) for one in rows
    ] == [
        (AT, NOW, "account:lead", 1, BROKE),
        (AT, NOW, "account:lead", 1, HIDDEN),
    ]


def test_event_is_read_as_it_was_written(chart):
    repaired = event(2, "in_repair", reason="therapist_initiative", text="Both asked for it.")
    reversed_ = RuptureEvent(
        3, EventKind.REVERSAL, AT, NOW, "account:lead", reason="wrong_transition", reverses=2
    )
    with transaction() as current:
        row = add_rupture(current, chart, BROKE, event(1, "open"))
        for one in (repaired, reversed_):
            add_event(current, row.id, one, couple_id=chart.couple_id)

    assert load_frame(chart).rupture("R-01").events == (event(1, "open"), repaired, reversed_)


def test_event_of_a_note_names_it(record):
    chart = chart_of(record.couple.id, actor=record.couple.lead, now=NOW)
    with transaction() as current:
        add_rupture(current, chart, BROKE, event(1, "open"), note_id=record.note, from_note=True)

    row = session().query(RuptureEventRow).one()
    assert (row.note_id, row.from_note) == (record.note, True)
    [stored] = load_frame(chart).rupture("R-01").events
    assert stored == replace(event(1, "open"), session_number=1)
