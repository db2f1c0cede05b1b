"""The vocabularies at the desk: read by all staff, edited by the administration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clinic.accounts.browser.route_guard import current_actor, requires
from clinic.foundation.clock import clock
from clinic.foundation.errors import InvalidInput
from clinic.foundation.permissions.permission_names import Permission
from clinic.practice.rules.custom_terms import differing
from clinic.practice.rules.vocabulary import Vocabulary
from clinic.practice.vocabularies import service as vocabulary_service
from clinic.practice.vocabularies.forms import TermForm, group_name, source_name
from clinic.practice.vocabularies.queries import (
    TermLine,
    list_vocabularies,
    staff_name,
    term_line,
    vocabulary_page,
)
from clinic.practice.vocabularies.service import TermChangedElsewhere, TermStays
from clinic.practice.vocabularies.terms import vocabulary_of

Page = str | Response | tuple[str, int]

vocabularies = Blueprint("vocabularies", __name__, url_prefix="/desk/practice/vocabularies")
vocabularies.add_app_template_filter(source_name, "term_source")
vocabularies.add_app_template_filter(group_name, "group_name")


@vocabularies.get("")
@requires(Permission.SEE_PRACTICE)
def overview() -> str:
    """Every vocabulary, by its name in the reader's language."""
    reader = str(get_locale())
    lines = sorted(
        list_vocabularies(g.clinic_id), key=lambda one: one.vocabulary.label(reader).casefold()
    )
    return render_template("practice/vocabularies/vocabularies.html", lines=lines)


@vocabularies.get("/<name>")
@requires(Permission.SEE_PRACTICE)
def show(name: str) -> str:
    """One vocabulary with its terms in order."""
    return render_template(
        "practice/vocabularies/vocabulary.html", page=vocabulary_page(g.clinic_id, name)
    )


@vocabularies.route("/<name>/new", methods=["GET", "POST"])
@requires(Permission.EDIT_PRACTICE)
def new_term(name: str) -> Page:
    """A term of the clinic's own."""
    vocabulary = vocabulary_of(g.clinic_id, name)
    form = TermForm(vocabulary)
    key = form.key.data or ""
    if _done(form, lambda: vocabulary_service.add_term(name, form.command(), key=key, **_by())):
        flash(_("“%(name)s” is on offer.", name=form.label_en.data), "ok")
        return redirect(url_for("vocabularies.show", name=name))
    return _term_page(form, vocabulary=vocabulary)


@vocabularies.route("/<name>/terms/<code>", methods=["GET", "POST"])
@requires(Permission.EDIT_PRACTICE)
def edit_term(name: str, code: str) -> Page:
    """A term's words and place; both texts when somebody saved it in the meantime."""
    line = term_line(g.clinic_id, name, code)
    vocabulary = vocabulary_of(g.clinic_id, name)
    form = TermForm(vocabulary, line.term, revision=line.revision)
    theirs = None
    try:
        if _done(form, lambda: _save(name, code, form)):
            flash(_("“%(name)s” is saved.", name=form.label_en.data), "ok")
            return redirect(url_for("vocabularies.show", name=name))
    except TermChangedElsewhere as refused:
        theirs, form.revision.data = refused, str(refused.revision)
    return _term_page(form, vocabulary=vocabulary, line=line, theirs=theirs)


@vocabularies.post("/<name>/terms/<code>/retire")
@requires(Permission.EDIT_PRACTICE)
def retire(name: str, code: str) -> Response:
    """Offer it no longer; records that hold it keep it."""
    return _moved(
        name,
        lambda: vocabulary_service.retire_term(name, code, **_by()),
        _("It is offered no longer. Records that hold it keep it."),
    )


@vocabularies.post("/<name>/terms/<code>/take-up")
@requires(Permission.EDIT_PRACTICE)
def offer_again(name: str, code: str) -> Response:
    """Offer it again."""
    return _moved(
        name,
        lambda: vocabulary_service.restore_term(name, code, **_by()),
        _("It is on offer again."),
    )


def _by() -> dict[str, Any]:
    return {"actor": current_actor(), "now": clock.now()}


def _done(form: TermForm, use_case: Callable[[], object]) -> bool:
    """Whether the form was sent, could be read, and was accepted; else its fields say why not."""
    if not form.validate_on_submit():
        return False
    try:
        use_case()
    except InvalidInput as refused:
        form.show(refused.errors)
        return False
    return True


def _save(name: str, code: str, form: TermForm) -> None:
    vocabulary_service.edit_term(name, code, form.command(), revision=form.based_on(), **_by())


def _term_page(
    form: TermForm,
    *,
    vocabulary: Vocabulary,
    line: TermLine | None = None,
    theirs: TermChangedElsewhere | None = None,
) -> Page:
    page = render_template(
        "practice/vocabularies/term.html",
        form=form,
        vocabulary=vocabulary,
        line=line,
        theirs=theirs,
        differing=differing(form.command(), theirs.theirs) if theirs else (),
        changed_by=staff_name(g.clinic_id, theirs.by) if theirs else "",
    )
    return page, 409 if theirs else form.status


def _moved(name: str, do: Callable[[], None], notice: str) -> Response:
    try:
        do()
    except TermStays as refused:
        flash(_(refused.message), "warn")
    else:
        flash(notice, "ok")
    return redirect(url_for("vocabularies.show", name=name))
