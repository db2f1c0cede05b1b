"""A clinic, and its people at the desk, for the tests of the practice's pages."""

import pytest

from clinic.foundation.permissions.actors import Role
from tests.support.factories import make_clinic, make_session_type, make_therapist
from tests.support.practice_client import Browser


@pytest.fixture
def house(app):
    """A clinic with two therapists and a session type."""
    with app.app_context():
        clinic = make_clinic()
        kind = make_session_type(clinic)
        make_therapist(clinic, session_types=[kind])
        make_therapist(clinic, slug="other", name="Other")
        return clinic.id


@pytest.fixture
def admin(app, house):
    return Browser(app, Role.ADMIN)


@pytest.fixture
def desk(app, house):
    return Browser(app, Role.FRONT_DESK)


@pytest.fixture
def ines(app, house):
    return Browser(app, Role.THERAPIST)
