from __future__ import annotations

import pytest
from flask import g

from clinic.booking.appointments.visitor_counts import Visitor
from clinic.foundation.errors import NotFound
from clinic.foundation.permissions.actors import Actor
from clinic.web.api.callers import connection, visitor


def test_whoever_calls_is_a_visitor_of_the_clinic_whatever_cookie_they_carry(app):
    with app.test_request_context(headers={"Cookie": "clinic=x"}):
        g.clinic_id = "c" * 32

        assert visitor() == Actor(clinic_id="c" * 32)


def test_without_a_clinic_there_is_nothing_to_call(app):
    with app.test_request_context(), pytest.raises(NotFound):
        visitor()


def test_callers_are_counted_by_their_network_alone(app):
    with app.test_request_context(environ_base={"REMOTE_ADDR": "192.0.2.7"}):
        assert connection() == Visitor(address="192.0.2.7")
