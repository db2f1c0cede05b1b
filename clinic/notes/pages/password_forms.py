"""The password typed into the form at hand, for the steps that ask for it once more."""

from __future__ import annotations

from datetime import datetime

from flask import request

from clinic.accounts.browser.browser_sessions import current_session
from clinic.accounts.browser.device_cookie import token_in_cookie
from clinic.foundation.permissions.actors import Actor
from clinic.notes.signing.reauthentication import show_password


def prove_by_form(*, actor: Actor, now: datetime) -> datetime:
    """The instant of the proof. Raises `InvalidInput`, `TooManyRequests`."""
    return show_password(
        request.form.get("password", ""),
        address=request.remote_addr,
        device=token_in_cookie(),
        session_id=current_session().id,
        actor=actor,
        now=now,
    )
