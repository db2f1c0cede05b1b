"""The page on which texts that cannot be kept are mended, where a form's own page did not ask."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Response, current_app, g, render_template, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from clinic.foundation.texts.characters import CANNOT_BE_KEPT
from clinic.foundation.texts.posted_texts import PASSWORDS, UnkeepableTexts

FIELD_NAMES = {
    "text": _l("In words"),
    "title": _l("What broke, in a few words"),
    "reason": _l("Reason"),
    "name": _l("Name"),
}
"""What the fields are called on the pages that do not say it themselves."""


def show_unkeepable_texts(error: UnkeepableTexts) -> Response:
    """Answer 422 with everything that was posted: the texts to mend, the rest unseen.

    What is sent from it goes where the form went; a password is asked for again.
    """
    sent = [(name, text) for name in request.form for text in request.form.getlist(name)]
    page = render_template(
        "errors/unkeepable_texts.html",
        action=request.full_path if request.query_string else request.path,
        said=gettext(CANNOT_BE_KEPT),
        texts=[(_name_of(name), name, text) for name, text in sent if name in error.errors],
        back=_page_before(),
        is_desk=request.path.startswith("/desk"),
        rest=[
            (name, text)
            for name, text in sent
            if name not in error.errors and name not in PASSWORDS and name != "csrf_token"
        ],
        passwords=[name for name, _text in sent if name in PASSWORDS],
        request_id=g.get("request_id"),
    )
    return current_app.response_class(page, error.status)


def _name_of(field: str) -> str:
    return str(FIELD_NAMES.get(field, _l("What you wrote")))


def _page_before() -> str:
    """Return the path of our own page that the form was sent from; the first page if unknown."""
    before = urlsplit(request.referrer or "")
    if before.netloc != request.host or not before.path.startswith("/"):
        return "/desk" if request.path.startswith("/desk") else "/"
    path = f"/{before.path.lstrip('/')}"
    return f"{path}?{before.query}" if before.query else path
