"""What is refused is said in the reader's language, and every such text is translated."""

from __future__ import annotations

import ast
from datetime import UTC, datetime

import pytest
from babel.messages.pofile import read_po
from flask_babel import force_locale

from clinic.foundation.errors import ClinicError, Conflict
from clinic.notes.pages.refusals import finding_text, refusal, refusal_whole
from clinic.notes.rules.note_checks import Finding
from clinic.notes.rules.rupture_lifecycle import RuptureStatus, TransitionRefused
from clinic.notes.rules.sealing import NoteStatus, NoteStep, next_status
from tests.support.paths import ROOT

NOTES = ROOT / "clinic" / "notes"
FOR_COMMANDS = (NOTES / "record_file", NOTES / "rules" / "json_structure.py")
"""Read by whoever runs a command: their problems are told in English with the place in the file."""
OUR_OWN_FAULT = {"CannotSeal"}
"""Answered with 500 and told to the log only."""
TELLERS = {"_refused", "Finding", "Conflict"}


def kinds_of_error(kind=ClinicError):
    return {kind.__name__}.union(*(kinds_of_error(one) for one in kind.__subclasses__()))


def modules():
    return [
        path
        for path in sorted(NOTES.rglob("*.py"))
        if not any(one in (path, *path.parents) for one in FOR_COMMANDS)
    ]


def sentences(path):
    """(line, text) of every text given to an error, or None for one that is put together."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = (kinds_of_error() | TELLERS) - OUR_OWN_FAULT
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in names:
            values = [*node.args[node.func.id == "Finding" :]]
            if node.func.id == "_refused":
                values = node.args[:1]
            values += [one.value for one in node.keywords if one.arg == "message"]
            for value in values:
                yield from texts_in(value)
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "says":
            yield from texts_in(node.value)


def texts_in(value):
    if isinstance(value, ast.JoinedStr):
        yield value.lineno, None
    elif isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value:
        yield value.lineno, value.value
    elif isinstance(value, ast.Dict):
        for one in value.values:
            yield from texts_in(one)
    elif isinstance(value, ast.List | ast.Tuple):
        for one in value.elts:
            yield from texts_in(one)
    elif isinstance(value, ast.Call) and getattr(value.func, "id", "") in {"N_", "_"}:
        yield from texts_in(value.args[0])


@pytest.fixture(scope="module")
def catalogue():
    with (ROOT / "clinic/translations/pt/LC_MESSAGES/messages.po").open("rb") as file:
        return {message.id: message.string for message in read_po(file) if message.id}


def test_every_sentence_of_an_error_is_translated(catalogue):
    found = [(path.name, *one) for path in modules() for one in sentences(path)]
    untranslated = [one for one in found if not catalogue.get(one[2])]

    assert untranslated == []
    assert len(found) > 60


@pytest.fixture
def reader(app):
    with app.test_request_context():
        yield


TERMS = {"held": ("rupture_status", "open"), "wanted": ("rupture_status", "repaired")}
CANNOT = "A rupture that is “%(held)s” cannot become “%(wanted)s”."
ALLOWED = (RuptureStatus.IN_REPAIR, RuptureStatus.PARKED)


def test_refused_change_is_said_with_terms_in_the_readers_language(reader):
    refused = TransitionRefused(CANNOT, allowed=ALLOWED, cause="order", terms=TERMS)

    with force_locale("en_GB"):
        assert refusal(refused) == "A rupture that is “Open” cannot become “Repaired”."
        assert refusal_whole(refused).endswith(" Possible now: In repair, Parked.")
    with force_locale("pt_PT"):
        assert refusal(refused) == "Uma rutura “Aberta” não pode passar a “Reparada”."
        assert refusal_whole(refused).endswith(" Possível agora: Em reparação, Suspensa.")
    assert str(refused) == (
        "A rupture that is “open” cannot become “repaired”. Possible now: in_repair, parked."
    )
    assert refused.details == {"allowed": ["in_repair", "parked"], "cause": "order"}


def test_refused_change_in_a_note_says_what_is_possible_in_the_readers_language(reader):
    finding = Finding("ruptures.R-01.status", CANNOT, terms=TERMS, allowed=("in_repair",))

    with force_locale("pt_PT"):
        assert finding_text(finding) == (
            "Uma rutura “Aberta” não pode passar a “Reparada”. Possível agora: Em reparação."
        )


def test_refused_step_of_a_note_is_said_in_the_readers_language(reader):
    with pytest.raises(Conflict) as caught:
        next_status(NoteStatus.SIGNED, step=NoteStep.COSIGN, now=datetime(2026, 11, 20, tzinfo=UTC))

    assert str(caught.value) == "The note is “signed”. Possible now: none."
    with force_locale("pt_PT"):
        assert refusal_whole(caught.value) == "A nota está “Assinada”."


def test_error_without_terms_keeps_its_per_cent_signs(reader):
    assert refusal(Conflict("Half is 50%.")) == "Half is 50%."
    assert refusal(Conflict()) == ""
