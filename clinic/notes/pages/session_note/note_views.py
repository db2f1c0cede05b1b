"""The session note: the one screen it is written on, saved from, put together on, signed on."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response as AnyResponse

from clinic.accounts.browser.route_guard import current_actor, requires
from clinic.foundation.clock import clock
from clinic.foundation.errors import InvalidInput, TooManyRequests
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import is_allowed
from clinic.foundation.texts.posted_texts import refuse_unkeepable_texts
from clinic.notes.pages.labels import FILTERS, first_names, offered
from clinic.notes.pages.note_part_labels import PART_FILTERS
from clinic.notes.pages.overview import names_of
from clinic.notes.pages.password_forms import prove_by_form
from clinic.notes.pages.refusals import finding_text, refusal
from clinic.notes.pages.session_note.note_page import ScreenPage, missing_of, screen_page
from clinic.notes.pages.session_note.signed_note_page import reading_page
from clinic.notes.rules.clinical_values import NoteBody
from clinic.notes.rules.json_structure import NotPlain
from clinic.notes.rules.json_values import dump, load
from clinic.notes.rules.note_content import NoteContent
from clinic.notes.rules.note_merge import differences, merge
from clinic.notes.rules.sealing import NoteStatus
from clinic.notes.session_notes import service
from clinic.notes.session_notes.form_fields import read_content
from clinic.notes.session_notes.queries import NoteScreen, note_screen, read_note
from clinic.notes.session_notes.session_writers import note_of_both
from clinic.notes.session_notes.state import note_state
from clinic.notes.signing import signing

session_notes = Blueprint("session_notes", __name__, url_prefix="/desk")
for _name, _filter in (FILTERS | PART_FILTERS).items():
    session_notes.add_app_template_filter(_filter, _name)
session_notes.add_app_template_filter(refusal)
session_notes.add_app_template_filter(finding_text)

Page = str | tuple[str, int]
DRAFTS = (NoteStatus.DRAFT, NoteStatus.READY)


@session_notes.get("/notes/<note_id>")
@requires(Permission.OPEN_CHARTS)
def show(note_id: str) -> str:
    """A draft on its writing screen; a signed note to read."""
    actor, now = current_actor(), clock.now()
    seen = read_note(note_id, actor=actor, now=now)
    if seen.status in DRAFTS and is_allowed(actor, Permission.WRITE_NOTE, seen.subject):
        return _screen(note_screen(note_id, actor=actor, now=now))
    return reading_page(seen)


@session_notes.post("/notes/<note_id>")
@requires(Permission.OPEN_CHARTS)
def save(note_id: str) -> AnyResponse | Page:
    """Save what a form sends; then on to signing, or back with an empty row more."""
    actor, now = current_actor(), clock.now()
    content, reason = _sent(note_id)
    try:
        refuse_unkeepable_texts()
        service.save_draft(
            note_id, content=content, late_reason=reason, revision=_revision(), actor=actor, now=now
        )
    except service.NoteChangedElsewhere as refused:
        return _merge_page(note_id, refused), 409
    except InvalidInput as refused:
        return _screen(
            note_screen(note_id, actor=actor, now=now),
            content=content,
            late_reason=reason,
            refused_input=refused,
        ), 422
    return _after_saving(note_id, request.form.get("then", ""))


@session_notes.post("/notes/<note_id>/autosave")
@requires(Permission.OPEN_CHARTS)
def autosave(note_id: str) -> AnyResponse | tuple[AnyResponse, int]:
    """Save while somebody types; the answer says at which revision and what is still missing."""
    content, reason = _sent(note_id)
    state_ = note_state(note_id, actor=current_actor(), now=clock.now())
    try:
        saved = service.save_draft(
            note_id,
            content=content,
            late_reason=reason,
            revision=_revision(),
            autosave=True,
            actor=current_actor(),
            now=clock.now(),
        )
    except service.NoteChangedElsewhere as refused:
        by = names_of([refused.by], clinic_id=current_actor().clinic_id)[refused.by]
        return jsonify(code=refused.code, revision=refused.revision, by=by), 409
    missing = missing_of(
        saved.missing, content, names=first_names(state_.names), fields=request.form
    )
    return jsonify(
        revision=saved.revision,
        saved_at=saved.at.isoformat(),
        missing=[{"anchor": one.anchor, "text": one.text} for one in missing],
    )


@session_notes.get("/notes/<note_id>/state")
@requires(Permission.OPEN_CHARTS)
def state(note_id: str) -> AnyResponse:
    """Whether the reader is signed in and what is saved; the token that the next save needs."""
    found = note_state(note_id, actor=current_actor(), now=clock.now())
    return jsonify(revision=found.revision, status=found.status, csrf_token=generate_csrf())


@session_notes.post("/notes/<note_id>/merge")
@requires(Permission.OPEN_CHARTS)
def merge_texts(note_id: str) -> AnyResponse | Page:
    """Save one note made of two texts, part by part as chosen."""
    actor, now = current_actor(), clock.now()
    seen = note_screen(note_id, actor=actor, now=now).note
    try:
        mine = load(NoteBody, request.form.get("mine", ""))
    except (NotPlain, ValueError):
        raise InvalidInput({"mine": [_("This page was sent incomplete.")]}) from None
    places = {
        name.removeprefix("choose."): value
        for name, value in request.form.items()
        if name.startswith("choose.")
    }
    reason = seen.body.late_reason or mine.late_reason
    try:
        service.save_draft(
            note_id,
            content=merge(mine.content, seen.body.content, chosen=places),
            late_reason=reason,
            revision=_revision(),
            actor=actor,
            now=now,
        )
    except service.NoteChangedElsewhere as refused:
        again = service.NoteChangedElsewhere(
            mine=mine,
            theirs=refused.theirs,
            revision=refused.revision,
            at=refused.at,
            by=refused.by,
        )
        return _merge_page(note_id, again), 409
    flash(_("Both texts are put together and saved."), "ok")
    return redirect(url_for("session_notes.show", note_id=note_id, together="1"))


@session_notes.get("/signed-in")
@requires(Permission.OWN_ACCOUNT)
def signed_in() -> str:
    """Where signing in again in a second tab ends: the first tab goes on by itself."""
    return render_template("notes/session_note/signed_in.html")


@session_notes.get("/notes/<note_id>/sign")
@requires(Permission.OPEN_CHARTS)
def ask_signature(note_id: str) -> str:
    """What is signed, and the password once more; or what is missing."""
    return _sign_page(note_screen(note_id, actor=current_actor(), now=clock.now()))


@session_notes.post("/notes/<note_id>/sign")
@requires(Permission.OPEN_CHARTS)
def sign(note_id: str) -> AnyResponse | Page:
    """Sign the note."""
    actor, now = current_actor(), clock.now()
    try:
        proved_at = prove_by_form(actor=actor, now=now)
        signing.sign_note(
            note_id,
            revision=_revision(),
            proved_at=proved_at,
            for_cosign=request.form.get("for_cosign") == "yes",
            actor=actor,
            now=now,
        )
    except service.NoteChangedElsewhere:
        flash(_("This note was changed in the meantime. Please read it again before you sign."))
        return redirect(url_for("session_notes.show", note_id=note_id), 303)
    except (InvalidInput, TooManyRequests) as refused:
        return _sign_page(note_screen(note_id, actor=actor, now=now), refused), refused.status
    return redirect(url_for("session_notes.show", note_id=note_id))


@session_notes.post("/notes/<note_id>/recall")
@requires(Permission.OPEN_CHARTS)
def recall(note_id: str) -> AnyResponse:
    """Recall the signature within a quarter of an hour."""
    signing.recall_signature(note_id, actor=current_actor(), now=clock.now())
    flash(_("The signature is taken back. The note is a draft again."), "ok")
    return redirect(url_for("session_notes.show", note_id=note_id))


def _screen(
    screen: NoteScreen,
    *,
    content: NoteContent | None = None,
    late_reason: str | None = None,
    refused_input: InvalidInput | None = None,
) -> str:
    page = screen_page(
        screen,
        content=content,
        late_reason=late_reason,
        blank=request.args.getlist("add"),
        actor=current_actor(),
    )
    errors = refused_input.errors if refused_input else {}
    at_fields = {"field_errors": errors, "field_labels": {}}
    shown = _terms(page, screen) | at_fields
    return render_template("notes/session_note/write.html", screen=screen, page=page, **shown)


def _terms(page: ScreenPage, screen: NoteScreen) -> dict[str, Any]:
    content = page.content
    return {
        "chart": screen.note.chart,
        "names": first_names(screen.note.chart.names),
        "attendance_terms": offered("attendance", chosen=[a.code for a in content.attendance]),
        "safety_terms": offered("safety_check", chosen=[content.safety.result]),
        "pattern_terms": offered("cycle_pattern", chosen=[content.cycle.pattern]),
        "intervention_terms": offered(
            "intervention", chosen=[i.code for i in content.interventions]
        ),
        "act_terms": offered("repair_act", chosen=[c for a in content.attempts for c in a.acts]),
        "receipt_terms": offered("receipt"),
        "type_terms": offered(
            "rupture_type", chosen=[c for n in content.new_ruptures for c in n.types]
        ),
        "exercise_terms": offered("exercise", chosen=content.exercises),
        "reason_terms": {
            name: offered(f"{name}_reason", chosen=[entry.reason for entry in content.ruptures])
            for name in ("repair", "reopen", "park", "close")
        },
    }


def _after_saving(note_id: str, then: str) -> AnyResponse:
    if then == "together":
        note_of_both(note_id, actor=current_actor(), now=clock.now())
        return redirect(url_for("session_notes.show", note_id=note_id))
    if then == "sign":
        return redirect(url_for("session_notes.ask_signature", note_id=note_id))
    if then in {"attempts", "new_ruptures"}:
        address = url_for("session_notes.show", note_id=note_id, add=then)
        return redirect(f"{address}#add-{then}")
    flash(_("Saved."), "ok")
    return redirect(url_for("session_notes.show", note_id=note_id))


def _merge_page(note_id: str, refused: service.NoteChangedElsewhere) -> str:
    actor = current_actor()
    seen = note_screen(note_id, actor=actor, now=clock.now()).note
    return render_template(
        "notes/session_note/merge.html",
        note=seen,
        names=first_names(seen.chart.names),
        differences=differences(refused.mine.content, refused.theirs.content),
        mine=dump(refused.mine),
        revision=refused.revision,
        at=refused.at,
        by=names_of([refused.by], clinic_id=actor.clinic_id)[refused.by],
        is_own=refused.by == actor.name,
    )


def _sign_page(screen: NoteScreen, refused: InvalidInput | TooManyRequests | None = None) -> str:
    found = refused.findings if isinstance(refused, signing.NotReady) else screen.findings
    return render_template(
        "notes/session_note/sign.html",
        screen=screen,
        note=screen.note,
        names=first_names(screen.note.chart.names),
        content=screen.note.body.content.answered(flag_open=screen.setting.flag_open),
        missing=missing_of(
            found, screen.note.body.content, names=first_names(screen.note.chart.names)
        ),
        wrong_password=isinstance(refused, InvalidInput) and "password" in refused.errors,
        wait=refused.retry_after if isinstance(refused, TooManyRequests) else 0,
    )


def _sent(note_id: str) -> tuple[NoteContent, str]:
    """The note that the form tells, read with the couple's own partners."""
    members = note_state(note_id, actor=current_actor(), now=clock.now()).members
    reason = request.form.get("late_reason", "").replace("\r\n", "\n").strip()
    return read_content(request.form, members=members), reason


def _revision() -> int:
    text = request.form.get("revision", "")
    if not text.isascii() or not text.isdigit():
        raise InvalidInput({"revision": [_("This page was sent incomplete.")]})
    return int(text)
