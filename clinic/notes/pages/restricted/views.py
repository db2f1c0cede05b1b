"""What stands apart from the joint record: one's own process notes, what a partner told alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from clinic.accounts.browser.route_guard import current_actor, requires
from clinic.foundation.clock import clock
from clinic.foundation.errors import N_, Conflict, InvalidInput, NotFound
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import is_allowed
from clinic.notes.pages.labels import first_names
from clinic.notes.pages.overview import names_of
from clinic.notes.pages.restricted.forms import (
    NEW,
    ClearForm,
    FlagForm,
    FormPerEntry,
    disclosure_form,
    process_form,
)
from clinic.notes.record.open_record import find_chart
from clinic.notes.restricted.disclosures import (
    decide_disclosure,
    list_disclosures,
    write_disclosure,
)
from clinic.notes.restricted.process_notes import (
    list_process_notes,
    save_process_note,
    write_process_note,
)
from clinic.notes.ruptures.safety_flags import (
    clear_safety_flag,
    list_safety_flags,
    open_safety_flag,
)

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
    """Store a new process note, or change one."""
    stored = _one_of(list_process_notes(code, **_by()))
    form = process_form(stored, sent=request.form)

    def store() -> None:
        if stored:
            save_process_note(stored.id, form.text.data, revision=_revision(), **_by())
        else:
            note_id = request.form.get("note") or None
            write_process_note(code, form.text.data, note_id=note_id, **_by())

    if not _is_executed(form, store):
        return _process_page(code, form), form.status
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
    """Store what a partner disclosed alone, or decide on it anew."""
    chart = find_chart(code, permission=Permission.WRITE_DISCLOSURE, **_by())
    stored = _one_of(list_disclosures(code, **_by()))
    form = disclosure_form(chart, stored, sent=request.form)

    def store() -> None:
        told = {"review_on": form.review_on.data, "flagged": form.flagged.data}
        if stored:
            decide_disclosure(stored.id, form.details(), revision=_revision(), **told, **_by())
        else:
            write_disclosure(code, form.details(), **told, **_by())

    if not _is_executed(form, store):
        return _page(code, form), form.status
    flash(_("Kept. It is not part of the joint record."), "ok")
    return redirect(url_for("restricted.show", code=code))


@restricted.post("/<code>/restricted/flags")
@requires(Permission.OPEN_CHARTS)
def flag(code: str) -> AnyResponse | Page:
    """Open a safety flag: the open ruptures are parked until it is cleared."""
    form = FlagForm(request.form)
    day = form.flag_review_on.data
    if not _is_executed(
        form, lambda: open_safety_flag(code, form.details(), review_on=day, **_by())
    ):
        return _page(code, form), form.status
    flash(_("The flag is open. Open ruptures are parked until it is cleared."), "ok")
    return redirect(url_for("restricted.show", code=code))


@restricted.post("/<code>/restricted/flags/<flag_id>/clear")
@requires(Permission.OPEN_CHARTS)
def clear(code: str, flag_id: str) -> AnyResponse | Page:
    """Clear a safety flag, with the reason."""
    form = ClearForm(request.form, entry=flag_id)
    because = form.because.data
    if not _is_executed(form, lambda: clear_safety_flag(code, flag_id, because=because, **_by())):
        return _page(code, form), form.status
    flash(_("The flag is cleared."), "ok")
    return redirect(url_for("restricted.show", code=code))


def _is_executed(form: FormPerEntry, use_case: Callable[[], object]) -> bool:
    """Whether the use case was carried out; else the form says why not."""
    if not form.validate():
        return False
    try:
        use_case()
    except InvalidInput as refused:
        form.show(refused.errors)
    except Conflict as refused:
        changed = refused.message or N_("It was changed in the meantime.")
        form.show_changed(_(changed))
    return not form.is_refused


def _process_page(code: str, refused: FormPerEntry | None = None) -> str:
    chart = find_chart(code, permission=Permission.WRITE_PROCESS_NOTE, **_by())
    stored = list_process_notes(code, **_by())
    forms: dict[str, FormPerEntry] = {one.id: process_form(one) for one in stored}
    return render_template(
        "notes/restricted/process_note.html",
        chart=chart,
        stored=stored,
        forms=_in_place([process_form(), *forms.values()], refused),
        note=request.values.get("note", ""),
    )


def _page(code: str, refused: FormPerEntry | None = None) -> str:
    actor, now = current_actor(), clock.now()
    chart = find_chart(code, permission=Permission.READ_RESTRICTED, actor=actor, now=now)
    stored = list_disclosures(code, actor=actor, now=now)
    flags = list_safety_flags(code, actor=actor, now=now)
    authors = [one.author for one in stored] + [one.author for one in flags]
    told = [disclosure_form(chart), *(disclosure_form(chart, one) for one in stored)]
    clearing = [ClearForm(entry=one.id) for one in flags]
    return render_template(
        "notes/restricted/restricted.html",
        chart=chart,
        names=first_names(chart.names),
        stored=stored,
        flags=flags,
        told_forms=_in_place(told, refused),
        flag_form=_in_place([FlagForm()], refused)[NEW],
        clear_forms=_in_place(clearing, refused),
        people=names_of(authors, clinic_id=actor.clinic_id),
        can_write=is_allowed(actor, Permission.WRITE_DISCLOSURE, chart),
        today=chart.day(now),
    )


def _in_place(
    forms: Iterable[FormPerEntry], refused: FormPerEntry | None
) -> dict[str, FormPerEntry]:
    """Each form by its entry; the refused one stands where it was sent from."""
    placed = {form.entry: form for form in forms}
    if refused is not None and any(type(refused) is type(form) for form in placed.values()):
        placed[refused.entry] = refused
    return placed


def _one_of(stored: Iterable[Any]) -> Any:
    """What the form that was sent is about; None for something new. Raises `NotFound`."""
    asked = request.form.get("id", "")
    found = next((one for one in stored if one.id == asked), None)
    if asked and found is None:
        raise NotFound
    return found


def _revision() -> int:
    """On top of which revision it was written; one that cannot be read is none of ours."""
    text = request.form.get("revision", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _by() -> dict[str, Any]:
    return {"actor": current_actor(), "now": clock.now()}
