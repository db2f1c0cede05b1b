"""What is added to a sealed note, and the co-signature; the kept versions of a note."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from clinic.accounts.browser.route_guard import current_actor, requires
from clinic.foundation.clock import clock
from clinic.foundation.errors import InvalidInput
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.texts.posted_texts import refuse_unkeepable_texts
from clinic.notes.pages.overview import names_of
from clinic.notes.pages.password_forms import prove_by_form
from clinic.notes.pages.session_note.signed_note_page import reading_page
from clinic.notes.session_notes.queries import compare_versions, list_versions, read_note
from clinic.notes.signing.addenda import add_addendum, return_for_revision
from clinic.notes.signing.signing import cosign_note

addenda = Blueprint("addenda", __name__, url_prefix="/desk")

Page = str | tuple[str, int]


@addenda.post("/notes/<note_id>/addenda")
@requires(Permission.OPEN_CHARTS)
def add(note_id: str) -> AnyResponse | Page:
    """Sign and add."""
    actor, now = current_actor(), clock.now()
    try:
        refuse_unkeepable_texts()
        proof = prove_by_form(actor=actor, now=now)
        add_addendum(
            note_id,
            kind=request.form.get("kind", ""),
            text=request.form.get("text", ""),
            reason=request.form.get("reason", ""),
            proved_at=proof,
            actor=actor,
            now=now,
        )
    except InvalidInput as refused:
        seen = read_note(note_id, actor=actor, now=now)
        return reading_page(seen, problems=refused.errors, typed=request.form), 422
    flash(_("Added. It stands with the note from now on."), "ok")
    return redirect(url_for("session_notes.show", note_id=note_id))


@addenda.post("/notes/<note_id>/cosign")
@requires(Permission.OPEN_CHARTS)
def cosign(note_id: str) -> AnyResponse | Page:
    """Co-sign somebody else's note, or give it back with a comment."""
    actor, now = current_actor(), clock.now()
    try:
        refuse_unkeepable_texts()
        if request.form.get("do") == "return":
            comment = request.form.get("comment", "")
            return_for_revision(note_id, comment=comment, actor=actor, now=now)
        else:
            proof = prove_by_form(actor=actor, now=now)
            cosign_note(note_id, proved_at=proof, actor=actor, now=now)
    except InvalidInput as refused:
        seen = read_note(note_id, actor=actor, now=now)
        return reading_page(seen, problems=refused.errors, typed=request.form), 422
    return redirect(url_for("session_notes.show", note_id=note_id))


@addenda.get("/notes/<note_id>/versions")
@requires(Permission.OPEN_CHARTS)
def versions(note_id: str) -> str:
    """The kept versions, and what differs between two of them."""
    actor, now = current_actor(), clock.now()
    kept = list_versions(note_id, actor=actor, now=now)
    first, second = _number("first"), _number("second")
    changes = None
    if first is not None:
        changes = compare_versions(note_id, first, second, actor=actor, now=now)
    people = names_of([one.author for one in kept], clinic_id=actor.clinic_id)
    chart = read_note(note_id, actor=actor, now=now).chart
    return render_template(
        "notes/session_note/versions.html",
        note_id=note_id,
        chart=chart,
        versions=kept,
        first=first,
        second=second,
        changes=changes,
        people=people,
    )


def _number(name: str) -> int | None:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else None
