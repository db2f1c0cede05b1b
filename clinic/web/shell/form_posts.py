"""What pages are sent: forms of text. Files and JSON are refused before any form reads them."""

from __future__ import annotations

from contextlib import suppress

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from clinic.foundation.errors import N_, ClinicError
from clinic.foundation.texts.posted_texts import FOR_PROGRAMS

WITH_A_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})
TAKES_A_FILE = {"instruments.add": "file"}
"""The forms that ask for a file, by the name of its field; their texts are read nowhere else."""


class NotAForm(ClinicError):
    """A page was sent a file or JSON."""

    status = 415
    code = "not-a-form"
    says = N_("This page takes a form only, without files. Nothing was stored.")


def receive_whole_body() -> None:
    """Read the body before the first query, so that a slow sender keeps no transaction open.

    What is too large stays unread, and is refused by whoever asks for it.
    """
    with suppress(RequestEntityTooLarge):
        request.get_data()


def refuse_other_bodies() -> None:
    """Refuse a body that Flask-WTF would read as fields but that holds no texts.

    Its forms take JSON values of any type and uploaded files for what is typed into a field.
    """
    if request.method not in WITH_A_BODY or request.path.startswith(FOR_PROGRAMS):
        return
    asked_for = TAKES_A_FILE.get(request.endpoint or "")
    if request.is_json or any(name != asked_for for name in request.files):
        raise NotAForm
