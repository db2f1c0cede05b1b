from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from clinic.calendars.imported.service import (
    REFRESH,
    add_calendar,
    remove_calendar,
    request_refresh,
    set_all_day,
)
from clinic.calendars.models import OutsideCalendar
from clinic.foundation.audit import AuditEntry
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import ClinicError, InvalidInput, NotAllowed, NotFound
from clinic.foundation.outbound.allowed_addresses import Guard
from clinic.foundation.outbox import OutboxMessage
from clinic.foundation.permissions.actors import Actor, Role
from tests.support.factories import NOW, make_practice

URL = "https://cal.example.org/private/7f3a/basic.ics"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def practice(context):
    return make_practice()


def add(practice, **changes):
    values = {"name": "Private", "url": URL, "guard": Guard(), "actor": practice.desk, "now": NOW}
    return add_calendar(practice.therapist.id, **values | changes)


def rows():
    session().rollback()
    return session().scalars(select(OutsideCalendar)).all()


def promises():
    session().rollback()
    found = session().scalars(select(OutboxMessage).order_by(OutboxMessage.id))
    return [(one.kind, one.payload["round"], one.due_at) for one in found]


def own(practice):
    return Actor(
        clinic_id=practice.clinic.id,
        roles=frozenset({Role.THERAPIST}),
        therapist_id=practice.therapist.id,
    )


def test_address_is_sealed_and_its_host_is_all_that_can_be_read(practice):
    add(practice, name="  My   own ")

    (row,) = rows()
    assert (row.name, row.host, row.url) == ("My own", "cal.example.org", URL)
    kept = [str(getattr(row, column.key)) for column in OutsideCalendar.__table__.columns]
    assert not any("7f3a" in text or "private" in text for text in kept)


def test_adding_promises_the_first_reading_and_leaves_a_line_in_the_log(practice):
    add(practice)

    assert promises() == [(REFRESH, 1, NOW)]
    assert session().scalars(select(AuditEntry.action)).all() == ["outside_calendar.added"]


def test_same_address_in_another_spelling_is_the_same(practice):
    add(practice)
    for again in (URL, URL.replace("https", "webcal"), URL + "#part", f" {URL} "):
        with pytest.raises(InvalidInput) as refused:
            add(practice, url=again)
        assert list(refused.value.errors) == ["url"]
    assert len(rows()) == 1


def test_same_address_added_from_many_sides_at_once_is_there_once(practice, context):
    actor, therapist = practice.desk, practice.therapist.id
    session().rollback()

    def go(_number):
        with context.app_context():
            try:
                add_calendar(therapist, name="x", url=URL, guard=Guard(), actor=actor, now=NOW)
            except ClinicError as refused:
                return type(refused).__name__
            return "added"

    with ThreadPoolExecutor(8) as pool:
        told = sorted(pool.map(go, range(8)))

    assert told == ["InvalidInput"] * 7 + ["added"]
    assert len(rows()) == 1


def test_therapist_looks_after_their_own_and_nobody_elses(practice):
    id_ = add(practice, actor=own(practice)).id
    colleague = Actor(
        clinic_id=practice.clinic.id, roles=frozenset({Role.THERAPIST}), therapist_id="other"
    )
    stranger = Actor(clinic_id="other", roles=frozenset({Role.ADMIN}))

    for actor, error in ((colleague, NotAllowed), (stranger, NotFound)):
        for act in (
            lambda who: add(practice, actor=who, url=URL + "?2"),
            lambda who: request_refresh(id_, actor=who, now=NOW),
            lambda who: set_all_day(id_, ignored=True, actor=who, now=NOW),
            lambda who: remove_calendar(id_, actor=who, now=NOW),
        ):
            with pytest.raises(error):
                act(actor)
    assert len(rows()) == 1


def test_each_asking_outdates_the_promises_before_it(practice):
    id_ = add(practice).id
    request_refresh(id_, actor=practice.desk, now=NOW + MINUTE)
    set_all_day(id_, ignored=True, actor=practice.desk, now=NOW + 2 * MINUTE)
    set_all_day(id_, ignored=True, actor=practice.desk, now=NOW + 3 * MINUTE)

    assert promises() == [
        (REFRESH, 1, NOW),
        (REFRESH, 2, NOW + MINUTE),
        (REFRESH, 3, NOW + 2 * MINUTE),
    ]
    (row,) = rows()
    assert (row.round, row.next_try_at, row.etag) == (3, NOW + 2 * MINUTE, None)


def test_removing_forgets_the_address(practice):
    id_ = add(practice).id

    remove_calendar(id_, actor=practice.desk, now=NOW)

    assert rows() == []
    with pytest.raises(NotFound):
        remove_calendar(id_, actor=practice.desk, now=NOW)
