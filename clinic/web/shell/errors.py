"""The one place where errors become HTTP: pages for people, problem documents for machines.

RFC 9457 for `/api/`, `/webhooks/` and whoever asks for JSON. A request id is on both; a stack
trace goes to the log and to nobody else.
"""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, Response, current_app, g, jsonify, render_template, request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, SQLAlchemyError
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.wrappers import Response as AnyResponse

from clinic.config import current_settings
from clinic.foundation.database.failures import Failure, failure_of, name_of
from clinic.foundation.errors import (
    ClinicError,
    Conflict,
    InvalidInput,
    SignInNeeded,
    TooManyRequests,
    Unavailable,
)
from clinic.foundation.messages import Message
from clinic.foundation.texts.posted_texts import UnkeepableTexts
from clinic.notes.pages.refusals import refusal_whole
from clinic.practice.form_fields import in_their_language
from clinic.web.shell.unstorable_texts import show_unkeepable_texts

log = logging.getLogger(__name__)
PROBLEM = "application/problem+json"
RETRY_AFTER_S = 30
"""When a sender may come back after a 503 that says nothing else: a failover takes about that."""
FLASK_LOGINS_USER = "_login_user"
"""Where Flask-Login keeps who was found for this request."""
PROBLEM_PATHS = ("/api/", "/webhooks/", "/healthz/", "/readyz/", "/metrics/")


def init_errors(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(ClinicError, answer_clinic_error)
    app.register_error_handler(CSRFError, answer_csrf_error)
    app.register_error_handler(SecurityError, answer_foreign_host)
    app.register_error_handler(HTTPException, answer_http_error)
    app.register_error_handler(DataError, answer_unstorable)
    app.register_error_handler(SQLAlchemyError, answer_database_error)
    app.register_error_handler(Exception, answer_anything_else)


def answer_clinic_error(error: ClinicError) -> AnyResponse:
    """Answer one of our own errors."""
    if isinstance(error, SignInNeeded) and not wants_problem():
        return current_app.extensions["sign_in_redirect"]()
    if isinstance(error, UnkeepableTexts) and not wants_problem():
        return show_unkeepable_texts(error)
    if error.status == 503:
        _log_line(type(error).__name__)
    elif error.status >= 500:
        log.error("%s in request %s", type(error).__name__, g.get("request_id"), exc_info=error)
    return _answer(error.status, error.code, refusal_whole(error), problem_details(error))


def problem_details(error: ClinicError) -> dict[str, Any]:
    """The members that a problem document of this error has beside the usual ones."""
    details: dict[str, Any] = dict(getattr(error, "details", {}))
    if isinstance(error, InvalidInput):
        details["errors"] = {
            path: [in_their_language(one) if isinstance(one, Message) else _(one) for one in said]
            for path, said in error.errors.items()
        }
    if isinstance(error, TooManyRequests):
        details["retry_after"] = error.retry_after
    if error.status == 503:
        details["retry_after"] = getattr(error, "retry_after", None) or RETRY_AFTER_S
    return details


def answer_csrf_error(error: CSRFError) -> AnyResponse:
    """A form without, or with an outdated, token."""
    del error
    said = _(
        "This page was open for too long, or was sent from elsewhere. "
        "Please go back, reload it and send it again."
    )
    return _answer(400, "form-outdated", said, {})


def answer_foreign_host(error: SecurityError) -> AnyResponse:
    """Asked for under a name that is not ours: no page, since no address could be built for one."""
    del error
    if wants_problem():
        return _answer(400, "foreign-host", "", {})
    return Response("This is not the host you are looking for.\n", 400, content_type="text/plain")


def answer_http_error(error: HTTPException) -> AnyResponse:
    """What the router and the libraries refuse."""
    if error.code is None or error.response is not None:
        return error.get_response()
    codes = {
        404: "not-found",
        405: "method-not-allowed",
        413: "too-large",
        429: "too-many-requests",
    }
    response = _answer(error.code, codes.get(error.code, "refused"), "", _http_details(error))
    for name, value in error.get_headers():
        if name.lower() in {"allow", "retry-after"}:
            response.headers[name] = value
    return response


def _http_details(error: HTTPException) -> dict[str, Any]:
    data = getattr(error, "data", None) or {}
    found = data.get("messages") or data.get("errors")
    return {"errors": found} if found else {}


def answer_database_error(error: SQLAlchemyError) -> AnyResponse:
    """Answer 409 for a race that was lost, 503 for a database that cannot, else 500.

    Nothing was stored; after a 409 or a 503 the sender may try again.
    """
    failure = failure_of(error)
    if failure is Failure.FAULT:
        return answer_anything_else(error)
    if failure is Failure.CONFLICT:
        _log_line(f"database conflict: {name_of(error)}")
        return answer_clinic_error(Conflict())
    _log_line(f"database: {name_of(error)}")
    refusal = Unavailable()
    return _answer(refusal.status, refusal.code, "", problem_details(refusal))


def _log_line(what: str) -> None:
    log.error("%s in request %s", what, g.get("request_id"))


def answer_unstorable(error: DataError) -> AnyResponse:
    """Something no database text can hold (a NUL in an address): nothing has that name."""
    del error
    return _answer(404, "not-found", "", {})


def answer_anything_else(error: Exception) -> AnyResponse:
    """Our own fault."""
    if current_app.config.get("PROPAGATE_EXCEPTIONS"):
        raise error
    log.error("unexpected, in request %s", g.get("request_id"), exc_info=error)
    return _answer(500, "error", "", {})


def wants_problem() -> bool:
    """Whether the answer is for a program."""
    if f"{request.path}/".startswith(PROBLEM_PATHS):
        return True
    accepted = request.accept_mimetypes
    return accepted.best_match(["text/html", "application/json"], "text/html") != "text/html"


def _answer(status: int, code: str, message: str, details: dict[str, Any]) -> Response:
    """Answer in the reader's language, or without what only the database could tell of them.

    A rollback makes the rows at hand to be read anew, and the database may be gone by then; or it
    was away when the clinic was looked for, and is back when the reader is.
    """
    try:
        return _composed(status, code, message, details)
    except (SQLAlchemyError, ClinicError) as error:
        what = name_of(error) if isinstance(error, SQLAlchemyError) else type(error).__name__
        log.info("answered without the reader: %s in request %s", what, g.get("request_id"))
        g.pop("clinic", None)
        nobody = current_app.login_manager.anonymous_user()  # type: ignore[attr-defined]
        setattr(g, FLASK_LOGINS_USER, nobody)
        return _composed(status, code, message, details)


def _composed(status: int, code: str, message: str, details: dict[str, Any]) -> Response:
    title, hint = explain(status)
    if request.path.startswith("/calendar/"):
        response = current_app.response_class(f"{title}\n", status, content_type="text/plain")
    elif wants_problem():
        response = jsonify(
            {
                "type": f"{current_settings().base_url}/problems/{code}",
                "title": title,
                "status": status,
                "detail": message or hint,
                "request_id": g.get("request_id"),
            }
            | details
        )
        response.status_code, response.content_type = status, PROBLEM
    else:
        page = render_template(
            "errors/error.html",
            status=status,
            title=title,
            message=message or hint,
            errors=details.get("errors", {}),
            request_id=g.get("request_id"),
        )
        response = current_app.response_class(page, status)
    if retry_after := details.get("retry_after"):
        response.headers["Retry-After"] = str(retry_after)
    return response


def explain(status: int) -> tuple[str, str]:
    """A title and what to do next, for a status."""
    texts = {
        400: (_("This could not be read"), _("Nothing was changed. Please go back and try again.")),
        401: (_("Please sign in"), _("This page is for people who have signed in.")),
        403: (
            _("This is not open to you"),
            _("Your account does not include this page. Nothing was changed."),
        ),
        404: (
            _("There is nothing here"),
            _("The address may be old or incomplete. The front page knows the way."),
        ),
        405: (_("This cannot be done here"), _("Nothing was changed.")),
        409: (_("It has changed in the meantime"), _("Nothing was lost. Please look at it again.")),
        413: (_("That was too large"), _("Nothing was stored. Please send less at once.")),
        415: (_("This could not be read"), _("Nothing was stored. Please send it as JSON.")),
        422: (
            _("Something needs another look"),
            _("Nothing was lost. Please correct what is named and send it again."),
        ),
        429: (_("That was a little fast"), _("Please wait a moment and try again.")),
        503: (_("We cannot answer just now"), _("Nothing was lost. Please try again in a minute.")),
    }
    fallback = (
        _("Something went wrong on our side"),
        _("It has been noted. Please try again in a minute."),
    )
    return texts.get(status, fallback)
