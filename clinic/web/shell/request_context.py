"""What surrounds every request: its id, its clinic, its language, and filters for templates."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from flask import Flask, current_app, g, has_request_context, request, url_for
from flask import session as browser_session
from flask_babel import get_locale
from flask_login import current_user
from jinja2 import pass_context
from jinja2.filters import FILTERS as JINJAS_OWN
from jinja2.runtime import Context

from clinic.accounts.browser.route_guard import current_actor
from clinic.config import current_settings
from clinic.extensions import babel
from clinic.foundation.clock import clock
from clinic.foundation.crypto.data_keys import check_keys
from clinic.foundation.crypto.encryption import SealBroken
from clinic.foundation.errors import N_, NotFound, Unavailable
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import is_allowed
from clinic.foundation.texts.localized_dates import LOCALES, clock_text, day_text, when_text
from clinic.foundation.wall_clock import local_date
from clinic.practice.clinic.clinics import the_clinic
from clinic.practice.models import in_language
from clinic.web.shell.error_summary import error_lines
from clinic.web.shell.form_posts import receive_whole_body, refuse_other_bodies

log = logging.getLogger(__name__)
LANGUAGE_NAMES = {"en": "English", "pt": "Português"}


def init_request_context(app: Flask) -> None:
    """Bind the language, the clinic of the request and the template filters."""
    app.config["BABEL_DEFAULT_LOCALE"] = "en"
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = f"{app.root_path}/clinic/translations"
    babel.init_app(app, locale_selector=choose_locale)
    app.before_request(receive_whole_body)
    app.before_request(begin_request)
    app.before_request(refuse_other_bodies)
    app.context_processor(for_templates)
    app.add_template_filter(when, "when")
    app.add_template_filter(clock_time, "clock_time")
    app.add_template_filter(day_name, "day_name")
    app.add_template_filter(translated, "translated")
    app.add_template_filter(error_lines, "error_lines")


def evaluate_filters_at_rendering(app: Flask) -> None:
    """Let our filters be asked at every rendering; done once all of them are there.

    What Jinja can work out beforehand it works out once, in the language of whoever came first.
    """
    for name, ours in app.jinja_env.filters.items():
        if name not in JINJAS_OWN and not hasattr(ours, "jinja_pass_arg"):
            app.jinja_env.filters[name] = _live(ours)


def _live(ours: Callable[..., Any]) -> Callable[..., Any]:
    @pass_context
    @wraps(ours)
    def ask(_context: Context, *args: Any, **kwargs: Any) -> Any:
        return ours(*args, **kwargs)

    return ask


def begin_request() -> None:
    """Give the request an id and find the clinic it is for."""
    g.request_id = secrets.token_hex(8)
    if request.endpoint in {"static", "web.healthz"}:
        return
    _keys_must_fit()
    try:
        g.clinic = the_clinic()
    except NotFound:
        if request.endpoint == "web.readyz" or request.path.startswith("/api/"):
            return  # they say it in their own way
        raise Unavailable(N_("This clinic has not been set up yet.")) from None
    if g.clinic.is_demo and current_settings().production:
        raise Unavailable  # it was not there, or could not be seen, when the application started
    g.clinic_id = g.clinic.id


def _keys_must_fit() -> None:
    """Answer nothing with keys that do not open the record (asked until they do, then no more)."""
    if current_app.extensions.get("keys_fit"):
        return
    try:
        check_keys()
    except SealBroken as error:
        log.critical("CLINIC_ENCRYPTION_KEYS does not fit this database: %s", error)
        raise Unavailable from error
    current_app.extensions["keys_fit"] = True


def language() -> str:
    """The reader's language: chosen, else the account's, else the browser's, else the clinic's."""
    chosen = browser_session.get("language")
    if chosen in LANGUAGE_NAMES:
        return str(chosen)
    if current_user and current_user.is_authenticated:
        return str(current_user.language)
    wanted = request.accept_languages.best_match(["en", "pt", "pt-PT"])
    if wanted:
        return str(wanted)[:2]
    clinic = g.get("clinic")
    return str(clinic.language) if clinic else "en"


def choose_locale() -> str:
    """The locale for texts, dates and times of this request (Babel's name of it)."""
    return LOCALES[language()] if has_request_context() else LOCALES["en"]


def for_templates() -> dict[str, object]:
    """Names that every page may use; mails are rendered without a request and need none."""
    if not has_request_context():
        return {}
    signed_in = bool(current_user and current_user.is_authenticated)
    return {
        "clinic": g.get("clinic"),
        "languages": list(LANGUAGE_NAMES.items()),
        "language_url": url_for("web.choose_language"),
        "locale_code": str(get_locale() or "en")[:2],
        "theme": browser_session.get("theme", ""),
        "home_url": url_for("web.home"),
        "book_url": url_for("matching.needs"),
        "sign_in_url": url_for("security.login") if not signed_in else url_for("desk.home"),
        "privacy_url": url_for("web.privacy"),
        "sign_out_url": "/logout",
        "now": clock.now(),
        "may": may,
        "Permission": Permission,
    }


def may(permission: Permission, subject: object = None) -> bool:
    """Whether the reader is allowed this (to decide what to show, never to protect it)."""
    return is_allowed(current_actor(), permission, subject)


def when(start: datetime, zone: str, end: datetime | None = None) -> str:
    """`Tuesday 1 December 2026, 10:00 – 10:30 (Lisbon)` in the reader's language."""
    return when_text(start, zone=zone, end=end)


def clock_time(instant: datetime, zone: str) -> str:
    """`10:00` on the clocks of `zone`."""
    return clock_text(instant, zone=zone)


def day_name(instant: datetime, zone: str) -> str:
    """`Tuesday 1 December` on the calendar of `zone`."""
    return day_text(local_date(instant, zone=zone))


def translated(texts: dict[str, str]) -> str:
    """The reader's language of a text kept in several."""
    return in_language(texts, str(get_locale() or "en")[:2])
