from __future__ import annotations

from clinic.booking.site.draft import draft


def test_nothing_was_written_when_only_choices_were_sent(app):
    with app.test_request_context(method="POST", data={"language": "pt", "format": "online"}):
        assert draft() == {}


def test_what_was_written_travels_with_the_choices_and_nothing_else(app):
    sent = {"name": "Ana", "email": "", "format": "online", "csrf_token": "x", "start": "later"}

    with app.test_request_context(method="POST", data=sent):
        assert draft() == {"name": "Ana", "format": "online"}


def test_an_address_carries_no_draft(app):
    with app.test_request_context("/?name=Ana"):
        assert draft() == {}
