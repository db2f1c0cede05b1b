"""Instances to measure: generated clinics in folders of their own, gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from tempfile import TemporaryDirectory

from flask import Flask
from flask_migrate import upgrade

from app import create_app
from clinic.config import read_settings
from clinic.extensions import db
from clinic.sample_data.load_test import Amounts, generate

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@contextmanager
def clinic_with(**amounts: int) -> Iterator[Flask]:
    """A generated clinic (see `Amounts`), its app context open."""
    with TemporaryDirectory() as folder:
        settings = read_settings({"CLINIC_INSTANCE": folder, "CLINIC_RATE_LIMITS": "off"})
        app = create_app(settings)
        with app.app_context():
            upgrade()
            generate(Amounts(**amounts), settings=settings, now=NOW)
            db.session.remove()
            yield app
            db.session.remove()
            db.engine.dispose()
