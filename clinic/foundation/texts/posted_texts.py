"""What a page's form posts, looked at before any view reads it.

A text with characters that no text may hold is given to the view with U+FFFD in their place, so
that whatever is shown again or kept is clean. Until that was said, at the field by the form or as
`InvalidInput` by the first transaction of the request, nothing can be written: a view that forgets
to ask cannot keep such a text.

The U+FFFD that the page puts in the place of a refused character is no text of the sender's: a
field that is sent again with it is refused again. How many of its own U+FFFD a field held when it
was refused is remembered in the browser's session, so a text that holds such a character from
earlier is never refused for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from flask import g, has_request_context, request, session
from flask_babel import gettext
from flask_wtf import FlaskForm
from werkzeug.datastructures import ImmutableMultiDict
from wtforms import Field, FieldList, FormField, HiddenField
from wtforms.form import BaseForm

from clinic.foundation.errors import InvalidInput
from clinic.foundation.texts.characters import (
    CANNOT_BE_KEPT,
    REPLACEMENT,
    has_refused_characters,
    replace_refused_characters,
)

FOR_PROGRAMS = ("/api/", "/webhooks/")
MARKED = "marked"
"""The session's key for the fields refused last, {path: {field: how many U+FFFD are its own}}."""
MARKED_PATHS_AT_MOST = 4
PASSWORDS = frozenset({"password", "present", "new"})
"""Fields that hold a password: it is hashed as it was typed, and never kept or shown."""


class UnkeepableTexts(InvalidInput):
    """A form's text holds characters that cannot be kept; nothing was written."""

    code = "unkeepable-text"


def replace_in_posted_texts() -> None:
    """Replace refused characters in the posted form by U+FFFD, and note its fields."""
    g.unkeepable_fields = ()
    if request.path.startswith(FOR_PROGRAMS):
        return
    if request.method not in {"POST", "PUT", "PATCH"}:
        _remember_marked({})  # what is stored is shown: nothing of it was put there by a refusal
        return
    sent = [(name, text) for name in request.form for text in request.form.getlist(name)]
    bad = {n for n, text in sent if has_refused_characters(text)} - PASSWORDS
    own = own_replacements(sent, refused=bad, before=session.get(MARKED, {}).get(request.path, {}))
    _remember_marked(own)
    if bad:
        clean = [(n, replace_refused_characters(t) if n in bad else t) for n, t in sent]
        request.form = ImmutableMultiDict(clean)
    g.unkeepable_fields = tuple(sorted(own))


def own_replacements(
    sent: Sequence[tuple[str, str]], *, refused: Collection[str], before: Mapping[str, int]
) -> dict[str, int]:
    """Return the fields to refuse, each with how many U+FFFD in it are the sender's own. Pure.

    `refused` are those with refused characters, `before` what this returned for the same form when
    it was sent last: what such a field holds beyond its own was put there by our page.
    """
    held = Counter({name: 0 for name, _text in sent})
    for name, text in sent:
        held[name] += text.count(REPLACEMENT)
    return {
        name: min(number, before.get(name, number))
        for name, number in held.items()
        if name in refused or number > before.get(name, number)
    }


def _remember_marked(own: dict[str, int]) -> None:
    """Store the fields to refuse of this path in the session, the latest few paths only."""
    kept: dict[str, dict[str, int]] = session.get(MARKED, {})
    if not own and request.path not in kept:
        return
    others = {path: fields for path, fields in kept.items() if path != request.path}
    latest = [*others.items(), *([(request.path, own)] if own else [])]
    session[MARKED] = dict(latest[-MARKED_PATHS_AT_MOST:])


def unkeepable_fields() -> tuple[str, ...]:
    """Return the names of the posted fields with refused characters, said already or not."""
    return g.get("unkeepable_fields", ()) if has_request_context() else ()


def refuse_unkeepable_texts() -> None:
    """Raise `UnkeepableTexts` if the posted form holds such texts and nobody has said so yet."""
    if (fields := unkeepable_fields()) and not g.get("unkeepable_is_said"):
        g.unkeepable_is_said = True
        raise UnkeepableTexts({name: [CANNOT_BE_KEPT] for name in fields}, CANNOT_BE_KEPT)


def add_unstorable_text_errors(form: BaseForm) -> bool:
    """Make each text that cannot be kept an error of its field; tell whether there is one."""
    refused = set(unkeepable_fields())
    if not refused:
        return False
    said = gettext(CANNOT_BE_KEPT)
    at_fault = [one for one in _single_fields(form) if one.name in refused and one.raw_data]
    for field in at_fault:
        if isinstance(field, HiddenField):  # nobody sees it: what is wrong stands above the form
            form.form_errors = [said]
        elif said not in field.process_errors:
            field.process_errors.append(said)
            field.errors = [said, *field.errors]
    return bool(at_fault)


def answer_unkeepable_texts(form: BaseForm) -> bool:
    """Answer with the errors of `add_unstorable_text_errors`; return whether there are any."""
    if is_refused := add_unstorable_text_errors(form):
        g.unkeepable_is_said = True
    return is_refused


class CheckedForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """A form that refuses texts that cannot be kept; every form of a page is one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        add_unstorable_text_errors(self)

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        """Validate as WTForms does; what was said of a text is an answer to it."""
        is_refused = answer_unkeepable_texts(self)
        is_valid: bool = super().validate(*args, **kwargs)
        return is_valid and not is_refused


def _single_fields(holder: Any) -> list[Field]:
    """The fields of a form, and those within its fields that are made of fields."""
    found: list[Field] = []
    for field in holder:
        is_made_of_fields = isinstance(field, FormField | FieldList)
        found += _single_fields(field) if is_made_of_fields else [field]
    return found
