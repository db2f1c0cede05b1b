"""One feed of a running clinic, read by five programs that have nothing to do with each other.

icalendar, vobject and ical.js read the bytes; vdirsyncer fetches them over HTTP and khal shows what
it fetched. All of them agree, before and after a session is moved and another one cancelled.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
import vobject

from clinic.calendars.feeds.service import create_therapist_feed
from clinic.foundation.clock import clock
from clinic.foundation.permissions.actors import Actor, Role
from tests.support.booking.desk_fixtures import open_desk
from tests.support.calendars.calendar_programs import listed, served, sync
from tests.support.calendars.ical_js import read_with_ical_js
from tests.support.factories import NOW

TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)
DAY, HALF_HOUR = timedelta(days=1), timedelta(minutes=30)
LISBON = ZoneInfo("Europe/Lisbon")


@pytest.fixture
def house(app):
    return open_desk(app, horizon_days=365)


@pytest.fixture
def path(house):
    admin = Actor(clinic_id=house.desk.clinic_id, name="account:a", roles=frozenset({Role.ADMIN}))
    therapist = house.practice.therapist.id
    _feed, token = house.do(
        lambda: create_therapist_feed(therapist, name="phone", actor=admin, now=NOW)
    )
    return f"/calendar/{token}.ics"


def as_icalendar(body):
    return [
        (
            str(event["UID"]),
            int(event["SEQUENCE"]),
            str(event["STATUS"]),
            event["DTSTART"].dt.astimezone(UTC),
            event["DTEND"].dt.astimezone(UTC),
        )
        for event in icalendar.Calendar.from_ical(body).walk("VEVENT")
    ]


def as_vobject(body):
    return [
        (
            event.uid.value,
            int(event.sequence.value),
            event.status.value,
            event.dtstart.value.astimezone(UTC),
            event.dtend.value.astimezone(UTC),
        )
        for event in vobject.readOne(body.decode()).vevent_list
    ]


def as_ical_js(body):
    return [
        (
            event["uid"],
            event["sequence"],
            event["status"],
            datetime.fromisoformat(event["start"]),
            datetime.fromisoformat(event["end"]),
        )
        for event in read_with_ical_js(body)["events"]
    ]


def as_khal(body, folder):
    """What khal shows of what vdirsyncer fetched; it keeps no UID and no SEQUENCE."""
    with served(body) as feed:
        sync(feed.url, folder)
    shown = listed(folder, first=date(2026, 11, 23), days=250, time_zone="Europe/Lisbon")
    return [(one.status, _instant(one.starts), _instant(one.ends)) for one in shown]


def _instant(text):
    return datetime.fromisoformat(text).replace(tzinfo=LISBON).astimezone(UTC)


def check(body, folder, expected):
    assert as_icalendar(body) == as_vobject(body) == as_ical_js(body) == expected
    assert as_khal(body, folder) == [entry[2:] for entry in expected]


def test_five_programs_agree_before_and_after_a_move_and_a_cancellation(house, path, tmp_path):
    reader = house.app.test_client()
    winter, moved, summer = (house.book(TEN + days * DAY) for days in (0, 1, 231))
    assert summer.starts_at.astimezone(LISBON).utcoffset() == timedelta(hours=1)

    check(
        reader.get(path).data,
        tmp_path,
        [
            (one.uid, 0, "CONFIRMED", one.starts_at, one.starts_at + HALF_HOUR)
            for one in (winter, moved, summer)
        ],
    )

    clock.freeze(NOW + timedelta(minutes=5))
    house.move(moved, TEN + 2 * DAY, now=clock.now())
    house.cancel(winter, now=clock.now())

    check(
        reader.get(path).data,
        tmp_path,
        [
            (winter.uid, 1, "CANCELLED", TEN, TEN + HALF_HOUR),
            (moved.uid, 1, "CONFIRMED", TEN + 2 * DAY, TEN + 2 * DAY + HALF_HOUR),
            (summer.uid, 0, "CONFIRMED", summer.starts_at, summer.starts_at + HALF_HOUR),
        ],
    )
