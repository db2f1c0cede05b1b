from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from clinic.booking.appointments.changes import cancel_appointment
from clinic.booking.appointments.links import links_of
from clinic.booking.appointments.models import Appointment, AppointmentChange
from clinic.booking.appointments.sequence_and_history import manage_token
from clinic.booking.rules.contact_details import EnteredPartner
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import session
from tests.support.booking.booking_client import dump, heading, post, start_value, words
from tests.support.factories import NOW, make_appointment, make_practice, make_therapist

TEN = datetime(2026, 11, 26, 10, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)
DAY = timedelta(days=1)
SAM = EnteredPartner(
    name="Sam Sample", email="sam@example.org", time_zone="Asia/Kathmandu", language="pt"
)
PATHS = ("", "/booked", "/move", "/cancel")


@pytest.fixture
def practice(app):
    with app.app_context():
        return make_practice()


def booked(app, practice, start=TEN, **changes):
    """The tokens of a fresh appointment's links, the first partner's first."""
    with app.app_context():
        appointment = make_appointment(practice, start, **changes)
        return [
            manage_token(link, clinic_id=appointment.clinic_id) for link in links_of(appointment)
        ]


@pytest.fixture
def token(app, practice):
    return booked(app, practice)[0]


def stored(app):
    with app.app_context():
        rows = session().execute(
            select(Appointment.starts_at, Appointment.status, Appointment.sequence).order_by(
                Appointment.starts_at
            )
        )
        return [tuple(row) for row in rows]


def test_link_shows_its_appointment_and_what_can_be_done(client, token):
    page = client.get(f"/a/{token}")

    assert (page.status_code, heading(page)) == (200, "Your time")
    assert "Thursday 26 November, 10:00 – 10:30 (Lisbon)" in words(page)
    assert "You can move or cancel here until Wednesday 25 November, 10:00." in words(page)
    links = {path for path in ("/move", "/cancel") if f'href="/a/{token}{path}"' in page.text}
    assert links == {"/move", "/cancel"}


def test_page_behind_a_link_names_neither_partner(app, client, practice):
    tokens = booked(app, practice, other_partner=SAM, message="we argue about money")

    for one in tokens:
        for path in ("", "/move", "/cancel"):
            text = client.get(f"/a/{one}{path}").text
            for word in ("Alex", "Sam ", "example.org", "money"):
                assert word not in text.replace("clinic@example.org", "")


def test_each_partner_sees_their_own_zone_and_address(app, client, practice):
    first, second = booked(app, practice, other_partner=SAM)

    assert "10:00 – 10:30 (Lisbon)" in words(app.test_client().get(f"/a/{first}"))
    assert "15:45 – 16:15 (Kathmandu)" in words(app.test_client().get(f"/a/{second}"))
    done = client.get(f"/a/{second}/booked").text
    assert ("sam@example.org" in done, "alex@example.org" in done) == (True, False)


def test_pages_behind_a_link_are_kept_out_of_caches_and_search(client, token):
    for path in PATHS:
        headers = client.get(f"/a/{token}{path}").headers
        assert "no-store" in headers["Cache-Control"]
        assert headers["Referrer-Policy"] == "same-origin"
        assert "noindex" in headers["X-Robots-Tag"]


def test_opening_mailed_links_changes_nothing(app, client, token):
    before = dump(app)

    for path in (*PATHS, "/appointment.ics"):
        for method in ("GET", "HEAD", "OPTIONS"):
            assert client.open(f"/a/{token}{path}", method=method).status_code == 200

    assert dump(app) == before


def test_get_with_a_forms_fields_changes_nothing(app, client, token):
    before = dump(app)

    client.get(f"/a/{token}/move", query_string={"start": start_value(TEN + DAY)})
    client.get(f"/a/{token}/cancel", query_string={"reason": "x", "confirm": "1"})

    assert dump(app) == before


def test_move_by_the_page(app, client, token):
    page = client.get(f"/a/{token}/move")
    assert start_value(TEN + DAY) in page.text

    answer = post(client, f"/a/{token}/move", start=start_value(TEN + DAY))

    assert (answer.status_code, answer.location) == (303, f"/a/{token}")
    assert stored(app) == [(TEN + DAY, "confirmed", 1)]
    assert "Moved. A message with the new time is on its way." in client.get(answer.location).text


def test_move_to_where_it_is_changes_nothing(app, client, token):
    answer = post(client, f"/a/{token}/move", start=start_value(TEN))

    assert (answer.status_code, stored(app)) == (303, [(TEN, "confirmed", 0)])
    with app.app_context():
        assert session().scalars(select(AppointmentChange.kind)).all() == ["booked"]


def test_move_to_a_time_that_has_just_gone_offers_the_nearest(app, client, practice, token):
    booked(app, practice, TEN + HALF_HOUR)

    answer = post(client, f"/a/{token}/move", start=start_value(TEN + HALF_HOUR))

    assert answer.status_code == 409
    assert "This time has just gone. Nothing was changed; please choose another." in answer.text
    near = answer.text.partition('id="near"')[2].partition("</section>")[0]
    assert re.findall(r'value="(2026[^"]+)"', near) == [
        start_value(TEN + 2 * HALF_HOUR),
        start_value(TEN - HALF_HOUR),
        start_value(TEN + 3 * HALF_HOUR),
    ]
    assert stored(app)[0] == (TEN, "confirmed", 0)


@pytest.mark.parametrize(
    ("start", "status"),
    [
        (start_value(TEN + timedelta(minutes=7)), 422),
        (start_value(TEN.replace(hour=20)), 422),
        (start_value(NOW - DAY), 422),
        (start_value(NOW + 90 * DAY), 422),
        ("", 200),
        ("nonsense", 200),
        ("\x00", 200),
        ("x" * 10_000, 200),
        ("9999-12-31T23:59:59Z|ines-duarte", 200),
    ],
)
def test_move_to_what_is_not_offered_changes_nothing(app, client, token, start, status):
    answer = post(client, f"/a/{token}/move", start=start)

    assert (answer.status_code, stored(app)) == (status, [(TEN, "confirmed", 0)])


def test_move_keeps_the_therapist_whoever_is_posted(app, client, practice, token):
    with app.app_context():
        other = make_therapist(practice.clinic, slug="other-one").id

    post(client, f"/a/{token}/move", start=start_value(TEN + DAY, "other-one"))

    with app.app_context():
        row = session().scalars(select(Appointment)).one()
        assert (row.therapist_id == practice.therapist.id, row.therapist_id == other) == (
            True,
            False,
        )


def test_cancel_by_the_page_asks_once(app, client, token):
    page = client.get(f"/a/{token}/cancel")
    assert (page.status_code, stored(app)) == (200, [(TEN, "confirmed", 0)])

    answer = post(client, f"/a/{token}/cancel", reason="ill")

    assert (answer.status_code, answer.location) == (303, f"/a/{token}")
    assert stored(app) == [(TEN, "cancelled", 1)]
    after = client.get(answer.location)
    assert heading(after) == "This time was cancelled"
    assert f"/a/{token}/move" not in after.text


def test_cancelling_twice_is_one_change(app, client, token):
    post(client, f"/a/{token}/cancel")

    assert post(client, f"/a/{token}/cancel").status_code == 303
    assert stored(app) == [(TEN, "cancelled", 1)]


def test_reason_that_is_too_long_is_named_and_kept(app, client, token):
    answer = post(client, f"/a/{token}/cancel", reason="y" * 2001)

    assert answer.status_code == 422
    assert "This is longer than 2,000 characters." in words(answer)
    assert "y" * 2001 in answer.text
    assert stored(app) == [(TEN, "confirmed", 0)]


def test_until_the_exact_minute_it_can_be_changed_and_then_no_more(app, client, token):
    clock.freeze(TEN - DAY)
    assert f"/a/{token}/cancel" in client.get(f"/a/{token}").text

    clock.freeze(TEN - DAY + timedelta(microseconds=1))
    page = client.get(f"/a/{token}")

    assert f"/a/{token}/cancel" not in page.text
    assert "It is too close to the time to change it here." in words(page)
    for path, fields in (("move", {"start": start_value(TEN + DAY)}), ("cancel", {})):
        answer = post(client, f"/a/{token}/{path}", **fields)
        assert answer.status_code == 409
        assert "Please call the clinic." in words(answer)
    assert stored(app) == [(TEN, "confirmed", 0)]


def test_what_has_passed_can_be_seen_and_not_changed(app, client, token):
    clock.freeze(TEN + HALF_HOUR)

    assert heading(client.get(f"/a/{token}")) == "This time has passed"
    assert post(client, f"/a/{token}/cancel").status_code == 409
    assert post(client, f"/a/{token}/move", start=start_value(TEN + DAY)).status_code == 409
    assert stored(app) == [(TEN, "confirmed", 0)]


def test_link_is_dead_thirty_days_after_the_end(app, client, token):
    clock.freeze(TEN + HALF_HOUR + timedelta(days=30))
    assert client.get(f"/a/{token}").status_code == 200

    clock.freeze(TEN + HALF_HOUR + timedelta(days=30, microseconds=1))
    for path in PATHS:
        assert client.get(f"/a/{token}{path}").status_code == 404


def test_guesses_are_not_found_all_with_the_same_page(app, client, practice, token):
    def body(guess, path=""):
        answer = client.get(f"/a/{guess}{path}")
        assert answer.status_code == 404
        text = re.sub(r"\b[0-9a-f]{16}\b", "", answer.text.replace(guess, ""))
        return re.sub(r'(csrf_token"|name="next"|nonce=)[^>]*', "", text)

    with app.app_context():
        row = session().scalars(select(Appointment)).one()
        reference, identity, uid = row.reference, row.id, row.uid
    changed = ("A" if token[0] != "A" else "B") + token[1:]
    guesses = [secrets.token_urlsafe(32), changed, reference, identity, uid, "x" * 2000, "a%00b"]

    for path in PATHS:
        assert len({body(guess, path) for guess in guesses}) == 1


def test_link_of_one_appointment_does_nothing_to_another(app, client, practice, token):
    with app.app_context():
        other = make_appointment(practice, TEN + HALF_HOUR)
        identity = other.id

    post(client, f"/a/{token}/cancel", appointment_id=identity, id=identity)

    assert stored(app) == [(TEN, "cancelled", 1), (TEN + HALF_HOUR, "confirmed", 0)]


def test_link_works_on_after_somebody_else_cancelled(app, client, practice, token):
    with app.app_context():
        row = session().scalars(select(Appointment)).one()
        cancel_appointment(row.id, actor=practice.desk, now=NOW)

    answer = post(client, f"/a/{token}/move", start=start_value(TEN + DAY))

    assert answer.status_code == 409
    assert stored(app) == [(TEN, "cancelled", 1)]


@pytest.mark.parametrize(
    "query",
    ["week=0001-01-01", "week=9999-12-31", "week=%00", "time_zone=Mars/Base", "time_zone=%00",
     "week=" + "x" * 10_000, "time_zone=Pacific/Kiritimati", "start=%00"],
)  # fmt: skip
def test_no_parameter_breaks_the_page_of_other_times(client, token, query):
    assert client.get(f"/a/{token}/move?{query}").status_code == 200


def test_form_without_its_token_changes_nothing(app, client, token):
    before = dump(app)

    for path in ("move", "cancel"):
        answer = client.post(f"/a/{token}/{path}", data={"start": start_value(TEN + DAY)})
        assert answer.status_code == 400

    assert dump(app) == before
