"""The desk of a therapist who leads a couple."""

from __future__ import annotations

import pytest

from tests.notes.desk import open_desk


@pytest.fixture
def desk(app):
    return open_desk(app)
