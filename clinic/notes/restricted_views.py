"""What stands apart from the joint record: one's own process notes, what a partner told alone."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from clinic.accounts.guard import current_actor, requires
from clinic.foundation.clock import clock
from clinic.foundation.errors import Conflict, InvalidInput
from clinic.foundation.permissions import Permission, is_allowed
from clinic.notes import process_notes
from clinic.notes.access import find_chart
from clinic.notes.clinical_values import DECISIONS, DisclosureDetails, FlagDetails
from clinic.notes.disclosures import decide_disclosure, list_disclosures, write_disclosure
from clinic.notes.overview import names_of
from clinic.notes.safety import clear_safety_flag, list_safety_flags, open_safety_flag
from clinic.notes.words import first_names

restricted = Blueprint("restricted", __name__, url_prefix="/desk/couples")

Page = str | tuple[str, int]


@restricted.get("/<code>/process-notes")
@requires(Permission.OPEN_CHARTS)
def process(code: str) -> str:
    """One's own process notes on a couple."""
    return _process_page(code)


@restricted.post("/<code>/process-notes")
@requires(Permission.OPEN_CHARTS)
def write_process(code: str) -> AnyResponse | Page:
    """Keep a new process note, or change one."""
    actor, now = current_actor(), clock.now()
    text, known = request.form.get("text", "").replace("\r\n", "\n"), request.form.get("id", "")
    try:
        if known:
            process_notes.save_process_note(
                known, text, revision=_number("revision"), actor=actor, now=now
            )
        else:
            process_notes.write_process_note(
                code, text, note_id=request.form.get("note") or None, actor=actor, now=now
            )
    except (InvalidInput, Conflict) as refused:
        return _process_page(code, refused=refused, typed=text), refused.status
    flash(_("Kept. Only you can read it."), "ok")
    return redirect(url_for("restricted.process", code=code))


@restricted.get("/<code>/restricted")
@requires(Permission.OPEN_CHARTS)
def show(code: str) -> str:
    """Individual disclosures and safety flags."""
    return _page(code)


@restricted.post("/<code>/restricted/disclosures")
@requires(Permission.OPEN_CHARTS)
def disclose(code: str) -> AnyResponse | Page:
    """Keep what a partner told alone, or decide on it anew."""
    actor, now = current_actor(), clock.now()
    try:
        details, review_on = _details(), _day("review_on")
        flagged, known = request.form.get("flagged") == "yes", request.form.get("id", "")
        if known:
            decide_disclosure(
                known,
                details,
                review_on=review_on,
                flagged=flagged,
                revision=_number("revision"),
                actor=actor,
                now=now,
            )
        else:
            write_disclosure(
                code, details, review_on=review_on, flagged=flagged, actor=actor, now=now
            )
    except (InvalidInput, Conflict) as refused:
        return _page(code, refused=refused), refused.status
    flash(_("Kept. It is not part of the joint record."), "ok")
    return redirect(url_for("restricted.show", code=code))


@restricted.post("/<code>/restricted/flags")
@requires(Permission.OPEN_CHARTS)
def flag(code: str) -> AnyResponse | Page:
    """Open a safety flag: the open ruptures are parked until it is cleared."""
    actor, now = current_actor(), clock.now()
    try:
        details = FlagDetails(
            about=request.form.get("about", "").strip(),
            level=_number("level"),
            action=request.form.get("action", "").strip(),
            owner=request.form.get("owner", "").strip(),
        )
        open_safety_flag(code, details, review_on=_day("flag_review_on"), actor=actor, now=now)
    except InvalidInput as refused:
        return _page(code, refused=refused), refused.status
    flash(_("The flag is open. Open ruptures are parked until it is cleared."), "ok")
    return redirect(url_for("restricted.show", code=code))


@restricted.post("/<code>/restricted/flags/<flag_id>/clear")
@requires(Permission.OPEN_CHARTS)
def clear(code: str, flag_id: str) -> AnyResponse | Page:
    """Clear a safety flag, with the reason."""
    because = request.form.get("because", "")
    try:
        clear_safety_flag(code, flag_id, because=because, actor=current_actor(), now=clock.now())
    except (InvalidInput, Conflict) as refused:
        return _page(code, refused=refused), refused.status
    flash(_("The flag is cleared."), "ok")
    return redirect(url_for("restricted.show", code=code))


def _process_page(code: str, **more: Any) -> str:
    actor, now = current_actor(), clock.now()
    chart = find_chart(code, permission=Permission.WRITE_PROCESS_NOTE, actor=actor, now=now)
    values: dict[str, Any] = {
        "chart": chart,
        "kept": process_notes.list_process_notes(code, actor=actor, now=now),
        "note": request.values.get("note", ""),
        "refused": None,
        "typed": "",
    }
    return render_template("notes/process.html", **(values | more))


def _page(code: str, **more: Any) -> str:
    actor, now = current_actor(), clock.now()
    chart = find_chart(code, permission=Permission.READ_RESTRICTED, actor=actor, now=now)
    kept = list_disclosures(code, actor=actor, now=now)
    flags = list_safety_flags(code, actor=actor, now=now)
    authors = [one.author for one in kept] + [one.author for one in flags]
    values: dict[str, Any] = {
        "chart": chart,
        "names": first_names(chart.names),
        "kept": kept,
        "flags": flags,
        "decisions": DECISIONS,
        "people": names_of(authors, clinic_id=actor.clinic_id),
        "can_write": is_allowed(actor, Permission.WRITE_DISCLOSURE, chart),
        "refused": None,
        "typed": request.form,
        "today": chart.day(now),
    }
    return render_template("notes/restricted.html", **(values | more))


def _details() -> DisclosureDetails:
    told = {"yes": True, "no": False}.get(request.form.get("disclosable", ""))
    return DisclosureDetails(
        by=request.form.get("by", ""),
        text=request.form.get("text", "").replace("\r\n", "\n").strip(),
        disclosable=told,
        decision=request.form.get("decision", "none"),
        decision_reason=request.form.get("decision_reason", "").strip(),
    )


def _day(name: str) -> date:
    try:
        return date.fromisoformat(request.form.get(name, ""))
    except ValueError:
        raise InvalidInput({name: [_("Choose a day that is still to come.")]}) from None


def _number(name: str) -> int:
    text = request.form.get(name, "")
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise InvalidInput({name: [_("Choose one from the list.")]})
    return int(text)
