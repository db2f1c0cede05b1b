"""The clinic's instruments at the desk: what is on the shelf, adding a file, retiring one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clinic.accounts.browser.route_guard import current_actor, requires
from clinic.foundation.clock import clock
from clinic.foundation.permissions.permission_names import Permission
from clinic.practice.instruments.service import (
    InstrumentExists,
    add_instrument,
    list_instruments,
    retire_instrument,
)
from clinic.practice.rules.instruments import MAX_INSTRUMENT_BYTES, InstrumentBroken

instruments = Blueprint("instruments", __name__, url_prefix="/desk/practice/instruments")

Page = str | Response | tuple[str, int]


@instruments.get("")
@requires(Permission.MANAGE_INSTRUMENTS)
def overview() -> str:
    """What is on the shelf."""
    return _page()


@instruments.post("")
@requires(Permission.MANAGE_INSTRUMENTS)
def add() -> Page:
    """Add a definition file, or say everything that is wrong with it."""
    try:
        found = add_instrument(_sent(), actor=current_actor(), now=clock.now())
    except InstrumentBroken as refused:
        return _page(problems=refused.problems), 422
    except InstrumentExists as refused:
        return _page(problems=[_(refused.message)]), refused.status
    flash(_("%(name)s is on the shelf.", name=found.name), "ok")
    return redirect(url_for("instruments.overview"))


@instruments.post("/<code>/<version>/<language>/retire")
@requires(Permission.MANAGE_INSTRUMENTS)
def retire(code: str, version: str, language: str) -> Page:
    """Offer it no longer."""
    retire_instrument(code, version, language, actor=current_actor(), now=clock.now())
    flash(_("It is no longer offered; what was scored by it stays."), "ok")
    return redirect(url_for("instruments.overview"))


def _sent() -> str:
    """The text of the file; what is no text is told as what is no JSON."""
    sent = request.files.get("file")
    raw = sent.read(MAX_INSTRUMENT_BYTES + 1) if sent else b""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InstrumentBroken([_("This is not a text file.")]) from None


def _page(**more: Any) -> str:
    values: dict[str, Any] = {"shelf": list_instruments(g.clinic_id), "problems": ()}
    return render_template("practice/instruments/instruments.html", **(values | more))
