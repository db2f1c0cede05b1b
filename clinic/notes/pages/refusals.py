"""What is refused, and what is missing, in the reader's words: with terms by their labels."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext as _

from clinic.foundation.errors import ClinicError
from clinic.notes.pages.labels import note_status_name, term_name
from clinic.notes.rules.note_checks import Finding, places_of
from clinic.notes.rules.rupture_lifecycle import TransitionRefused
from clinic.notes.rules.sealing import StepRefused


def finding_text(finding: Finding) -> str:
    """A finding's sentence, with what is possible instead."""
    places = places_of(finding) | _terms(finding.terms)
    text = str(_(finding.message)) % places if places else str(_(finding.message))
    return _with_possible(text, [term_name(code, "rupture_status") for code in finding.allowed])


def refusal(error: ClinicError) -> str:
    """What an error says, its terms by their labels; without what is possible instead."""
    text = str(_(error.message)) if error.message else ""
    return text % _terms(error.terms) if error.terms else text


def refusal_whole(error: ClinicError) -> str:
    """What an error says, with what is possible instead."""
    return _with_possible(refusal(error), possible_instead(error))


def possible_instead(error: ClinicError) -> list[str]:
    """The changes of a rupture, or steps of a note, that are possible where one is refused."""
    if isinstance(error, TransitionRefused):
        return [term_name(to.value, "rupture_status") for to in error.allowed]
    return (
        [note_step_name(step) for step in error.allowed] if isinstance(error, StepRefused) else []
    )


def _with_possible(text: str, names: list[str]) -> str:
    if not names:
        return text
    return f"{text} " + str(_("Possible now: %(names)s.", names=", ".join(names)))


def _terms(terms: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    return {
        place: note_status_name(code)
        if vocabulary == "note_status"
        else term_name(code, vocabulary)
        for place, (vocabulary, code) in terms.items()
    }


def note_step_name(step: str) -> str:
    """What can be done with a note."""
    names = {
        "mark_ready": _("Mark it ready to sign"),
        "back_to_draft": _("Go on writing"),
        "sign": _("Sign"),
        "sign_for_cosign": _("Sign, and ask for a co-signature"),
        "recall": _("Take the signature back"),
        "cosign": _("Co-sign"),
    }
    return str(names.get(step, step))
