"""Identify visitors, and answer those who hold or book too much at once."""

from __future__ import annotations

import secrets

from flask import Response, current_app, render_template, request, session, url_for
from flask_babel import gettext as _

from clinic.booking.appointments.visitor_counts import Visitor
from clinic.booking.rules.errors import TooManyByVisitor
from clinic.booking.site.draft import draft

COOKIE_MEMBER = "visitor"


def this_visitor() -> Visitor:
    """Whoever sent this request; their browser is told apart by a random value in its cookie."""
    if not isinstance(session.get(COOKIE_MEMBER), str):
        session[COOKIE_MEMBER] = secrets.token_urlsafe(16)
    return Visitor(address=request.remote_addr, browser=session[COOKIE_MEMBER])


def answer_too_many(refused: TooManyByVisitor) -> Response:
    """Explain kindly that it was too much, and show all that was sent for another try."""
    sent = {name: value for name, value in request.form.items() if name != "csrf_token"}
    page = render_template(
        "booking/site/too_many.html",
        said=_(refused.message),
        wait=wait_text(refused.retry_after),
        form_url=request.path,
        fields=sent,
        written=draft(),
        times_url=url_for("booking.times") if request.blueprint == "booking" else "",
    )
    response: Response = current_app.response_class(page, refused.status)
    response.headers["Retry-After"] = str(refused.retry_after)
    return response


def wait_text(seconds: int) -> str:
    """When another try is worth it, in words; whole minutes, from an hour on whole hours."""
    minutes = -(-seconds // 60)
    if minutes <= 1:
        said = _("It can be tried again in a minute.")
    elif minutes < 60:
        said = _("It can be tried again in %(minutes)s minutes.", minutes=minutes)
    elif minutes == 60:
        said = _("It can be tried again in an hour.")
    else:
        said = _("It can be tried again in %(hours)s hours.", hours=-(-minutes // 60))
    return str(said)
