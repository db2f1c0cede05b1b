"""The practice whose public pages are tested; tests of services make their own."""

from __future__ import annotations

import pytest

from clinic.extensions import db
from tests.support.factories import make_practice


@pytest.fixture
def practice(app):
    with app.app_context():
        made = make_practice()
        db.session.expunge_all()
        return made
