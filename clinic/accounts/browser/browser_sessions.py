"""Ties the browser's cookie to a session row: made at sign-in, checked at every request, ended.

The cookie is encrypted and signed and holds the row's token; what decides is the row. A cookie kept
from before signing out, or from a session ended elsewhere, opens nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask, flash, g, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_login import user_logged_out
from flask_security.core import Security
from flask_security.signals import user_authenticated
from flask_security.utils import set_request_attr
from werkzeug.wrappers import Response

from clinic.accounts.browser.device_cookie import set_device_cookie, token_in_cookie
from clinic.accounts.models import Account, StaffSession
from clinic.accounts.rules.session_rules import (
    PROOF_LASTS,
    SessionState,
    browser_name,
    is_proof_recent,
)
from clinic.accounts.sign_in.known_devices import remember_device
from clinic.accounts.sign_in.sessions import check_session, end_session_of, start_session
from clinic.foundation.clock import clock
from clinic.foundation.errors import ProofNeeded, SignInNeeded

TOKEN = "staff_session"  # noqa: S105 - the name of a cookie's member
PREFERENCES = ("language", "theme")
OF_THE_LIBRARY = ("_user_id", "_fresh", "fs_paa")


def init_browser_sessions(app: Flask, security: Security) -> None:
    """Make the rows decide who is signed in; close the library's other ways in."""
    manager = security.login_manager
    manager.user_loader(load_account)
    manager.request_loader(lambda _request: None)  # no tokens in headers or query strings
    manager.session_protection = None  # the row protects, not a hash of the browser's name
    security.principal.skip_static = True
    user_authenticated.connect(begin_browser_session, app)
    user_logged_out.connect(finish_browser_session, app)
    app.extensions["sign_in_redirect"] = redirect_to_sign_in


def load_account(uniquifier: str) -> Account | None:
    """The account of this request's session row, if it is live (Flask-Login's user loader)."""
    token = session.get(TOKEN)
    if request.endpoint == "static" or not isinstance(token, str):
        return None
    is_background = request.headers.get("X-Background") == "1"
    checked = check_session(token, is_background=is_background, now=clock.now())
    if checked.row is None or checked.account is None:
        g.session_lapsed = checked.state in {SessionState.IDLE, SessionState.OVER}
        return None
    if checked.account.fs_uniquifier != uniquifier:
        return None
    g.staff_session = checked.row
    set_request_attr("fs_authn_via", "session")
    set_request_attr("fs_paa", checked.row.proved_at.timestamp())
    return checked.account


def begin_browser_session(_app: Flask, *, user: Account, **_more: Any) -> None:
    """After a complete sign-in: drop all that was in the cookie, start a row, keep its token."""
    _start_over(keeping=PREFERENCES + OF_THE_LIBRARY)
    now = clock.now()
    session[TOKEN] = start_session(
        user,
        address=request.remote_addr,
        browser=browser_name(request.headers.get("User-Agent", "")),
        now=now,
    )
    set_device_cookie(
        remember_device(user, token=token_in_cookie(), session_token=session[TOKEN], now=now)
    )


def finish_browser_session(_app: Flask, **_more: Any) -> None:
    """End the row and empty the cookie."""
    token = session.get(TOKEN)
    if isinstance(token, str):
        end_session_of(token, now=clock.now())
    _start_over()


def current_session() -> StaffSession:
    """The session row of this request. Raises `SignInNeeded` without one."""
    row: StaffSession | None = g.get("staff_session")
    if row is None:
        raise SignInNeeded
    return row


def require_recent_proof(*, minutes: int | None = None) -> None:
    """For exports, second factors and the like: the password was shown in the last minutes (5).

    Raises `ProofNeeded` otherwise.
    """
    lasts = PROOF_LASTS if minutes is None else timedelta(minutes=minutes)
    if not is_proof_recent(current_session().proved_at, lasts=lasts, now=clock.now()):
        raise ProofNeeded


def redirect_to_sign_in() -> Response:
    """Send to the sign-in page and, where that can be repeated safely, back again afterwards."""
    if g.get("session_lapsed"):
        _start_over()  # said once, not at every page that was still open
        flash(_("You were signed out because the page was left for a while. Please sign in again."))
    if request.method not in {"GET", "HEAD"}:
        return redirect(url_for("security.login"))
    wanted = request.full_path if request.query_string else request.path
    return redirect(url_for("security.login", next=wanted))


def _start_over(*, keeping: tuple[str, ...] = PREFERENCES) -> None:
    """Empty the cookie of all but what is named."""
    kept = {name: session[name] for name in keeping if name in session}
    session.clear()
    session.update(kept)
    g.pop("csrf_token", None)  # Flask-WTF keeps the token of this request here
