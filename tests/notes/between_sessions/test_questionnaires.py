"""Responses in the record: scored by the clinic's definition, seen by few, marked, exported."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction

import pytest
import sqlalchemy as sa

from clinic.foundation.audit import AuditEntry
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import InvalidInput, NotAllowed, NotFound
from clinic.notes.between_sessions.corrections import mark_in_error
from clinic.notes.between_sessions.questionnaires import EnteredResponse, add_measure, measures_page
from clinic.notes.pages.ledger_pictures import questionnaire_pictures
from clinic.notes.record.entries_in_error import InError
from clinic.notes.record.idempotent_forms import AlreadyStored
from clinic.notes.record.questionnaire_models import MeasureResponse
from clinic.notes.restricted.emergency_access import break_glass
from clinic.practice.instruments.service import retire_instrument
from tests.support.factories import add_closeness, make_care_couple

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY = date(2026, 11, 22)
pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def couple(context):
    return make_care_couple()


@pytest.fixture
def shelf(couple):
    return add_closeness(couple)


def told(shelf, **changes):
    values = {
        "partner": "A",
        "instrument_id": shelf,
        "taken_on": DAY,
        "answers": {"near": 4, "warm": 2},
    }
    return EnteredResponse(**(values | changes))


def add(couple, one, *, actor=None, **more):
    return add_measure(couple.code, one, actor=actor or couple.lead, now=NOW, **more)


def mark(couple, response, reason):
    mark_in_error(couple.code, "measure", response, reason=reason, actor=couple.lead, now=NOW)


def page(couple, actor=None):
    return measures_page(couple.code, actor=actor or couple.lead, now=NOW)


def test_response_is_scored_and_kept(couple, shelf):
    add(couple, told(shelf))
    add(couple, told(shelf, partner="B", answers={}, totals={"total": Fraction(10)}))

    kept = {one.details.partner: one.details for one in page(couple).responses}

    assert [(one.scale, one.value) for one in kept["A"].scores] == [
        ("total", "22.5"),
        ("coldness", None),
    ]
    assert [(one.scale, one.value) for one in kept["B"].scores] == [("total", "10")]


@pytest.mark.parametrize(
    ("changes", "places"),
    [
        ({"partner": "C"}, {"partner"}),
        ({"answers": {"near": 9}}, {"items.near"}),
        ({"answers": {}}, {"answers"}),
        ({"answers": {}, "totals": {"total": Fraction(99)}}, {"totals.total"}),
        ({"taken_on": date(2026, 11, 24)}, {"taken_on"}),
        ({"instrument_id": "0" * 32}, {"instrument"}),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_kept(couple, shelf, changes, places):
    with pytest.raises(InvalidInput) as refused:
        add(couple, told(shelf, **changes))

    assert (set(refused.value.errors), page(couple).responses) == (places, ())


def test_retired_instrument_takes_no_more_responses_and_keeps_those_it_has(couple, shelf):
    add(couple, told(shelf))
    retire_instrument("closeness", "2", "en", actor=couple.admin, now=NOW)

    with pytest.raises(InvalidInput):
        add(couple, told(shelf))
    assert len(page(couple).responses) == 1


def test_form_sent_twice_is_kept_once_and_another_under_its_key_is_refused(couple, shelf):
    first = add(couple, told(shelf), key="k")

    assert add(couple, told(shelf), key="k") == first
    with pytest.raises(AlreadyStored):
        add(couple, told(shelf, answers={"near": 1}), key="k")
    assert len(page(couple).responses) == 1


def test_marked_response_stays_with_its_reason_and_is_drawn_no_more(couple, shelf):
    response = add(couple, told(shelf))

    mark(couple, response, "Of another couple.")

    shown = page(couple)
    [kept] = shown.responses
    assert kept.in_error == InError(NOW, couple.lead.name, "Of another couple.")
    assert [one.value for one in kept.details.scores] == ["22.5", None]
    assert questionnaire_pictures(shown.responses, chart=shown.chart, partners=("A", "B")) == ()


def outcome(read):
    try:
        return read()
    except NotFound:
        return "not found"
    except NotAllowed:
        return "refused"


def test_measures_are_read_by_therapist_and_supervisor_and_entered_by_the_therapist(couple, shelf):
    add(couple, told(shelf))
    break_glass(
        couple.code,
        "Called from the hospital.",
        proved_at=NOW,
        actor=couple.other_therapist,
        now=NOW,
    )
    actors = {
        role: getattr(couple, role)
        for role in ("lead", "supervisor", "other_therapist", "desk", "admin")
    }

    read = {
        who: outcome(lambda a=actor: len(page(couple, a).responses))
        for who, actor in actors.items()
    }
    wrote = {
        who: outcome(lambda a=actor: len(add(couple, told(shelf), actor=a)))
        for who, actor in actors.items()
    }

    nobody = {"other_therapist": "refused", "desk": "not found", "admin": "not found"}
    assert read == nobody | {"lead": 1, "supervisor": 1}
    assert wrote == nobody | {"lead": 32, "supervisor": "refused"}


def test_each_deed_and_reading_is_in_the_audit_log(couple, shelf):
    response = add(couple, told(shelf))
    page(couple)
    mark(couple, response, "Wrong.")

    rows = session().execute(
        sa.select(AuditEntry.action, AuditEntry.object_id)
        .where(AuditEntry.action.like("measure.%") | AuditEntry.action.like("entry.%"))
        .order_by(AuditEntry.seq)
    )
    assert [tuple(row) for row in rows] == [
        ("measure.added", response),
        ("measure.listed", couple.id),
        ("entry.marked_in_error", response),
    ]


@pytest.mark.parametrize(
    "change",
    [
        sa.delete(MeasureResponse),
        sa.update(MeasureResponse).values(details_sealed=b"x"),
        sa.update(MeasureResponse).values(taken_on=date(2020, 1, 1)),
    ],
)
def test_database_refuses_every_change_of_a_response(couple, shelf, change):
    add(couple, told(shelf))

    with pytest.raises(sa.exc.DBAPIError):
        session().execute(change)
    session().rollback()
