"""For tests with many threads: they wait for each other as long as the machine takes."""

from __future__ import annotations

import pytest
from flask import Flask

from clinic.extensions import db
from clinic.foundation.database import transactions

PATIENCE_S = 600


def be_patient(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither SQLite's lock nor the pool of connections gives up before that."""
    monkeypatch.setattr(transactions, "BUSY_TIMEOUT_MS", PATIENCE_S * 1000)
    with app.app_context():
        monkeypatch.setattr(db.engine.pool, "_timeout", PATIENCE_S)
        db.engine.dispose()
