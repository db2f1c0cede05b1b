"""The feeds themselves, and the one-entry file behind "add to calendar"."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Response, g, request
from flask_babel import force_locale
from flask_babel import gettext as _

from clinic.accounts.guard import public
from clinic.booking.links import open_link
from clinic.calendars.feed import Feed, etag, render_busy, render_feed
from clinic.calendars.models import CalendarFeed, FeedKind
from clinic.calendars.queries import content_of, entry_of, get_feed
from clinic.calendars.service import note_read
from clinic.extensions import limiter
from clinic.foundation.clock import clock

calendars = Blueprint("calendars", __name__)

LOCALES = {"en": "en_GB", "pt": "pt_PT"}


@calendars.get("/calendar/<token>.ics")
@public
@limiter.limit("120/minute", key_func=lambda: (request.view_args or {}).get("token", ""))
def feed(token: str) -> Response:
    """A whole feed."""
    found = get_feed(token)
    content = _content(found)
    return _answer(render_feed(content), found, content)


@calendars.get("/calendar/<token>/busy.ics")
@public
@limiter.limit("120/minute", key_func=lambda: (request.view_args or {}).get("token", ""))
def busy(token: str) -> Response:
    """The same times, and nothing but times."""
    found = get_feed(token)
    content = _content(found)
    with force_locale(LOCALES[g.clinic.language]):
        body = render_busy(content, summary=_("Busy"))
    return _answer(body, found, content)


@calendars.get("/a/<token>/appointment.ics")
@public
def entry(token: str) -> Response:
    """One appointment as a file, for calendars that subscribe to nothing."""
    appointment, member = open_link(token, now=clock.now())
    shown = entry_of(appointment, summary=_("Appointment"), zone=member.person.time_zone)
    body = render_feed(Feed(g.clinic.short_name, shown.time_zone, (shown,)))
    response = Response(body, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="appointment.ics"'
    return response


def _content(found: CalendarFeed) -> Feed:
    with force_locale(LOCALES[g.clinic.language]):
        summary = _("Session") if found.kind == FeedKind.THERAPIST else _("Appointment")
    return content_of(found, summary=summary, now=clock.now())


def _answer(body: bytes, found: CalendarFeed, content: Feed) -> Response:
    """200 with the bytes, or 304 when the reader has them already."""
    note_read(found, now=clock.now())
    response = Response(body, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = 'inline; filename="sessions.ics"'
    response.headers["Cache-Control"] = "private, max-age=600"
    response.set_etag(etag(body))
    response.last_modified = _last_modified(found, content)
    response.make_conditional(request)
    return response


def _last_modified(found: CalendarFeed, content: Feed) -> datetime:
    """The newest change, and never before today: entries leave the feed as days go by."""
    today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    return max(today, found.created_at, *(entry.updated_at for entry in content.entries))
