"""Wires everything together; what WSGI servers and the flask command load."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask

from clinic.config import Settings, read_settings
from clinic.extensions import db, migrate

if TYPE_CHECKING:
    from collections.abc import Callable


def create_app(settings: Settings | None = None) -> Flask:
    """Make the application. Without settings they are read from the environment."""
    settings = settings or read_settings()
    app = Flask(__name__, instance_path=str(settings.instance))
    app.config.from_mapping(SECRET_KEY=settings.secret_key, SQLALCHEMY_DATABASE_URI=settings.database_url)
    app.extensions["settings"] = settings
    _bind_database(app, settings)
    return app


def _bind_database(app: Flask, settings: Settings) -> None:
    from clinic.foundation.database import prepare_engine

    import clinic.models  # noqa: F401
    from clinic.foundation.encryption import KeyRing

    db.init_app(app)
    migrate.init_app(app, db, directory=str(app.root_path) + "/migrations")
    app.extensions["key_ring"] = KeyRing.parse(settings.encryption_keys)
    with app.app_context():
        prepare_engine(db.engine)
