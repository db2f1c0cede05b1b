"""Our own feeds fed back, and files made to harm: from a real server to what is stored."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from clinic.booking.appointments.models import ImportedBusyRow
from clinic.calendars.feeds.queries import content_of
from clinic.calendars.feeds.service import create_therapist_feed
from clinic.calendars.feeds.writer.feed import Feed, render_busy, render_feed
from clinic.calendars.models import OutsideCalendar, OutsideState
from clinic.foundation.database.transactions import session
from clinic.foundation.outbox import OutboxMessage
from clinic.foundation.permissions.actors import Actor, Role
from tests.support.calendars.calendar_server import Answer, busy_at, calendar_of, calendar_server
from tests.support.calendars.imported_calendar import BLOCKED, DENTIST, GOOD, TEN, Clinic
from tests.support.factories import NOW, make_appointment


@pytest.fixture
def server():
    with calendar_server() as running:
        running.answer = GOOD
        yield running


@pytest.fixture
def clinic(context, server):
    return Clinic(context, server)


def admin(clinic):
    return Actor(clinic_id=clinic.practice.clinic.id, name="a", roles=frozenset({Role.ADMIN}))


@pytest.mark.parametrize("render", [render_feed, render_busy])
def test_our_own_feed_fed_back_blocks_nothing(clinic, render):
    make_appointment(clinic.practice, TEN)
    feed, _token = create_therapist_feed(
        clinic.therapist_id, name="x", actor=admin(clinic), now=NOW
    )
    content = content_of(feed, summary="Session", now=NOW)
    both = render(Feed("x", "Europe/Lisbon", content.entries)).decode()
    clinic.server.answer = Answer(
        both.replace(
            "END:VCALENDAR", busy_at("25T100000Z", "25T110000Z") + "END:VCALENDAR"
        ).encode()
    )

    clinic.read()

    day = timedelta(days=1)
    assert clinic.busy == [(TEN + day, TEN + day + timedelta(hours=1))]


def test_our_own_uid_with_a_cancel_cancels_nothing(clinic):
    booked = make_appointment(clinic.practice, TEN)
    own = busy_at("24T100000Z", "24T103000Z", uid=booked.uid)
    clinic.server.answer = Answer(calendar_of(own, more="METHOD:CANCEL\r\n"))

    clinic.read()

    session().rollback()
    assert (session().merge(booked).status, clinic.busy) == ("confirmed", [])


def rule(text, uid="bad"):
    return (
        f"BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTART:20261101T100000Z\r\nDTEND:20261101T110000Z\r\n"
        f"{text}\r\nEND:VEVENT\r\n"
    )


HOSTILE = {
    "every second": rule("RRULE:FREQ=SECONDLY"),
    "a thousand million times": rule("RRULE:FREQ=MINUTELY;COUNT=1000000000"),
    "product of lists": rule(
        "RRULE:FREQ=YEARLY;BYHOUR=0,1,2;BYMINUTE=" + ",".join(map(str, range(60)))
    ),
    "no step": rule("RRULE:FREQ=DAILY;INTERVAL=0"),
    "rule less rule": rule("RRULE:FREQ=DAILY\r\nEXRULE:FREQ=SECONDLY"),
    "odd position": rule("RRULE:FREQ=MONTHLY;BYDAY=MO;BYSETPOS=999"),
    "never": rule("RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"),
    "year 9999": "BEGIN:VEVENT\r\nUID:y\r\nDTSTART:99991231T230000Z\r\nDURATION:P9999W\r\nEND:VEVENT\r\n",
    "zone as a path": "BEGIN:VEVENT\r\nUID:p\r\nDTSTART;TZID=../../../../etc/passwd:20260101T100000\r\nEND:VEVENT\r\n",
    "nested": "BEGIN:X\r\n" * 3000 + "END:X\r\n" * 3000,
    "5000 parameters": "BEGIN:VEVENT\r\nUID:q\r\nSUMMARY" + ";X=1" * 5000 + ":x\r\nEND:VEVENT\r\n",
    "4000 dates": rule("RDATE:" + ",".join(["20250101T000000Z"] * 4000)),
    "markup": rule("SUMMARY:<script>alert(1)</script>=cmd|' /C calc'!A0\u202e javascript:x"),
    "alarms and links": rule(
        "ATTACH:file:///etc/passwd\r\nIMAGE:http://127.0.0.1/\r\n"
        "BEGIN:VALARM\r\nACTION:PROCEDURE\r\nTRIGGER:-PT1M\r\nATTACH:file:///bin/sh\r\nEND:VALARM"
    ),
    "thousand zones": "BEGIN:VTIMEZONE\r\nTZID:z\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nRRULE:FREQ=SECONDLY\r\nTZOFFSETFROM:+0000\r\nTZOFFSETTO:+0000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    * 1000,
    "ten thousand long names": "".join(
        busy_at("01T000000Z", "01T000100Z", uid="x" * 500 + str(n)) for n in range(10_000)
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_calendar_does_no_harm_and_its_good_entry_counts(clinic, name):
    clinic.server.answer = Answer(calendar_of(HOSTILE[name], DENTIST))

    clinic.read()

    row = clinic.row
    assert (row.state, row.failures) == (OutsideState.OK, 0)
    assert BLOCKED[0] in clinic.busy
    assert len(row.warnings) <= 51


def test_nothing_but_times_is_kept(clinic):
    clinic.server.answer = Answer(
        calendar_of(
            DENTIST.replace("END:V", "LOCATION:Clinic of hearts\r\nATTENDEE:mailto:a@b\r\nEND:V")
        )
    )
    clinic.read()

    session().rollback()
    kept = "".join(
        str(getattr(row, column.key))
        for table in (ImportedBusyRow, OutsideCalendar, OutboxMessage)
        for row in session().scalars(select(table))
        for column in table.__table__.columns
    )
    for word in ("Dentist", "hearts", "a@b", "secret-token"):
        assert word not in kept
    assert clinic.row.url == clinic.server.url
