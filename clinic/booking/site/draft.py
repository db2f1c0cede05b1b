"""What a visitor has written so far, carried along while another time is chosen.

It travels in the forms of the pages themselves: nothing is stored before there is a booking, and
nothing of it lands in an address, a log or a cookie.
"""

from __future__ import annotations

from flask import request

WRITTEN = ("name", "email", "other_name", "other_email", "message", "privacy_accepted")
CHOSEN = ("language", "format")


def draft() -> dict[str, str]:
    """The details sent with this request; empty when nothing has been written yet."""
    if not any(request.form.get(name) for name in WRITTEN):
        return {}
    return {name: request.form[name] for name in (*WRITTEN, *CHOSEN) if request.form.get(name)}
