"""What the page is told of outside calendars: how they stand, and never where they lead."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta

import pytest

from clinic.booking.appointments.models import ImportedBusyRow
from clinic.calendars.imported.queries import OutsideView, list_outside, stale_therapists
from clinic.calendars.imported.service import add_calendar
from clinic.calendars.models import OutsideCalendar, OutsideState
from clinic.foundation.database.transactions import new_id, transaction
from clinic.foundation.outbound.allowed_addresses import Guard
from clinic.foundation.permissions.actors import Actor, Role
from tests.support.factories import NOW, make_practice, make_therapist

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def practice(context):
    return make_practice()


def add(practice, therapist_id=None, *, name="Private", path="x"):
    return add_calendar(
        therapist_id or practice.therapist.id,
        name=name,
        url=f"https://cal.example.org/{path}",
        guard=Guard(),
        actor=practice.desk,
        now=NOW,
    ).id


def change(calendar_id, **values):
    with transaction() as current:
        row = current.get_one(OutsideCalendar, calendar_id)
        for name, value in values.items():
            setattr(row, name, value)


def block(practice, origin, start):
    with transaction() as current:
        current.add(
            ImportedBusyRow(
                id=new_id(),
                therapist_id=practice.therapist.id,
                origin=origin,
                starts_at=start,
                ends_at=start + HOUR,
            )
        )


def test_view_says_how_a_calendar_stands_and_holds_no_address(practice):
    id_ = add(practice)
    change(id_, state="gone", last_ok_at=NOW - DAY, last_tried_at=NOW, warnings=["Entry 1"])

    assert list_outside(practice.therapist.id, now=NOW) == [
        OutsideView(
            id=id_,
            name="Private",
            host="cal.example.org",
            state=OutsideState.GONE,
            trouble=None,
            warnings=("Entry 1",),
            ignore_all_day=False,
            blocks=0,
            stale=False,
            created_at=NOW,
            last_ok_at=NOW - DAY,
            last_tried_at=NOW,
            next_try_at=NOW,
            is_due=True,
        )
    ]
    assert "url" not in {field.name for field in fields(OutsideView)}


def test_busy_times_to_come_are_counted_for_each_calendar_alone(practice):
    one, two = add(practice), add(practice, path="y", name="Second")
    for origin, hours in ((one, -2), (one, -0.5), (one, 5), (two, 9), ("elsewhere", 3)):
        block(practice, f"calendar:{origin}", NOW + hours * HOUR)

    counted = {view.id: view.blocks for view in list_outside(practice.therapist.id, now=NOW)}

    assert counted == {one: 2, two: 1}


@pytest.mark.parametrize(
    ("added", "last_ok", "stale"),
    [
        (timedelta(0), None, False),
        (3 * DAY - HOUR, None, False),
        (3 * DAY, None, True),
        (9 * DAY, 3 * DAY - HOUR, False),
        (9 * DAY, 3 * DAY, True),
    ],
)
def test_silence_of_three_days_is_too_long(practice, added, last_ok, stale):
    id_ = add(practice)
    change(id_, created_at=NOW - added, last_ok_at=last_ok and NOW - last_ok)

    (view,) = list_outside(practice.therapist.id, now=NOW)

    assert view.stale is stale
    assert bool(stale_therapists(practice.desk, now=NOW)) is stale


def test_silent_calendars_are_pointed_out_to_who_looks_after_them(practice):
    other = make_therapist(practice.clinic, slug="daniel-reyes", name="Daniel Reyes", sort=1)
    for therapist_id in (practice.therapist.id, other.id):
        change(add(practice, therapist_id), created_at=NOW - 4 * DAY)
    clinic_id = practice.clinic.id
    own = Actor(clinic_id=clinic_id, roles=frozenset({Role.THERAPIST}), therapist_id=other.id)

    def names(actor):
        return [one.slug for one in stale_therapists(actor, now=NOW)]

    assert names(practice.desk) == ["ines-duarte", "daniel-reyes"]
    assert names(own) == ["daniel-reyes"]
    assert names(Actor(clinic_id="other", roles=frozenset({Role.ADMIN}))) == []
