"""The desk of a therapist who leads a couple."""

from __future__ import annotations

import pytest

from tests.support.notes.record_client import open_desk


@pytest.fixture
def desk(app):
    return open_desk(app)
