"""Pages take forms of text: a file or JSON in place of a field is refused, never a fault of ours."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO

import pytest

from clinic.extensions import db
from tests.support.booking.booking_client import book, choose, details_form, dump, form_token
from tests.support.factories import make_practice

TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)


@pytest.fixture
def visitor(app, client):
    app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    with app.app_context():
        make_practice()
        db.session.remove()
    return client


def a_file():
    return BytesIO(b"anything"), "holiday.jpg"


@pytest.mark.parametrize("field", ["name", "email", "message", "hold", "key", "time_zone"])
def test_file_in_place_of_a_field_of_the_details_is_refused(app, visitor, field):
    choose(visitor, TEN)
    fields = details_form(visitor)
    before = dump(app)

    answer = visitor.post("/book/details", data=fields | {field: a_file()})

    assert (answer.status_code, dump(app)) == (415, before)
    assert "This page takes a form only, without files." in answer.text


def test_file_in_place_of_a_reason_does_not_cancel(app, visitor):
    token = book(visitor, TEN)
    before = dump(app)
    page = f"/a/{token}/cancel"

    answer = visitor.post(page, data={"csrf_token": form_token(visitor, page), "reason": a_file()})

    assert (answer.status_code, dump(app)) == (415, before)


@pytest.mark.parametrize("sent", [5, "text", {"name": 5}, {"needs": [1]}, ["a"]])
def test_json_sent_to_a_page_is_refused(app, visitor, sent):
    token = form_token(visitor)
    for path in ("/book", "/book/details", "/login"):
        answer = visitor.post(path, json=sent, headers={"X-CSRFToken": token})

        assert (path, answer.status_code) == (path, 415)


def test_form_sent_in_parts_without_files_is_taken(visitor):
    answer = visitor.post(
        "/book",
        data={"csrf_token": form_token(visitor), "couple": "two"},
        content_type="multipart/form-data",
    )

    assert (answer.status_code, answer.location) == (303, "/book/therapists")
