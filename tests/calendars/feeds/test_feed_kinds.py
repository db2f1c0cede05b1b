"""What each kind of feed holds and says, who may have it, and when it ends by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask_babel import force_locale, gettext
from sqlalchemy import select, update

from clinic.accounts.models import Account
from clinic.booking.rules.contact_details import EnteredPartner
from clinic.calendars.feeds.service import create_therapist_feed
from clinic.calendars.feeds.settings import FeedSettings, initials_of
from clinic.calendars.models import CalendarFeed, Show
from clinic.couples.models import CoupleMember
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import transaction
from clinic.foundation.permissions.actors import Actor, Role
from clinic.practice.models import Therapist
from tests.support.booking.desk_fixtures import open_desk, send, words
from tests.support.factories import NOW

TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)
CHOSEN = {"show": "neutral", "days_back": "60", "days_ahead": "540", "reminder": "-1"}
SAM = EnteredPartner(
    name="Sam B. Sample", email="sam@example.org", time_zone="Asia/Tokyo", language="pt"
)


@pytest.fixture
def house(app):
    return open_desk(app)


@pytest.fixture
def reader(app):
    return app.test_client()


def admin(house):
    return Actor(clinic_id=house.desk.clinic_id, name="account:a", roles=frozenset({Role.ADMIN}))


def therapist_feed(house, **settings):
    therapist = house.practice.therapist.id
    chosen = FeedSettings(**settings)
    _feed, token = house.do(
        lambda: create_therapist_feed(
            therapist, name="phone", settings=chosen, actor=admin(house), now=NOW
        )
    )
    return f"/calendar/{token}.ics"


def address_in(response):
    return "/calendar/" + response.text.partition("http://localhost/calendar/")[2].partition('"')[0]


def lines(body, name):
    text = body.decode().replace("\r\n ", "").rpartition("END:VTIMEZONE")[2]
    found = (line for line in text.split("\r\n") if line.startswith((name + ":", name + ";")))
    return [line.partition(":")[2] for line in found]


def link_of(house, booked, email):
    """The path of a partner's page for this appointment."""
    from clinic.booking.appointments.links import link_of as find
    from clinic.booking.appointments.models import Appointment
    from clinic.booking.appointments.sequence_and_history import manage_token
    from clinic.foundation.database.transactions import session

    def ask():
        link = find(session().get_one(Appointment, booked.id), email)
        return f"/a/{manage_token(link, clinic_id=house.desk.clinic_id)}"

    return house.do(ask)


def run(house, statement):
    def write():
        with transaction() as current:
            current.execute(statement)

    house.do(write)


def test_initials_are_shown_only_where_the_therapist_asked_for_them(house, reader):
    house.book(TEN, other_partner=SAM)

    plain = reader.get(therapist_feed(house)).data
    initials = reader.get(therapist_feed(house, show=Show.INITIALS)).data

    assert lines(plain, "SUMMARY") == ["Session"]
    assert lines(initials, "SUMMARY") == ["Session · AE + SS"]
    for word in (b"alex", b"sam", b"example", b"sample", b"@"):
        assert word not in plain.lower()
        assert word not in initials.lower()


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("Alex Example", "AE"),
        ("sam b. sample", "SS"),
        ("Zoé", "Z"),
        ("", ""),
        ("Ольга  Иванова", "ОИ"),
        ("(Mo) de Wit", "DW"),
    ],
)
def test_initials_are_those_of_the_first_and_last_word(name, initials):
    assert initials_of(name) == initials


def test_busy_setting_makes_the_main_address_say_busy_only(house, reader):
    booked = house.book(TEN)

    body = reader.get(therapist_feed(house, show=Show.BUSY)).data

    assert lines(body, "SUMMARY") == ["Busy"]
    assert lines(body, "UID") != [booked.uid]


def test_window_of_an_address_is_its_own(house, reader):
    for days in (1, 10, 50):
        house.book(TEN + timedelta(days=days))

    near = therapist_feed(house, days_back=0, days_ahead=30)
    clock.freeze(TEN + timedelta(days=2))

    assert lines(reader.get(near).data, "DTSTART") == ["20261204T100000"]
    assert len(lines(reader.get(therapist_feed(house)).data, "DTSTART")) == 3


def test_reminder_is_one_display_alarm_for_each_session(house, reader):
    house.book(TEN)

    body = reader.get(therapist_feed(house, reminder_minutes=30)).data

    assert (lines(body, "ACTION"), lines(body, "TRIGGER")) == (["DISPLAY"], ["-PT30M"])


def test_changed_settings_show_at_the_next_reading_and_not_as_304(house, reader):
    house.book(TEN)
    client = house.enter("ines")
    send(client, "/desk/feeds", page="/desk/feeds", name="phone", **CHOSEN)
    path = therapist_feed(house)
    before = reader.get(path)
    ids = [one for (one,) in house.ask(select(CalendarFeed.id))]
    clock.freeze(NOW + timedelta(minutes=10))

    for id_ in ids:
        page = f"/desk/feeds/{id_}"
        values = CHOSEN | {"name": "new", "show": "busy", "reminder": "60"}
        assert send(client, page, page=page, **values).status_code == 303
    tag, since = before.headers["ETag"], before.headers["Last-Modified"]

    assert reader.get(path, headers={"If-None-Match": tag}).status_code == 200
    assert reader.get(path, headers={"If-Modified-Since": since}).status_code == 200
    assert lines(reader.get(path).data, "SUMMARY") == ["Busy"]
    assert house.ask(select(CalendarFeed.name).distinct()) == [("new",)]


def test_clinic_feed_names_therapists_and_nobody_else(house, reader):
    house.book(TEN, other_partner=SAM, message="We argue")
    house.book(TEN.replace(hour=15), therapist="daniel-reyes")
    client = house.enter("desk")

    made = send(client, "/desk/feeds/clinic", page="/desk/feeds/clinic", name="front", **CHOSEN)
    body = reader.get(address_in(made)).data

    assert made.status_code == 201
    assert lines(body, "SUMMARY") == ["Session · Inês Duarte", "Session · Daniel Reyes"]
    for word in (b"alex", b"sam", b"example", b"argue", b"@"):
        assert word not in body.lower()
    assert "Luís Abreu" in words(client.get("/desk/feeds/clinic"))


@pytest.mark.parametrize(("who", "status"), [("desk", 200), ("admin", 200), ("ines", 403)])
def test_clinic_feed_is_for_the_desk(house, who, status):
    assert house.enter(who).get("/desk/feeds/clinic").status_code == status


def test_clinic_feed_offers_no_initials(house):
    made = send(
        house.enter("desk"),
        "/desk/feeds/clinic",
        page="/desk/feeds/clinic",
        **CHOSEN | {"name": "x", "show": "initials"},
    )
    assert made.status_code == 422


def test_clinic_feed_ends_with_the_role_and_with_the_account(house, reader):
    client = house.enter("desk")
    made = send(client, "/desk/feeds/clinic", page="/desk/feeds/clinic", name="front", **CHOSEN)
    path, seen = address_in(made), []
    one = update(Account).where(Account.role_names.is_not(None), Account.therapist_id.is_(None))

    for values in (
        {"role_names": ["therapist"]},
        {"role_names": ["front_desk"]},
        {"active": False},
        {"active": True},
    ):
        run(house, one.values(**values))
        seen.append(reader.get(path).status_code)

    assert seen == [404, 200, 404, 200]


def test_therapists_feed_ends_with_their_account_and_when_they_leave(house, reader):
    path, seen = therapist_feed(house), [200]
    therapist = house.practice.therapist.id
    of_account = update(Account).where(Account.therapist_id == therapist)
    of_therapist = update(Therapist).where(Therapist.id == therapist)

    for statement in (
        of_account.values(active=False),
        of_account.values(active=True),
        of_therapist.values(active=False),
    ):
        run(house, statement)
        seen.append(reader.get(path).status_code)

    assert seen == [200, 404, 200, 404]


def test_partner_makes_and_ends_an_address_of_their_own_appointments(house, reader):
    own = house.book(TEN, other_partner=SAM)
    alone = house.book(TEN + timedelta(days=1))
    page = link_of(house, own, "sam@example.org") + "/calendar"
    client = house.app.test_client()

    assert house.ask(select(CalendarFeed.id)) == []
    made = send(client, page, page=page, name="Telemóvel", reminder="60")
    path = address_in(made)
    body = reader.get(path).data

    assert made.status_code == 201
    assert lines(body, "UID") == [own.uid]
    assert alone.uid.encode() not in body
    assert lines(body, "DTSTART") == ["20261124T190000"]
    with house.app.test_request_context(), force_locale("pt_PT"):
        assert lines(body, "SUMMARY") == [gettext("Appointment")]
    for word in (b"alex", b"sam", b"duarte", b"session", b"couple", b"@"):
        assert word not in body.lower()
    (feed_id,) = [one for (one,) in house.ask(select(CalendarFeed.id))]
    assert send(client, f"{page}/{feed_id}/end", page=page).status_code == 303
    assert reader.get(path).status_code == 404


def test_partner_neither_sees_nor_ends_the_others_address(house, reader):
    booked = house.book(TEN, other_partner=SAM)
    sams, alexs = (link_of(house, booked, f"{one}@example.org") for one in ("sam", "alex"))
    client = house.app.test_client()
    made = send(client, f"{sams}/calendar", page=f"{sams}/calendar", name="secret", reminder="-1")
    (feed_id,) = [one for (one,) in house.ask(select(CalendarFeed.id))]

    refused = send(client, f"{alexs}/calendar/{feed_id}/end", page=f"{alexs}/calendar")

    assert refused.status_code == 403
    assert "secret" not in client.get(f"{alexs}/calendar").text
    assert reader.get(address_in(made)).status_code == 200


def test_partners_address_ends_when_they_leave_the_couple(house, reader):
    page = link_of(house, house.book(TEN), "alex@example.org") + "/calendar"
    made = send(house.app.test_client(), page, page=page, name="x", reminder="-1")

    run(house, update(CoupleMember).values(left_at=NOW))

    assert reader.get(address_in(made)).status_code == 404


def test_partner_has_ten_addresses_at_most(house):
    page = link_of(house, house.book(TEN), "alex@example.org") + "/calendar"
    client = house.app.test_client()

    answers = [
        send(client, page, page=page, name=f"n{n}", reminder="-1").status_code for n in range(11)
    ]

    assert answers == [201] * 10 + [422]


def test_manage_page_offers_the_feed_and_a_get_makes_none(house):
    path = link_of(house, house.book(TEN), "alex@example.org")
    client = house.app.test_client()

    assert f'href="{path}/calendar"' in client.get(path).text
    assert f'href="{path}/calendar"' in client.get(f"{path}/booked").text
    assert client.get(f"{path}/calendar").status_code == 200
    assert house.ask(select(CalendarFeed.id)) == []


def test_new_address_comes_in_the_form_each_program_takes(house):
    made = send(house.enter("ines"), "/desk/feeds", page="/desk/feeds", name="x", **CHOSEN)

    token = made.text.partition("http://localhost/calendar/")[2].partition(".ics")[0]
    for link in (
        f"webcal://localhost/calendar/{token}.ics",
        f"https://calendar.google.com/calendar/render?cid=webcal%3A%2F%2Flocalhost%2Fcalendar%2F{token}.ics",
        f"https://outlook.live.com/calendar/0/addfromweb?url=http%3A%2F%2Flocalhost%2Fcalendar%2F{token}.ics&amp;name=Sessions",
        f"https://outlook.office.com/calendar/0/addfromweb?url=http%3A%2F%2Flocalhost%2Fcalendar%2F{token}.ics&amp;name=Sessions",
        f"http://localhost/calendar/{token}.ifb",
    ):
        assert f'"{link}"' in made.text


def test_free_busy_address_says_when_and_follows_changes(house, reader):
    house.book(TEN)
    second = house.book(TEN + timedelta(minutes=30))
    path = therapist_feed(house).replace(".ics", ".ifb")

    first = reader.get(path)
    again = reader.get(path, headers={"If-None-Match": first.headers["ETag"]})
    house.cancel(second)
    after = reader.get(path, headers={"If-None-Match": first.headers["ETag"]})

    assert first.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert lines(first.data, "FREEBUSY") == ["20261124T100000Z/20261124T110000Z"]
    assert (again.status_code, after.status_code) == (304, 200)
    assert lines(after.data, "FREEBUSY") == ["20261124T100000Z/20261124T103000Z"]
    assert b"SUMMARY" not in first.data
    another = "E" if path[-5] == "A" else "A"
    assert reader.get(f"{path[:-5]}{another}.ifb").status_code == 404
