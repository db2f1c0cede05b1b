"""The page on which a clinician opens a record that is not theirs, in an emergency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from clinic.accounts.browser.route_guard import current_actor, requires
from clinic.foundation.clock import clock
from clinic.foundation.errors import N_, InvalidInput, NotFound, TooManyRequests
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.texts.localized_dates import clock_text
from clinic.foundation.texts.posted_texts import refuse_unkeepable_texts
from clinic.notes.pages.password_forms import prove_by_form
from clinic.notes.restricted.emergency_access import break_glass, check_reason
from clinic.notes.rules.text_limits import REASON_MAX

emergency = Blueprint("emergency", __name__, url_prefix="/desk/emergency")

Page = str | tuple[str, int]


@emergency.get("")
@requires(Permission.BREAK_GLASS)
def ask() -> str:
    """Whose record, why, and the password once more."""
    return _page({})


@emergency.post("")
@requires(Permission.BREAK_GLASS)
def open_record() -> AnyResponse | Page:
    """Open it for an hour; the therapist of the couple and the clinic are told."""
    actor, now = current_actor(), clock.now()
    code = request.form.get("code", "").strip().upper()
    reason = request.form.get("reason", "").replace("\r\n", "\n")
    try:
        refuse_unkeepable_texts()
        _check_typed(code, reason)
        proof = prove_by_form(actor=actor, now=now)
        until = break_glass(code, reason, proved_at=proof, actor=actor, now=now)
    except (InvalidInput, NotFound, TooManyRequests) as refused:
        status = 429 if isinstance(refused, TooManyRequests) else 422
        return _page(_problems(refused)), status
    said = _(
        "This record is open to you until %(time)s. "
        "The therapist who leads it and the clinic are being told.",
        time=clock_text(until, zone=g.clinic.time_zone),
    )
    flash(said, "ok")
    return redirect(url_for("record.show", code=code))


def _check_typed(code: str, reason: str) -> None:
    """Raises `InvalidInput` with all that can be told before the password is looked at."""
    problems = {} if code else {"code": [N_("Give the code of the couple.")]}
    try:
        check_reason(reason)
    except InvalidInput as refused:
        problems |= refused.errors
    if problems:
        raise InvalidInput(problems)


def _problems(refused: InvalidInput | NotFound | TooManyRequests) -> Mapping[str, Sequence[str]]:
    """What is wrong, by the field; each sentence in the reader's language."""
    if isinstance(refused, NotFound):
        return {"code": [_("There is no record with this code.")]}
    if isinstance(refused, TooManyRequests):
        return {"password": [_("There were too many tries. Please wait a little and try again.")]}
    if "password" in refused.errors:
        return {"password": [_("This is not your password. Nothing was opened.")]}
    return {name: [_(text) for text in said] for name, said in refused.errors.items()}


def _page(problems: Mapping[str, Sequence[str]]) -> str:
    return render_template(
        "notes/restricted/emergency.html",
        problems=problems,
        typed=request.form,
        reason_max=REASON_MAX,
    )
