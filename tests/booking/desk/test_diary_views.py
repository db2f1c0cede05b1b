from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from clinic.booking.appointments.models import AppointmentChange
from clinic.booking.rules.contact_details import EnteredPartner
from clinic.foundation import audit as audit_room
from clinic.foundation.audit import AuditEntry
from clinic.foundation.clock import clock
from tests.support.booking.desk_fixtures import open_desk, send, words
from tests.support.factories import NOW

TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)
SAM = EnteredPartner(
    name="Sam Sample", email="sam@example.org", time_zone="Asia/Kathmandu", language="pt"
)
PAGES = ["/desk/day", "/desk/week", "/desk/requests", "/desk/preview/ines-duarte"]


@pytest.fixture
def house(app):
    return open_desk(app)


@pytest.fixture
def asking(app):
    return open_desk(app, needs_confirmation=True)


def read_lines(house):
    query = select(AuditEntry.action, AuditEntry.object_id)
    return sorted(house.ask(query.where(AuditEntry.action.contains("read"))))


@pytest.mark.parametrize("path", [*PAGES, "/desk", "/desk/deliveries", "/desk/feeds"])
def test_visitor_is_sent_to_the_sign_in_page(house, path):
    response = house.app.test_client().get(path)

    assert (response.status_code, response.location.startswith("/login")) == (302, True)


@pytest.mark.parametrize("who", ["ines", "desk", "admin"])
@pytest.mark.parametrize("path", PAGES)
def test_staff_open_every_page_of_the_diary(house, who, path):
    response = house.enter(who).get(path)

    assert response.status_code == 200
    assert "style=" not in response.text
    assert "<script>" not in response.text


def test_desk_begins_with_the_day(house):
    assert house.enter("ines").get("/desk").location == "/desk/day"


def test_day_shows_sessions_first_names_and_what_is_free(house):
    house.book(TEN, other_partner=SAM)

    said = words(house.enter("ines").get("/desk/day?on=2026-11-24"))

    assert "C-0001 · Alex & Sam" in said
    assert "09:00 free until 10:00" in said
    assert "10:30 free until 17:00" in said
    assert "Example" not in said


def test_names_shown_on_a_day_are_noted_once_for_each_couple(house):
    first = house.book(TEN)
    house.book(TEN + HALF_HOUR)

    house.enter("ines").get("/desk/day?on=2026-11-24")

    assert read_lines(house) == [("couple.names_read", first.couple_id)]


def test_day_without_sessions_says_so(house):
    said = words(house.enter("ines").get("/desk/day?on=2026-11-28"))

    assert "No sessions this day" in said
    assert read_lines(house) == []


def test_therapist_sees_no_other_diary(house):
    client = house.enter("daniel")
    appointment = house.book(TEN)

    answers = [
        client.get("/desk/day?therapist=ines-duarte").status_code,
        client.get("/desk/week?therapist=ines-duarte").status_code,
        client.get(appointment.at()).status_code,
        client.get(appointment.at("/cancel")).status_code,
    ]

    assert answers == [404, 404, 404, 404]
    assert "C-0001" not in client.get("/desk/week?week=2026-11-24").text


def test_therapist_cannot_change_anothers_appointment(house):
    appointment = house.book(TEN)

    response = send(
        house.enter("daniel"), appointment.at("/cancel"), page="/desk/account", reason=""
    )

    assert (response.status_code, house.stored(appointment).status) == (404, "confirmed")


def test_day_is_told_on_the_therapists_own_clock(house):
    house.book(TEN.replace(hour=15), therapist="daniel-reyes")

    said = words(house.enter("desk").get("/desk/day?on=2026-11-24&therapist=daniel-reyes"))

    assert "times in New York" in said
    assert "10:00 10:30 C-0001 · Alex" in said


def test_cancelled_session_stays_on_the_day_and_its_time_is_free(house):
    appointment = house.book(TEN)
    house.cancel(appointment)

    said = words(house.enter("ines").get("/desk/day?on=2026-11-24"))

    assert "cancelled" in said
    assert "09:00 free until 17:00" in said


@pytest.mark.parametrize("on", ["2026-02-30", "x", "0001-01-01", "9999-12-31", "2026-11-24T10"])
def test_date_that_is_none_shows_the_present_day_and_week(house, on):
    client = house.enter("ines")

    assert "Monday 23 November 2026" in words(client.get(f"/desk/day?on={on}"))
    assert "23 – 29 November" in words(client.get(f"/desk/week?week={on}"))


def test_week_of_the_desk_shows_all_therapists_by_code_alone(house):
    house.book(TEN)
    house.book(TEN.replace(hour=15), therapist="daniel-reyes")

    page = house.enter("desk").get("/desk/week?week=2026-11-24")

    assert "All therapists · times in Lisbon" in words(page)
    assert "Inês" in page.text
    assert "Daniel" in page.text
    assert page.text.count("C-0001") == 4  # twice in the grid, twice in the list for phones
    assert "Alex" not in page.text


def test_request_stands_on_top_of_the_day_and_in_the_navigation(asking):
    asking.book(TEN)

    page = asking.enter("ines").get("/desk/day")

    assert "1 request waits for an answer" in words(page)
    assert 'badge accent">1</span>' in page.text


def test_request_is_accepted(asking):
    appointment = asking.book(TEN)

    response = send(asking.enter("desk"), appointment.at("/confirm"), page="/desk/requests")

    assert (response.status_code, response.location) == (303, appointment.at())
    assert (asking.stored(appointment).status, asking.stored(appointment).sequence) == (
        "confirmed",
        1,
    )


def test_request_is_declined_with_a_reason(asking):
    appointment = asking.book(TEN)
    client, path = asking.enter("ines"), appointment.at("/decline")

    send(client, path, page=path, reason="a course that week")

    assert asking.stored(appointment).status == "declined"
    assert "a course that week" in words(client.get(appointment.at()))


def test_answering_a_request_that_is_gone_shows_how_it_is_now(asking):
    appointment = asking.book(TEN)
    client = asking.enter("desk")
    asking.cancel(appointment)

    response = send(client, appointment.at("/confirm"), page="/desk/account")

    assert response.status_code == 409
    assert "It has changed in the meantime" in words(response)


def test_opening_the_cancel_page_changes_nothing(house):
    appointment = house.book(TEN)

    response = house.enter("desk").get(appointment.at("/cancel"))

    assert (response.status_code, house.stored(appointment).status) == (200, "confirmed")


def test_appointment_is_cancelled_within_the_clients_notice(house):
    appointment = house.book(TEN)
    clock.freeze(TEN - HALF_HOUR)
    path = appointment.at("/cancel")

    response = send(house.enter("desk"), path, page=path, reason="ill")

    assert (response.status_code, house.stored(appointment).status) == (303, "cancelled")


def test_reason_too_long_is_asked_for_again(house):
    appointment = house.book(TEN)
    path = appointment.at("/cancel")

    response = send(house.enter("desk"), path, page=path, reason="a" * 2001)

    assert (response.status_code, house.stored(appointment).status) == (422, "confirmed")
    assert "longer than 2,000 characters" in words(response)


def move(client, appointment, start, **fields):
    chosen = f"{start:%Y-%m-%dT%H:%M:%SZ}|ines-duarte"
    path = appointment.at("/move")
    return send(client, path, page=path, start=chosen, **fields)


def test_moving_shows_its_consequences_before_anything_happens(house):
    appointment = house.book(TEN)

    response = move(house.enter("desk"), appointment, TEN + HALF_HOUR)

    assert (response.status_code, house.stored(appointment).starts_at) == (200, TEN)
    assert "Then Tuesday 24 November 2026, 10:30 – 11:00 (Lisbon)" in words(response)


def test_agreed_move_moves_and_is_told_in_the_history(house):
    appointment = house.book(TEN)
    client = house.enter("desk")

    response = move(client, appointment, TEN + HALF_HOUR, agreed="yes")

    assert (response.status_code, house.stored(appointment).starts_at) == (303, TEN + HALF_HOUR)
    assert "Moved Luís Abreu" in words(client.get(appointment.at()))


def test_staff_may_move_to_a_time_too_soon_for_clients(house):
    appointment = house.book(TEN)
    client, soon = house.enter("desk"), NOW + HALF_HOUR

    assert "09:30" in words(client.get(appointment.at("/move?week=2026-11-23")))
    assert move(client, appointment, soon, agreed="yes").status_code == 303


def test_moving_to_a_taken_time_offers_the_nearest(house):
    appointment = house.book(TEN)
    house.book(TEN + HALF_HOUR)

    response = move(house.enter("desk"), appointment, TEN + HALF_HOUR, agreed="yes")

    assert (response.status_code, house.stored(appointment).starts_at) == (409, TEN)
    assert "The nearest free times" in words(response)
    assert response.text.count('name="start"') == 3


@pytest.mark.parametrize("start", [TEN.replace(hour=20), NOW - timedelta(days=1)])
def test_moving_to_a_time_not_offered_changes_nothing(house, start):
    appointment = house.book(TEN)

    response = move(house.enter("desk"), appointment, start, agreed="yes")

    assert (response.status_code, house.stored(appointment).starts_at) == (422, TEN)


@pytest.mark.parametrize("value", ["", "soon", "2026-11-24T10:00:00|ines-duarte"])
def test_choice_that_is_none_leads_back_to_the_times(house, value):
    appointment = house.book(TEN)
    path = appointment.at("/move")

    response = send(house.enter("desk"), path, page=path, start=value, agreed="yes")

    assert (response.status_code, response.location) == (303, path)


def test_therapist_reads_what_the_partners_wrote(house):
    appointment = house.book(TEN, message="We argue <b>at night</b>", concerns=("feel_safe",))

    page = house.enter("ines").get(appointment.at())

    assert "We argue &lt;b&gt;at night&lt;/b&gt;" in page.text
    assert "We want to feel safe with each other" in page.text
    assert read_lines(house) == [("appointment.read_in_full", appointment.id)]


def test_way_back_leads_to_the_day_of_the_same_therapist(house):
    appointment = house.book(TEN.replace(hour=15), therapist="daniel-reyes")

    page = house.enter("desk").get(appointment.at())

    assert "/desk/day?on=2026-11-24&amp;therapist=daniel-reyes" in page.text


@pytest.mark.parametrize("who", ["desk", "admin"])
def test_front_desk_and_admin_do_not_read_what_the_partners_wrote(house, who):
    appointment = house.book(TEN, message="We argue at night", concerns=("feel_safe",))

    page = house.enter(who).get(appointment.at())

    assert "Alex Example" in page.text
    assert "argue" not in page.text
    assert "feel safe" not in page.text
    assert read_lines(house) == [("appointment.read", appointment.id)]


def test_clients_reason_is_read_by_the_therapist_only(house):
    appointment = house.book(TEN)
    house.cancel(appointment, reason="we split up", by_holder=True)

    assert "we split up" in house.enter("ines").get(appointment.at()).text
    assert "we split up" not in house.enter("desk").get(appointment.at()).text


def test_nothing_is_shown_when_the_reading_cannot_be_noted(house, monkeypatch):
    appointment = house.book(TEN)
    client = house.enter("ines")

    def full(_session):
        raise OSError("the disk is full")

    monkeypatch.setattr(audit_room, "_write", full)
    house.app.config["PROPAGATE_EXCEPTIONS"] = False
    response = client.get(appointment.at())

    assert response.status_code == 500
    assert "Alex" not in response.text


@pytest.mark.parametrize("reference", ["XXXXXX", "a", "%00", "..%2f"])
def test_unknown_reference_is_not_found(house, reference):
    assert house.enter("desk").get(f"/desk/appointments/{reference}").status_code == 404


def test_titles_of_the_desk_name_nobody(house):
    appointment = house.book(TEN)
    client = house.enter("ines")

    for path in ["/desk/day?on=2026-11-24", "/desk/week?week=2026-11-24", appointment.at()]:
        title = client.get(path).text.partition("<title>")[2].partition("</title>")[0]
        assert "Alex" not in title
        assert "C-0001" not in title


def test_changes_need_the_forms_token(house):
    appointment = house.book(TEN)

    response = house.enter("desk").post(appointment.at("/cancel"), data={"reason": ""})

    assert house.stored(appointment).status == "confirmed"
    assert response.status_code in {400, 422}


@pytest.mark.parametrize(
    ("wall", "sentence"),
    [
        ("2026-11-24T10:00", "This start is open"),
        ("2026-11-24T10:07", "starts are 30 minutes apart"),
        ("2026-11-24T20:00", "does not work at this time"),
        ("2026-11-23T09:30", "booked 1 hour ahead"),
        ("2026-11-22T10:00", "in the past"),
        ("2027-06-01T10:00", "booked 60 days ahead"),
        ("2027-03-28T01:30", "This time does not exist"),
        ("2026-02-30T10:00", "Please give a day and a time."),
        ("soon", "Please give a day and a time."),
    ],
)
def test_preview_says_why_a_start_is_missing(house, wall, sentence):
    page = house.enter("desk").get(f"/desk/preview/ines-duarte?at={wall}")

    assert sentence in words(page)


def test_preview_shows_the_starts_of_a_week(house):
    house.book(TEN)

    said = words(house.enter("ines").get("/desk/preview/ines-duarte?week=2026-11-24"))

    assert (
        "77 starts can be booked in this week." in said
    )  # 16 a day, less three of today, one taken
    assert house.enter("ines").get("/desk/preview/nobody").status_code == 404


def test_history_of_an_appointment_is_in_the_database_as_it_is_on_the_page(house):
    appointment = house.book(TEN)
    client = house.enter("desk")
    move(client, appointment, TEN + HALF_HOUR, agreed="yes")

    kinds = house.ask(select(AppointmentChange.kind).order_by(AppointmentChange.number))
    assert kinds == [("booked",), ("moved",)]
