"""Register the calendars package: feeds and their pages, invitations, imported calendars."""

from __future__ import annotations

from flask import Flask

from clinic.accounts.sign_in.revoke import CUT_OFF
from clinic.calendars.feeds.mail_parts import invitation_for
from clinic.calendars.feeds.service import revoke_feeds_of_account
from clinic.calendars.imported.refresh import guard_for, refresh_when_due
from clinic.calendars.imported.service import REFRESH
from clinic.calendars.pages.feed_settings_views import desk_feeds
from clinic.calendars.pages.feed_views import calendars
from clinic.calendars.pages.imported_views import desk_calendars
from clinic.calendars.pages.partner_views import partner_feeds
from clinic.foundation.outbox import register_handler


def init_app(app: Flask) -> None:
    """Register the blueprints, the calendar part of mails and the outbox handlers."""
    for blueprint in (calendars, partner_feeds, desk_feeds, desk_calendars):
        app.register_blueprint(blueprint)
    app.extensions["appointment_invitation"] = invitation_for
    app.extensions["outside_guard"] = guard_for(app.extensions["settings"].base_url)
    register_handler(app, CUT_OFF, "feeds", revoke_feeds_of_account)
    register_handler(app, REFRESH, "read", refresh_when_due, lane="calendars")
