"""Register the notes package: the pages of the record, its mails, and when notes are sealed."""

from __future__ import annotations

from flask import Flask

from clinic.foundation.outbox import MAIL_LANE, register_handler
from clinic.notes.mails.emergency_access_mails import notify_clinic, notify_therapist
from clinic.notes.mails.safety_flag_mails import remind_therapist
from clinic.notes.pages.between_sessions.questionnaire_views import measure_pages
from clinic.notes.pages.between_sessions.views import told_pages
from clinic.notes.pages.between_sessions.window_views import exercise_pages
from clinic.notes.pages.record.cycle_views import cycle_pages
from clinic.notes.pages.record.ledger_views import ledger_pages
from clinic.notes.pages.record.record_views import record
from clinic.notes.pages.record.rupture_views import rupture_pages
from clinic.notes.pages.restricted.emergency_views import emergency
from clinic.notes.pages.restricted.views import restricted
from clinic.notes.pages.session_note.addenda_views import addenda
from clinic.notes.pages.session_note.note_views import session_notes
from clinic.notes.restricted.emergency_access import EMERGENCY_OPENED
from clinic.notes.ruptures.flag_reminders import FLAG_DUE
from clinic.notes.signing.signing import SEAL, seal_when_due

BLUEPRINTS = (
    record,
    session_notes,
    addenda,
    ledger_pages,
    rupture_pages,
    restricted,
    emergency,
    told_pages,
    cycle_pages,
    exercise_pages,
    measure_pages,
)


def init_app(app: Flask) -> None:
    """Register the blueprints and the outbox handlers."""
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    register_handler(app, SEAL, "seal", seal_when_due)
    register_handler(app, EMERGENCY_OPENED, "therapist", notify_therapist, lane=MAIL_LANE)
    register_handler(app, EMERGENCY_OPENED, "clinic", notify_clinic, lane=MAIL_LANE)
    register_handler(app, FLAG_DUE, "therapist", remind_therapist, lane=MAIL_LANE)
