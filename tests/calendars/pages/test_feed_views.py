from datetime import UTC, datetime, timedelta

import pytest
from icalendar import Calendar
from sqlalchemy import select

from clinic.booking.rules.contact_details import EnteredPartner
from clinic.calendars.feeds.service import create_therapist_feed, revoke_feed
from clinic.calendars.models import CalendarFeed
from clinic.foundation.clock import clock
from clinic.foundation.permissions.actors import Actor, Role
from tests.support.booking.desk_fixtures import open_desk, send, words
from tests.support.factories import NOW

TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)
CHOSEN = {"show": "neutral", "days_back": "60", "days_ahead": "540", "reminder": "-1"}
ALEX_AND_SAM = {
    "partner": EnteredPartner(
        name="Alex Example", email="alex@example.org", time_zone="Europe/Lisbon", language="en"
    ),
    "other_partner": EnteredPartner(
        name="Sam Sample", email="sam@example.org", time_zone="Asia/Kathmandu", language="pt"
    ),
    "message": "We argue at night",
    "concerns": ("feel_safe",),
}


@pytest.fixture
def house(app):
    return open_desk(app)


def admin(house):
    return Actor(clinic_id=house.desk.clinic_id, name="account:a", roles=frozenset({Role.ADMIN}))


def make_feed(house):
    """A feed of Inês's sessions: its id and its token."""
    therapist = house.practice.therapist.id
    feed, token = house.do(
        lambda: create_therapist_feed(therapist, name="phone", actor=admin(house), now=NOW)
    )
    return feed.id, token


@pytest.fixture
def feed(house):
    return f"/calendar/{make_feed(house)[1]}.ics"


@pytest.fixture
def reader(app):
    return app.test_client()


def entries(body):
    return Calendar.from_ical(body).walk("VEVENT")


def test_feed_is_a_calendar_without_cookies(house, feed, reader):
    house.book(TEN)

    response = reader.get(feed)

    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert response.headers["Cache-Control"] == "private, max-age=600"
    assert "Set-Cookie" not in response.headers
    assert not response.headers["ETag"].startswith("W/")
    (one,) = entries(response.data)
    assert (one.start, str(one.start.tzinfo)) == (TEN, "Europe/Lisbon")


def test_bytes_are_the_same_between_requests_and_readers(house, feed, reader, app):
    house.book(TEN)
    first = reader.get(feed)
    clock.freeze(NOW + timedelta(hours=5))

    again = app.test_client().get(
        feed, headers={"User-Agent": "other", "Accept": "*/*", "Accept-Language": "pt"}
    )

    assert (again.data, again.headers["ETag"]) == (first.data, first.headers["ETag"])


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', '"other", W/{}', "*"])
def test_reader_that_has_the_bytes_gets_304(feed, reader, form):
    tag = reader.get(feed).headers["ETag"]

    response = reader.get(feed, headers={"If-None-Match": form.format(tag)})

    assert (response.status_code, response.data) == (304, b"")
    assert response.headers["ETag"] == tag


def test_reader_that_knows_the_time_of_the_last_change_gets_304(house, feed, reader):
    house.book(TEN)
    changed = reader.get(feed).headers["Last-Modified"]

    assert changed == "Mon, 23 Nov 2026 09:00:00 GMT"
    assert reader.get(feed, headers={"If-Modified-Since": changed}).status_code == 304
    clock.freeze(NOW + timedelta(days=1))
    assert reader.get(feed, headers={"If-Modified-Since": changed}).status_code == 200


def test_etag_decides_when_a_reader_sends_both(feed, reader):
    changed = reader.get(feed).headers["Last-Modified"]

    headers = {"If-Modified-Since": changed, "If-None-Match": '"other"'}
    assert reader.get(feed, headers=headers).status_code == 200


def test_another_etag_gets_the_whole_feed(feed, reader):
    assert reader.get(feed, headers={"If-None-Match": '"other"'}).status_code == 200


def test_head_has_the_same_headers_and_no_body(house, feed, reader):
    house.book(TEN)
    whole, head = reader.get(feed), reader.head(feed)

    assert (head.status_code, head.data) == (200, b"")
    for name in ("ETag", "Content-Type", "Content-Length", "Cache-Control"):
        assert head.headers[name] == whole.headers[name]


def test_feed_is_never_compressed_on_its_own(feed, reader):
    response = reader.get(feed, headers={"Accept-Encoding": "gzip"})

    assert "Content-Encoding" not in response.headers
    assert response.data.startswith(b"BEGIN:VCALENDAR\r\n")


def test_every_wrong_token_gets_the_same_page(house, reader):
    feed_id, token = make_feed(house)
    etag = reader.get(f"/calendar/{token}.ics").headers["ETag"]
    house.do(lambda: revoke_feed(feed_id, actor=admin(house), now=NOW))
    swapped = token.swapcase()
    wrong = [token, swapped, token[:-1], token + "A", "a", "x" * 500, "%C3%A3", "a%2F"]

    answers = [
        reader.get(f"/calendar/{one}{end}", headers=headers)
        for one in wrong
        for end in (".ics", "/busy.ics")
        for headers in ({}, {"If-None-Match": etag}, {"If-None-Match": "*"})
    ]

    assert {(one.status_code, one.data) for one in answers} == {(404, b"There is nothing here\n")}
    assert not any("Set-Cookie" in one.headers or "ETag" in one.headers for one in answers)


def test_recased_token_of_a_live_feed_opens_nothing(house, reader):
    _id, token = make_feed(house)

    assert reader.get(f"/calendar/{token.swapcase()}.ics").status_code == 404
    assert reader.get(f"/calendar/{token}.ICS").status_code == 404
    assert reader.get(f"/calendar/{token}").status_code == 404


@pytest.mark.parametrize("method", ["PROPFIND", "PUT", "POST", "DELETE", "REPORT"])
def test_other_methods_are_not_for_feeds(feed, reader, method):
    response = reader.open(feed, method=method)

    assert response.status_code == 405
    assert b"BEGIN:" not in response.data


def test_moved_session_keeps_its_uid_and_raises_sequence(house, feed, reader):
    booked = house.book(TEN)
    before = reader.get(feed)
    clock.freeze(NOW + timedelta(minutes=5))
    house.move(booked, TEN + HALF_HOUR, now=clock.now())

    after = reader.get(feed, headers={"If-None-Match": before.headers["ETag"]})

    assert after.status_code == 200
    (was,), (is_,) = entries(before.data), entries(after.data)
    assert (was["UID"], was["SEQUENCE"]) == (booked.uid, 0)
    assert (is_["UID"], is_["SEQUENCE"]) == (booked.uid, 1)
    assert is_.start == TEN + HALF_HOUR
    assert is_["DTSTAMP"].dt == NOW + timedelta(minutes=5)


def test_cancelled_session_is_crossed_out_and_kept_for_thirty_days(house, feed, reader):
    booked = house.book(TEN)
    house.cancel(booked)
    (crossed,) = entries(reader.get(feed).data)
    assert (crossed["STATUS"], crossed["TRANSP"], crossed["SEQUENCE"]) == (
        "CANCELLED",
        "TRANSPARENT",
        1,
    )

    clock.freeze(NOW + timedelta(days=30) - timedelta(seconds=1))
    assert len(entries(reader.get(feed).data)) == 1
    clock.freeze(NOW + timedelta(days=30))
    assert entries(reader.get(feed).data) == []


def test_session_cancelled_early_stays_until_its_time_is_over(house, feed, reader):
    booked = house.book(TEN + timedelta(days=42))
    house.cancel(booked)

    clock.freeze(NOW + timedelta(days=35))
    assert len(entries(reader.get(feed).data)) == 1
    clock.freeze(TEN + timedelta(days=42) + HALF_HOUR)
    assert entries(reader.get(feed).data) == []


def test_requested_session_is_tentative(app, reader):
    house = open_desk(app, needs_confirmation=True)
    house.book(TEN)
    _id, token = make_feed(house)

    (one,) = entries(reader.get(f"/calendar/{token}.ics").data)

    assert (one["STATUS"], one["TRANSP"]) == ("TENTATIVE", "OPAQUE")


def test_no_byte_names_a_client_a_reason_or_the_record(house, feed, reader):
    house.book(TEN, **ALEX_AND_SAM)

    for path in (feed, feed.replace(".ics", "/busy.ics")):
        body = reader.get(path).data.lower()
        for word in (b"alex", b"sam", b"example", b"argue", b"safe", b"c-0001", b"couple@", b"@"):
            assert word not in body
        assert {one["SUMMARY"] for one in entries(body.upper())} <= {"SESSION", "BUSY"}


def test_busy_feed_says_when_and_nothing_else(house, feed, reader):
    booked = house.book(TEN)
    other = house.book(TEN + HALF_HOUR)
    house.cancel(other)

    (one,) = entries(reader.get(feed.replace(".ics", "/busy.ics")).data)

    assert one["SUMMARY"] == "Busy"
    assert one.start == TEN
    assert one["UID"] != booked.uid


def test_feed_shows_no_other_therapists_sessions(house, feed, reader):
    house.book(TEN.replace(hour=15), therapist="daniel-reyes")

    assert entries(reader.get(feed).data) == []


def test_reading_is_remembered(house, reader):
    _id, token = make_feed(house)

    reader.get(f"/calendar/{token}.ics")

    assert house.ask(select(CalendarFeed.last_read_at)) == [(NOW,)]


# The page on which addresses are made and ended -------------------------------------------------


@pytest.mark.parametrize(("who", "status"), [("ines", 200), ("admin", 200), ("desk", 403)])
def test_therapists_and_admins_manage_addresses(house, who, status):
    assert house.enter(who).get("/desk/feeds").status_code == status


def test_new_address_is_shown_once_and_works(house, reader):
    client = house.enter("ines")

    made = send(client, "/desk/feeds", page="/desk/feeds", name="my phone", **CHOSEN)

    token = made.text.partition("http://localhost/calendar/")[2].partition(".ics")[0]
    assert made.status_code == 201
    assert f"webcal://localhost/calendar/{token}.ics" in made.text
    assert f"http://localhost/calendar/{token}/busy.ics" in made.text
    assert made.headers["Cache-Control"] == "no-store"
    assert reader.get(f"/calendar/{token}.ics").status_code == 200
    later = client.get("/desk/feeds")
    assert token not in later.text
    assert "my phone" in words(later)


@pytest.mark.parametrize("name", ["", "   ", "a" * 61])
def test_address_without_a_usable_name_is_not_made(house, name):
    response = send(house.enter("ines"), "/desk/feeds", page="/desk/feeds", name=name, **CHOSEN)

    assert (response.status_code, house.ask(select(CalendarFeed.id))) == (422, [])


def test_ended_address_opens_nothing_and_leaves_the_list(house, reader):
    feed_id, token = make_feed(house)
    client = house.enter("ines")

    response = send(client, f"/desk/feeds/{feed_id}/revoke", page="/desk/feeds")

    assert response.status_code == 303
    assert reader.get(f"/calendar/{token}.ics").status_code == 404
    assert "No address yet" in words(client.get("/desk/feeds"))


def test_therapist_neither_sees_nor_ends_anothers_address(house, reader):
    feed_id, token = make_feed(house)
    client = house.enter("daniel")

    answers = [
        client.get("/desk/feeds?therapist=ines-duarte"),
        send(
            client, "/desk/feeds", page="/desk/feeds", name="x", therapist="ines-duarte", **CHOSEN
        ),
        send(client, f"/desk/feeds/{feed_id}/revoke", page="/desk/feeds"),
    ]

    assert [one.status_code for one in answers] == [404, 404, 403]
    assert reader.get(f"/calendar/{token}.ics").status_code == 200


@pytest.mark.parametrize("feed_id", ["nothing", "%00", "a-b"])
def test_ending_an_unknown_address_is_not_found(house, feed_id):
    response = send(house.enter("admin"), f"/desk/feeds/{feed_id}/revoke", page="/desk/feeds")

    assert response.status_code == 404
