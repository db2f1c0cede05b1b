"""The API keeps to its OpenAPI document, whatever is sent; and the kept copy is that document."""

from datetime import UTC, datetime, timedelta

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import CHECKS, load_all_checks

from app import create_app
from clinic.extensions import db
from tests.conftest import settings_for
from tests.support.accounts.sign_in import signed_in
from tests.support.factories import make_account, make_care_couple, make_practice, make_signed_note
from tests.support.paths import ROOT

DOCUMENT = "/api/v1/openapi.json"
A_SESSION = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
KEPT = ROOT / "docs" / "openapi.json"
OPERATIONS = [
    ("GET", "/api/v1/therapists"),
    ("GET", "/api/v1/session-types"),
    ("GET", "/api/v1/slots"),
    ("POST", "/api/v1/bookings"),
    ("GET", "/api/v1/bookings/{token}"),
    ("POST", "/api/v1/bookings/{token}/reschedule"),
    ("POST", "/api/v1/bookings/{token}/cancel"),
]
TIMELINE = "/api/v1/couples/{code}/timeline"
FOR_STAFF = [("GET", TIMELINE)]
# What a schema cannot say (that a slug is known, a time open) is refused with 422.
NOT_SAID_BY_SCHEMA = {"positive_data_acceptance"}

load_all_checks()
EVERY_CHECK = [check for check in CHECKS.get_all() if check.__name__ not in NOT_SAID_BY_SCHEMA]


def the_schema(app):
    return schemathesis.openapi.from_wsgi(DOCUMENT, app)


@pytest.fixture
def practice(app):
    with app.app_context():
        make_practice()
    return app


def cases_of(operation):
    modes = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]
    return st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in modes))


def try_all(operation, *, examples, prepare=lambda _case: None):
    seen = set()

    @given(case=cases_of(operation))
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    def keeps_to_the_document(case):
        prepare(case)
        response = case.call()
        seen.add(response.status_code)
        case.validate_response(response, checks=EVERY_CHECK)

    keeps_to_the_document()
    return seen


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_answer_is_one_that_the_document_names(practice, method, path):
    seen = try_all(the_schema(practice)[path][method], examples=60)

    assert seen <= {200, 400, 404, 415, 422}


def test_bookings_with_real_names_and_times_keep_to_the_document(practice):
    def make_real(case):
        if isinstance(case.body, dict) and "start" in case.body:
            case.body["therapist"] = "ines-duarte"
            case.body["session_type"] = "initial-consultation"
            case.body["start"] = "2026-11-24T10:00:00Z"
            case.body["partner"] = {"name": "Alex", "email": "alex@example.org"}
            case.body.pop("concerns", None)
            case.body.pop("other_partner", None)
            case.headers.pop("Idempotency-Key", None)

    seen = try_all(the_schema(practice)["/api/v1/bookings"]["POST"], examples=60, prepare=make_real)

    assert {201, 409, 422} <= seen <= {201, 400, 409, 415, 422}


def test_appointments_that_exist_keep_to_the_document(practice):
    booked = practice.test_client().post(
        "/api/v1/bookings",
        json={
            "session_type": "initial-consultation",
            "start": "2026-11-24T10:00:00Z",
            "format": "online",
            "partner": {"name": "Alex", "email": "alex@example.org"},
            "privacy_accepted": True,
        },
    )

    def open_it(case):
        case.path_parameters["token"] = booked.json["manage_token"]

    seen = [
        try_all(the_schema(practice)[path][method], examples=40, prepare=open_it)
        for method, path in OPERATIONS[4:]
    ]

    assert [statuses - {400, 415, 422} for statuses in seen] == [{200}, set(), {200}]


def test_timeline_keeps_to_the_document_for_whoever_asks(app):
    with app.app_context():
        couple = make_care_couple()
        for day in range(3):
            make_signed_note(couple, at=A_SESSION - timedelta(days=day))
        make_account(couple.practice.clinic, therapist_id=couple.practice.therapist.id)
        db.session.remove()
    session = signed_in(app).get_cookie("clinic").value

    def open_it(case):
        case.path_parameters["code"] = couple.code
        case.cookies = {"clinic": session}

    timeline = the_schema(app)[TIMELINE]["GET"]
    by_strangers = try_all(timeline, examples=20)
    by_the_therapist = try_all(timeline, examples=60, prepare=open_it)

    assert by_strangers <= {401, 404}
    assert {200, 422} <= by_the_therapist <= {200, 404, 422}


def test_document_is_openapi_3_1(practice):
    document = practice.test_client().get(DOCUMENT)

    the_schema(practice).validate()
    assert document.content_type == "application/json"
    assert document.json["openapi"] == "3.1.0"
    assert [
        (method.upper(), path)
        for path, item in document.json["paths"].items()
        for method in item
        if method != "parameters"
    ] == OPERATIONS + FOR_STAFF


def test_kept_copy_is_the_document_that_is_served(client):
    """After a change: `flask openapi write docs/openapi.json`."""
    assert KEPT.read_text(encoding="utf-8").rstrip("\n") == client.get(DOCUMENT).text


def test_document_is_the_same_whatever_the_settings(client, tmp_path, database_url):
    """It names no host, so the kept copy is everybody's."""
    elsewhere = create_app(settings_for(tmp_path, database_url, base_url="https://clinic.example"))

    served = elsewhere.test_client().get(DOCUMENT).text
    with elsewhere.app_context():
        db.engine.dispose()

    assert served == client.get(DOCUMENT).text
    assert "clinic.example" not in served
