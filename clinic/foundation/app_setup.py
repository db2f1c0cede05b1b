"""Bind what every package stands on: the database, the keys, the mail transport."""

from __future__ import annotations

from flask import Flask

from clinic.extensions import db, migrate
from clinic.foundation.crypto.key_wrapping import KeyRing
from clinic.foundation.database.transactions import give_back_session, prepare_engine
from clinic.foundation.mail.transports import transport_from
from clinic.private_files import make_private


def init_app(app: Flask) -> None:
    """Bind to `app`; its settings are already in `app.extensions["settings"]`."""
    settings = app.extensions["settings"]
    make_private(settings.instance, database=settings.sqlite_file)
    db.init_app(app)
    app.teardown_appcontext(give_back_session)  # runs before the library's own
    migrate.init_app(app, db, directory=f"{app.root_path}/migrations")
    app.extensions["key_ring"] = KeyRing.parse(settings.encryption_keys)
    app.extensions["mail_transport"] = transport_from(settings.smtp_url, settings.instance / "mail")
    app.extensions["outbox"], app.extensions["outbox_lanes"] = {}, {}
    with app.app_context():
        prepare_engine(db.engine)
