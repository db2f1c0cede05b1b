"""The cookie by which a browser is known again after signing out: one random token."""

from __future__ import annotations

from flask import after_this_request, current_app, request
from werkzeug.wrappers import Response

from clinic.accounts.rules.throttling import DEVICE_KNOWN_FOR

LONGEST_TOKEN = 100


def token_in_cookie() -> str | None:
    """What this browser shows; None when it shows nothing that we could have made."""
    token = request.cookies.get(cookie_name(), "")
    return token if 0 < len(token) <= LONGEST_TOKEN and token.isascii() else None


def set_device_cookie(token: str) -> None:
    """Have the answer to this request carry the token back to the browser."""

    @after_this_request
    def carry(response: Response) -> Response:
        response.set_cookie(
            cookie_name(),
            token,
            max_age=DEVICE_KNOWN_FOR,
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Strict",
        )
        return response


def cookie_name() -> str:
    """Beside the session's name, so that it has the same prefix."""
    return f"{current_app.config['SESSION_COOKIE_NAME']}-device"
