"""The feeds themselves, and the one-entry file behind "add to calendar"."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Blueprint, Response, g, request
from flask_babel import force_locale
from flask_babel import gettext as _

from clinic.accounts.browser.route_guard import public
from clinic.booking.appointments.links import open_link
from clinic.calendars.feeds.queries import content_of, entry_of, get_feed, language_of
from clinic.calendars.feeds.service import note_read
from clinic.calendars.feeds.writer.feed import Feed, etag, render_busy, render_feed
from clinic.calendars.feeds.writer.freebusy import FreeBusy, render_free_busy
from clinic.calendars.models import CalendarFeed, FeedKind, Show
from clinic.extensions import limiter
from clinic.foundation.clock import clock
from clinic.foundation.texts.localized_dates import LOCALES

calendars = Blueprint("calendars", __name__)


@calendars.get("/calendar/<token>.ics")
@public
@limiter.limit("120/minute", key_func=lambda: (request.view_args or {}).get("token", ""))
def feed(token: str) -> Response:
    """A whole feed."""
    found = get_feed(token)
    content = _content(found)
    body = _busy(content, found) if found.show == Show.BUSY else render_feed(content)
    return _answer(body, found, content)


@calendars.get("/calendar/<token>/busy.ics")
@public
@limiter.limit("120/minute", key_func=lambda: (request.view_args or {}).get("token", ""))
def busy(token: str) -> Response:
    """The same times, and nothing but times."""
    found = get_feed(token)
    content = _content(found)
    return _answer(_busy(content, found), found, content)


@calendars.get("/calendar/<token>.ifb")
@public
@limiter.limit("120/minute", key_func=lambda: (request.view_args or {}).get("token", ""))
def free_busy(token: str) -> Response:
    """The same times as periods: for the free/busy field of a colleague's calendar program."""
    found = get_feed(token)
    content = _content(found)
    today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    body = render_free_busy(
        FreeBusy(
            key=found.id,
            starts_at=today - timedelta(days=found.days_back),
            ends_at=today + timedelta(days=found.days_ahead),
            stamp=_last_modified(found, content),
            entries=content.entries,
        )
    )
    return _answer(body, found, content, filename="busy.ifb")


@calendars.get("/a/<token>/appointment.ics")
@public
def entry(token: str) -> Response:
    """One appointment as a file, for calendars that subscribe to nothing."""
    opened = open_link(token, now=clock.now())
    shown = entry_of(opened.appointment, summary=_("Appointment"), zone=opened.time_zone)
    body = render_feed(Feed(g.clinic.short_name, shown.time_zone, (shown,)))
    response = Response(body, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="appointment.ics"'
    return response


def _content(found: CalendarFeed) -> Feed:
    with force_locale(LOCALES[language_of(found)]):
        summary = _("Appointment") if found.kind == FeedKind.PARTNER else _("Session")
    return content_of(found, summary=summary, now=clock.now())


def _busy(content: Feed, found: CalendarFeed) -> bytes:
    with force_locale(LOCALES[language_of(found)]):
        return render_busy(content, summary=_("Busy"))


def _answer(
    body: bytes, found: CalendarFeed, content: Feed, *, filename: str = "sessions.ics"
) -> Response:
    """200 with the bytes, or 304 when the reader has them already."""
    note_read(found, now=clock.now())
    response = Response(body, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = f'inline; filename="{filename}"'
    response.headers["Cache-Control"] = "private, max-age=600"
    response.set_etag(etag(body))
    response.last_modified = _last_modified(found, content)
    response.make_conditional(request)
    return response


def _last_modified(found: CalendarFeed, content: Feed) -> datetime:
    """The newest change, and never before today: entries leave the feed as days go by."""
    today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    changed = found.changed_at or found.created_at
    return max(today, changed, *(entry.updated_at for entry in content.entries))
