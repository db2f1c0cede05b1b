"""Binds Flask-Security: what of it is used, with which numbers, and what stays shut.

Used now: sign-in and sign-out, Flask-Login underneath, the password scheme. Two-factor, recovery
codes and passkeys have their columns in `models.py` and are turned on in `_SETTINGS` by the step
that brings them. Whatever is not turned on has no route at all.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask
from flask_security.core import Security

from clinic.accounts.browser.browser_sessions import init_browser_sessions
from clinic.accounts.browser.datastore import AccountDatastore
from clinic.accounts.pages.forms import SignInForm
from clinic.accounts.pages.views import AFTER_SIGN_IN, render_sign_in, sign_in, sign_out
from clinic.accounts.rules.password_hashing import MEMORY_KIB, NORMAL_FORM, PARALLELISM, TIME_COST
from clinic.accounts.rules.password_rules import SHORTEST

_SETTINGS: dict[str, Any] = {
    "PASSWORD_HASH": "argon2",
    "PASSWORD_SCHEMES": ["argon2"],
    "PASSWORD_SINGLE_HASH": {"argon2"},
    "PASSWORD_HASH_PASSLIB_OPTIONS": {
        "argon2__time_cost": TIME_COST,
        "argon2__memory_cost": MEMORY_KIB,
        "argon2__parallelism": PARALLELISM,
    },
    "PASSWORD_NORMALIZE_FORM": NORMAL_FORM,
    "PASSWORD_LENGTH_MIN": SHORTEST,
    "JOIN_USER_ROLES": False,
    "API_ENABLED_METHODS": ["session"],
    "LOGIN_URL": "/login",
    "LOGOUT_URL": "/logout",
    "LOGOUT_METHODS": ["POST"],
    "POST_LOGIN_VIEW": AFTER_SIGN_IN,
    "POST_LOGOUT_VIEW": "/",
    "FRESHNESS": timedelta(days=-1),  # ours is `require_recent_proof`; this removes /verify
    "FLASH_MESSAGES": False,
    "STATIC_FOLDER": None,
    "CLI_USERS_NAME": None,  # the library's commands know nothing of sealed columns
    "CLI_ROLES_NAME": None,
    "CACHE_CONTROL": {},  # the library writes `no-store=True`, which no cache knows
}


def init_security(app: Flask) -> None:
    """Bind Flask-Security: after `csrf` (the library looks for it) and before the guard."""
    app.config.update({f"SECURITY_{name}": value for name, value in _SETTINGS.items()})
    keeps_order = not app.json.sort_keys  # type: ignore[attr-defined]
    security = Security()
    security.init_app(
        app, AccountDatastore(), login_form=SignInForm, render_template=render_sign_in
    )
    app.json.sort_keys = not keeps_order  # type: ignore[attr-defined] # the library put another in its place
    security.want_json(lambda _request: False)
    init_browser_sessions(app, security)
    app.view_functions["security.login"] = sign_in
    app.view_functions["security.logout"] = sign_out
