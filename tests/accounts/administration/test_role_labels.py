from __future__ import annotations

import pytest
from flask_babel import force_locale

from clinic.accounts.administration.role_labels import names_of, role_hints, role_labels
from clinic.foundation.permissions.actors import Role


@pytest.fixture
def english(app):
    with app.test_request_context(), force_locale("en_GB"):
        yield


@pytest.mark.usefixtures("english")
def test_every_role_has_a_name_and_a_hint_in_the_order_of_the_form():
    assert list(role_labels().items()) == [
        (Role.ADMIN, "Administration"),
        (Role.THERAPIST, "Therapist"),
        (Role.SUPERVISOR, "Supervisor"),
        (Role.FRONT_DESK, "Front desk"),
    ]
    assert list(role_hints()) == list(role_labels())


@pytest.mark.usefixtures("english")
def test_names_of_roles_come_in_the_order_of_the_form_and_unknown_ones_are_left_out():
    assert names_of(["front_desk", "admin", "owner"]) == ["Administration", "Front desk"]


def test_names_of_roles_are_in_the_language_of_the_reader(app):
    with app.test_request_context(), force_locale("pt_PT"):
        assert names_of(["therapist"]) == ["Terapeuta"]
