"""The JSON API: what can be read without a token, and how it speaks HTTP."""

from itertools import count
from types import SimpleNamespace

import pytest

from tests.conftest import settings_for
from tests.support.factories import (
    NOW,
    make_clinic,
    make_practice,
    make_session_type,
    make_therapist,
)
from tests.support.web.api_client import (
    BOOKINGS,
    SLOTS,
    a_body,
    clock_at,
    partner,
    problem,
    refused_fields,
    slots,
    starts,
)


@pytest.fixture
def practice(app):
    with app.app_context():
        yield make_practice()


def test_therapists_are_listed_with_what_anybody_can_book_of_theirs(client, app):
    with app.app_context():
        clinic = make_clinic()
        first = make_session_type(clinic)
        known = make_session_type(clinic, slug="session", audience="existing")
        make_therapist(clinic, session_types=[first, known], title={"en": "Psychologist"})
        make_therapist(clinic, slug="gone", active=False)

    response = client.get("/api/v1/therapists")

    assert response.json == {
        "therapists": [
            {
                "slug": "ines-duarte",
                "name": "Inês Duarte",
                "title": {"en": "Psychologist"},
                "biography": {},
                "time_zone": "Europe/Lisbon",
                "languages": ["en", "pt"],
                "formats": ["online", "in_person"],
                "modalities": ["efct"],
                "concerns": [],
                "accepts_new_couples": True,
                "session_types": ["initial-consultation"],
            }
        ]
    }


def test_session_types_are_the_public_ones(client, app):
    with app.app_context():
        clinic = make_clinic()
        make_session_type(clinic)
        make_session_type(clinic, slug="session", audience="existing")
        make_session_type(clinic, slug="old", active=False)

    response = client.get("/api/v1/session-types")

    assert response.json == {
        "session_types": [
            {
                "slug": "initial-consultation",
                "name": {"en": "Initial consultation", "pt": "Consulta inicial"},
                "description": {},
                "minutes": 30,
                "formats": ["online", "in_person"],
                "needs_confirmation": False,
                "notice_minutes": 60,
                "horizon_days": 60,
                "change_notice_minutes": 1440,
            }
        ]
    }


def test_slots_are_in_utc_and_in_order_with_their_therapist(client, practice):
    with clock_at("2026-11-24T15:00:00+00:00"):
        response = slots(client)

    assert response.json == {
        "time_zone": "Europe/Lisbon",
        "slots": [
            {
                "start": "2026-11-24T16:00:00Z",
                "end": "2026-11-24T16:30:00Z",
                "therapist": "ines-duarte",
            },
            {
                "start": "2026-11-24T16:30:00Z",
                "end": "2026-11-24T17:00:00Z",
                "therapist": "ines-duarte",
            },
        ],
    }
    assert response.headers["Cache-Control"] == "no-store"


def test_slots_of_two_therapists_come_by_start_and_can_be_asked_for_one(client, practice):
    make_therapist(
        practice.clinic,
        slug="bea-costa",
        name="Bea Costa",
        sort=1,
        session_types=[practice.session_type],
        hours=[(1, 16 * 60, 17 * 60)],
    )

    both = [(slot["start"][11:16], slot["therapist"]) for slot in slots(client).json["slots"]]
    one = slots(client, therapist="bea-costa")

    assert both[-4:] == [
        ("16:00", "ines-duarte"),
        ("16:00", "bea-costa"),
        ("16:30", "ines-duarte"),
        ("16:30", "bea-costa"),
    ]
    assert starts(one) == ["2026-11-24T16:00:00Z", "2026-11-24T16:30:00Z"]


def test_slots_of_a_format_are_those_of_therapists_who_work_in_it(client, practice):
    make_therapist(
        practice.clinic, slug="bea", session_types=[practice.session_type], formats=["online"]
    )

    found = {slot["therapist"] for slot in slots(client, format="in_person").json["slots"]}

    assert found == {"ines-duarte"}


def test_days_are_days_of_the_zone_asked_for(client, practice):
    """09:00 to 16:30 in Lisbon is 22:00 to 05:30 in Auckland: two days there."""
    response = slots(client, time_zone="Pacific/Auckland")

    assert response.json["time_zone"] == "Pacific/Auckland"
    assert starts(response)[0] == "2026-11-23T11:00:00Z"
    assert starts(response)[-1] == "2026-11-24T10:30:00Z"


def test_day_on_which_clocks_change_is_whole(client, app):
    """Lisbon, 25 October 2026: a day of 25 hours."""
    with app.app_context():
        clinic = make_clinic()
        kind = make_session_type(clinic, length_minutes=60, grid_minutes=60)
        make_therapist(clinic, session_types=[kind], hours=[(6, 0, 1440)])

    with clock_at("2026-10-20T09:00:00+00:00"):
        found = starts(slots(client, from_="2026-10-25", to="2026-10-25"))

    assert (found[0], found[-1], len(found)) == (
        "2026-10-24T23:00:00Z",
        "2026-10-25T23:00:00Z",
        25,
    )


def test_past_days_and_a_day_that_never_was_have_no_slots(client, practice):
    assert slots(client, from_="2026-11-01", to="2026-11-22").json["slots"] == []
    apia = slots(client, from_="2011-12-30", to="2011-12-30", time_zone="Pacific/Apia")
    assert apia.json == {"time_zone": "Pacific/Apia", "slots": []}


def test_ninety_two_days_can_be_asked_for_and_no_more(client, practice):
    assert slots(client, from_="2026-11-24", to="2027-02-23").status_code == 200
    assert refused_fields(slots(client, from_="2026-11-24", to="2027-02-24")) == ["to"]


WRONG = [
    ({"session_type": None}, "session_type"),
    ({"session_type": "unknown"}, "session_type"),
    ({"session_type": "for-couples-we-know"}, "session_type"),
    ({"session_type": "Initial Consultation"}, "session_type"),
    ({"session_type": "initial-consultation\n"}, "session_type"),
    ({"session_type": "a\x00b"}, "session_type"),
    ({"session_type": "a" * 61}, "session_type"),
    ({"therapist": "nobody"}, "therapist"),
    ({"therapist": ""}, "therapist"),
    ({"therapist": "not-offering"}, "therapist"),
    ({"from_": None}, "from"),
    ({"from_": "2026-02-30"}, "from"),
    ({"from_": "24/11/2026"}, "from"),
    ({"from_": "20261124"}, "from"),
    ({"from_": "٢٠٢٦-11-24"}, "from"),
    ({"from_": "0001-01-01"}, "from"),
    ({"from_": "2026-11-24T00:00:00Z"}, "from"),
    ({"to": None}, "to"),
    ({"to": "9999-12-31"}, "to"),
    ({"to": "2026-11-23"}, "to"),
    ({"to": "2026-11-24\n"}, "to"),
    ({"time_zone": "Mars/Olympus"}, "time_zone"),
    ({"time_zone": ""}, "time_zone"),
    ({"time_zone": "../../etc/passwd"}, "time_zone"),
    ({"time_zone": "localtime"}, "time_zone"),
    ({"time_zone": "a\x00"}, "time_zone"),
    ({"format": "telepathy"}, "format"),
]


def test_wrong_question_about_slots_is_refused_at_its_parameter(client, practice):
    make_session_type(practice.clinic, slug="for-couples-we-know", audience="existing")
    make_therapist(practice.clinic, slug="not-offering")

    assert [refused_fields(slots(client, **query)) for query, _ in WRONG] == [
        [field] for _, field in WRONG
    ]


def test_format_that_is_not_offered_is_refused(client, app):
    with app.app_context():
        make_practice(formats=["online"])

    assert refused_fields(slots(client, format="in_person")) == ["format"]


def test_unknown_parameters_change_nothing(client, practice):
    assert slots(client, couple="C-0001", debug="1").json == slots(client).json


def test_methods_that_are_not_there_are_refused_with_those_that_are(client, practice):
    response = client.delete(BOOKINGS)

    assert problem(response, 405) == {"type": "http://localhost/problems/method-not-allowed"}
    assert set(response.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}


def test_head_and_options_are_answered(client, practice):
    assert client.head("/api/v1/therapists").status_code == 200
    options = client.options(SLOTS)
    assert (options.status_code, options.headers["Allow"]) == (200, "HEAD, OPTIONS, GET") or set(
        options.headers["Allow"].split(", ")
    ) == {"GET", "HEAD", "OPTIONS"}
    assert "Access-Control-Allow-Origin" not in options.headers


def test_address_that_is_not_there_is_a_problem_document(client, practice):
    assert problem(client.get("/api/v1/secrets"), 404)["type"].endswith("/not-found")


def test_house_without_a_clinic_has_nothing_to_book(client):
    for path in ("/api/v1/therapists", "/api/v1/session-types"):
        assert problem(client.get(path), 404)["type"].endswith("/not-found")
    assert problem(slots(client), 404)["type"].endswith("/not-found")
    assert problem(client.post(BOOKINGS, json=a_body()), 404)["type"].endswith("/not-found")


class TestLimits:
    @pytest.fixture
    def settings(self, database_url, tmp_path):
        return settings_for(tmp_path, database_url, rate_limits=True)

    @pytest.fixture(autouse=True)
    def all_within_one_minute(self, monkeypatch):
        """However long the machine takes for so many requests."""
        moments = count(NOW.timestamp(), 0.001)
        slow = SimpleNamespace(time=lambda: next(moments))
        monkeypatch.setattr("limits.storage.memory.time", slow)
        monkeypatch.setattr("flask_limiter._extension.time", slow)

    def test_writing_is_limited_by_address_and_says_when_to_come_back(self, client, practice):
        answers = [client.post(BOOKINGS, json={}) for _ in range(20)]
        refused = client.post(f"{BOOKINGS}/x/cancel")

        assert {answer.status_code for answer in answers} == {422}
        assert problem(refused, 429)["type"] == "http://localhost/problems/too-many-requests"
        assert 0 < int(refused.headers["Retry-After"]) <= 60
        elsewhere = client.post(BOOKINGS, json={}, environ_overrides={"REMOTE_ADDR": "192.0.2.7"})
        assert elsewhere.status_code == 422

    def test_reading_is_limited_by_address(self, client, practice):
        for _ in range(120):
            assert client.get("/api/v1/session-types").status_code == 200

        assert problem(client.get(f"{BOOKINGS}/x"), 429)["type"].endswith("/too-many-requests")

    def test_forwarded_address_that_nobody_vouches_for_is_not_believed(self, client, practice):
        for number in range(20):
            client.post(BOOKINGS, json={}, headers={"X-Forwarded-For": f"192.0.2.{number}"})

        assert client.post(BOOKINGS, json={}).status_code == 429

    def test_bookings_are_counted_in_the_database_for_all_processes(self, client, practice):
        """The count per process, which another process does not know of, lets all of these by."""
        starts = [
            f"2026-11-24T{hour}:{half}:00Z" for hour in range(10, 16) for half in ("00", "30")
        ]
        answers = [
            client.post(
                BOOKINGS,
                json=a_body(start=start, partner=partner(email=f"client{number}@example.org")),
                headers={"Idempotency-Key": start},
            )
            for number, start in enumerate(starts)
        ]

        assert [answer.status_code for answer in answers] == [201] * 10 + [429] * 2
        refused = problem(answers[-1], 429)
        assert refused["type"] == "http://localhost/problems/too-many-bookings"
        assert 0 < int(answers[-1].headers["Retry-After"]) <= 600
