"""The page on which texts that cannot be kept are mended, where a form's own page did not ask."""

from __future__ import annotations

from flask import Response, current_app, g, render_template, request
from flask_babel import gettext

from clinic.foundation.characters import CANNOT_BE_KEPT
from clinic.foundation.posted_texts import PASSWORDS, UnkeepableTexts


def show_unkeepable_texts(error: UnkeepableTexts) -> Response:
    """Answer 422 with everything that was posted: the texts to mend, the rest unseen.

    What is sent from it goes where the form went; a password is asked for again.
    """
    sent = [(name, text) for name in request.form for text in request.form.getlist(name)]
    page = render_template(
        "errors/unkeepable_texts.html",
        action=request.full_path if request.query_string else request.path,
        said=gettext(CANNOT_BE_KEPT),
        texts=[(name, text) for name, text in sent if name in error.errors],
        rest=[
            (name, text)
            for name, text in sent
            if name not in error.errors and name not in PASSWORDS and name != "csrf_token"
        ],
        passwords=[name for name, _text in sent if name in PASSWORDS],
        request_id=g.get("request_id"),
    )
    return current_app.response_class(page, error.status)
