"""Register the accounts package: sign-in, the guard of every route, its outbox handlers."""

from __future__ import annotations

from flask import Flask

from clinic.accounts.browser.route_guard import guard_request
from clinic.accounts.pages.security import init_security
from clinic.accounts.pages.views import accounts
from clinic.accounts.passwords.reset_requests import RESET_ASKED, answer_question
from clinic.foundation.outbox import register_handler
from clinic.foundation.texts.posted_texts import replace_in_posted_texts


def init_app(app: Flask) -> None:
    """Add who is asking and whether they may to every request, then the pages of signing in."""
    init_security(app)
    app.before_request(guard_request)
    app.before_request(replace_in_posted_texts)  # who may not send the form is told only that
    app.register_blueprint(accounts)
    register_handler(app, RESET_ASKED, "link", answer_question)
