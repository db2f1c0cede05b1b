"""What is asked of the database when the application is made, before anything is served."""

from __future__ import annotations

from flask import Flask
from sqlalchemy.exc import DBAPIError

from clinic.config import Settings, SettingsError
from clinic.extensions import db
from clinic.practice.clinic.clinics import holds_made_up_clinic


def refuse_made_up_clinic(app: Flask, settings: Settings) -> None:
    """Refuse to serve people from a database with made-up people and published passwords.

    Raises `SettingsError`. A database that does not answer, or has no tables yet, is not judged
    here; pages ask again (`clinic/web/shell/request_context.py`).
    """
    if not settings.production:
        return
    with app.app_context():
        try:
            made_up = holds_made_up_clinic()
        except DBAPIError:
            return
        finally:
            db.session.remove()
            db.engine.dispose()  # a connection must not be shared with processes forked later
    if made_up:
        raise SettingsError(
            "CLINIC_ENV=production does not start on a database that holds the demo clinic or "
            "generated data, whose passwords are published: give DATABASE_URL an empty one."
        )
