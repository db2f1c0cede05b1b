"""The page of calendars elsewhere: who may use it, what it says, what it never shows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from clinic.booking.appointments.models import ImportedBusyRow
from clinic.calendars.models import OutsideCalendar
from clinic.foundation import outbox
from clinic.foundation.audit import AuditEntry
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import transaction
from clinic.foundation.outbound.allowed_addresses import Guard
from tests.support.booking.desk_fixtures import open_desk, send, words
from tests.support.calendars.calendar_server import Answer, busy_at, calendar_of, calendar_server
from tests.support.factories import NOW
from tests.support.web.compact_html import compact

PAGE = "/desk/calendars"


@pytest.fixture
def server():
    with calendar_server() as running:
        running.answer = Answer(calendar_of(busy_at("24T100000Z", "24T110000Z")))
        yield running


@pytest.fixture
def house(app, server):
    app.extensions["outside_guard"] = Guard(
        allowed_hosts=frozenset({("127.0.0.1", server.port)}),
        denied_hosts=frozenset({"localhost", "clinic.example.org"}),
    )
    return open_desk(app)


@pytest.fixture
def ines(house):
    return house.enter("ines")


def add(client, server, **changes):
    values = {"name": "Private", "url": server.url} | changes
    return send(client, PAGE, page=PAGE, **values)


def work(house, now=NOW):
    def deliver():
        while outbox.deliver_due(now=now):
            pass

    house.do(deliver)


def only_id(house):
    (found,) = house.ask(select(OutsideCalendar.id))
    return found[0]


def act(client, house, what, **fields):
    return send(client, f"{PAGE}/{only_id(house)}/{what}", page=PAGE, **fields)


def test_calendar_is_added_read_and_told_of_without_its_address(house, server, ines):
    assert add(ines, server).status_code == 303
    assert "Not read yet" in words(ines.get(PAGE))

    work(house)

    page = ines.get(PAGE)
    assert "Up to date: read Monday 23 November 2026, 09:00 (Lisbon)." in words(page)
    assert "1 busy time to come" in words(page)
    assert "127.0.0.1" in page.text
    assert "secret-token" not in page.text


STATES = {
    "page": (Answer(b"<html>Sign in</html>"), "A web page came instead of a calendar."),
    "gone": (Answer(status=404), "The address was revoked or moved."),
    "locked": (Answer(status=401), "Its server asks for a password."),
    "down": (Answer(status=500), "Its server gives no usable answer; we keep trying."),
    "broken": (Answer(b"BEGIN:VCALENDAR\r\n"), "What came is not a complete calendar."),
    "large": (Answer(calendar_of("X:" + "x" * 11_000_000)), "The file is larger than 10 MB"),
}


@pytest.mark.parametrize("name", STATES)
def test_trouble_is_said_in_words_with_the_time_of_the_last_good_reading(house, server, ines, name):
    add(ines, server)
    work(house)
    server.answer, said = STATES[name]
    clock.freeze(NOW + timedelta(minutes=2))
    act(ines, house, "refresh")
    work(house, clock.now())

    page = words(ines.get(PAGE))

    assert said in page
    assert "Not updated since Monday 23 November 2026, 09:00 (Lisbon)" in page
    assert "1 busy time to come" in page


def test_calendar_that_never_worked_is_said_to_block_nothing(house, server, ines):
    server.answer = Answer(status=410)
    add(ines, server)
    work(house)

    assert "It could not be read so far, so it blocks nothing." in words(ines.get(PAGE))


def test_remarks_about_single_entries_are_listed(house, server, ines):
    bad = (
        "BEGIN:VEVENT\r\nUID:x\r\nDTSTART:20260101T100000\r\nRRULE:FREQ=SECONDLY\r\nEND:VEVENT\r\n"
    )
    server.answer = Answer(calendar_of(bad))
    add(ines, server)
    work(house)

    page = words(ines.get(PAGE))

    assert "1 remark" in page
    assert "Entry 1 was set aside" in page


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "https://localhost/x", "https://[::1]/", "https://[::ffff:127.0.0.1]/",
        "https://0/", "https://0x7f000001/", "https://2130706433/", "https://127.1/", "https://10.0.0.1/",
        "https://172.16.0.1/", "https://192.168.1.1/", "https://169.254.169.254/", "https://[fe80::1]/",
        "https://[fc00::1]/", "https://100.64.0.1/", "https://198.18.0.1/", "https://[64:ff9b::7f00:1]/",
        "file:///etc/passwd", "ftp://example.org/", "gopher://example.org/", "data:text/calendar,x",
        "jar:https://example.org!/", "https://user:pass@example.org/", "https://example.org:22/",
        "https://example.org:5432/", "http://example.org/plain", "https://example.org/a\r\nHost: x",
        "https://example.org/" + "x" * 2_000_000, "https://clinic.example.org/calendar/x.ics",
        "webcal://clinic.example.org/calendar/x.ics", "nonsense", "",
    ],
)  # fmt: skip
def test_address_that_may_not_be_called_is_not_taken(house, server, ines, url):
    response = add(ines, server, url=url)

    assert response.status_code in {413, 422}
    assert house.ask(select(OutsideCalendar.id)) == []
    assert server.asked == []


def test_our_own_address_is_named_as_such(house, server, ines):
    response = add(ines, server, url="https://clinic.example.org/calendar/x.ics")

    assert "This is our own address" in words(response)


def test_webcal_address_is_called_as_https(house, server, ines):
    add(ines, server, url="webcal://calendar.example.org/private.ics")

    stored = house.do(lambda: _first(select(OutsideCalendar)).url)
    assert stored == "https://calendar.example.org/private.ics"


def _first(query):
    from clinic.foundation.database.transactions import session

    return session().scalars(query).one()


def test_same_calendar_is_added_once_and_ten_are_the_most(house, server, ines):
    again = [add(ines, server).status_code for _ in range(5)]
    more = [add(ines, server, url=f"{server.url}?{n}").status_code for n in range(10)]

    assert again == [303, 422, 422, 422, 422]
    assert more == [303] * 9 + [422]


@pytest.mark.parametrize("name", ["", "   ", "a" * 61])
def test_calendar_is_named_in_up_to_sixty_characters(house, server, ines, name):
    assert add(ines, server, name=name).status_code == 422
    assert house.ask(select(OutsideCalendar.id)) == []


def test_refresh_button_pressed_twice_asks_once(house, server, ines):
    add(ines, server)
    work(house)
    clock.freeze(NOW + timedelta(minutes=2))

    for _ in range(5):
        act(ines, house, "refresh")
        work(house, clock.now())

    assert len(server.asked) == 2
    assert "less than a minute ago" in ines.get(PAGE).text


def test_removed_calendar_is_forgotten_with_its_times(house, server, ines):
    add(ines, server)
    work(house)

    assert act(ines, house, "remove").status_code == 303

    assert house.ask(select(OutsideCalendar.id)) == house.ask(select(ImportedBusyRow.id)) == []
    said = house.ask(select(AuditEntry.action).where(AuditEntry.object_kind == "outside_calendar"))
    assert said == [("outside_calendar.added",), ("outside_calendar.removed",)]


def test_whole_days_can_be_ignored_and_counted_again(house, server, ines):
    whole = "BEGIN:VEVENT\r\nUID:d\r\nDTSTART;VALUE=DATE:20261124\r\nEND:VEVENT\r\n"
    server.answer = Answer(calendar_of(whole))
    add(ines, server, ignore_all_day="y")
    work(house)
    assert house.ask(select(ImportedBusyRow.id)) == []

    act(ines, house, "all-day", ignored="no")
    work(house)

    assert len(house.ask(select(ImportedBusyRow.id))) == 1


@pytest.mark.parametrize(("who", "status"), [("ines", 200), ("desk", 200), ("admin", 200)])
def test_therapists_and_the_desk_look_after_calendars(house, who, status):
    assert house.enter(who).get(PAGE).status_code == status
    assert house.app.test_client().get(PAGE).status_code == 302


def test_therapist_neither_sees_nor_touches_a_colleagues_calendars(house, server, ines):
    add(ines, server)
    daniel = house.enter("daniel")

    answers = [
        daniel.get(f"{PAGE}?therapist=ines-duarte").status_code,
        add(daniel, server, therapist="ines-duarte").status_code,
        *(act(daniel, house, what).status_code for what in ("refresh", "all-day", "remove")),
    ]

    assert answers == [404, 404, 403, 403, 403]
    assert "Private" not in words(daniel.get(PAGE))
    assert len(house.ask(select(OutsideCalendar.id))) == 1


def test_calendar_silent_for_three_days_is_pointed_out_to_the_desk(house, server, ines):
    add(ines, server)
    work(house)

    def silent():
        with transaction() as current:
            ago = NOW - timedelta(days=3)
            current.execute(update(OutsideCalendar).values(last_ok_at=ago, created_at=ago))

    other = f"{PAGE}?therapist=daniel-reyes"
    before = words(house.enter("desk").get(other))
    house.do(silent)
    desk = house.enter("desk").get(other)

    assert "silent for days" not in before
    assert "Calendars that have been silent for days: Inês Duarte" in words(desk)
    assert 'Other calendars<span class="badge accent">1</span>' in compact(desk.text)
    assert "It has been silent for days." in words(ines.get(PAGE))
    assert "silent for days" not in words(house.enter("daniel").get(PAGE))


def test_unknown_calendar_is_not_found(house, ines):
    assert send(ines, f"{PAGE}/nothing/remove", page=PAGE).status_code == 404
