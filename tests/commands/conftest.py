"""Commands, run in the application under test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from clinic.extensions import db
from tests.support.factories import make_appointment, make_practice

TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)


@pytest.fixture
def run(app):
    """Run a command in the app under test: exit code, output, errors."""
    runner = app.test_cli_runner()

    def invoke(*arguments):
        result = runner.invoke(args=list(arguments))
        return result.exit_code, result.stdout, result.stderr

    return invoke


@pytest.fixture
def booked(app):
    with app.app_context():
        practice = make_practice()
        for hours in (1, 0):
            make_appointment(practice, TEN + timedelta(hours=hours))
        db.session.remove()
    return practice
