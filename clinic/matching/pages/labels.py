"""The rules' codes in the reader's words."""

from __future__ import annotations

from datetime import datetime

from flask_babel import get_locale
from flask_babel import gettext as _

from clinic.booking.display import format_name
from clinic.foundation.texts.localized_dates import day_and_clock_text
from clinic.matching.rules.reasons import Reason
from clinic.practice.vocabularies.terms import vocabulary_of_request


def label(vocabulary: str, code: str) -> str:
    """A term's label in the reader's language."""
    for term in vocabulary_of_request(vocabulary).terms:
        if term.code == code:
            return term.label(str(get_locale()))
    return code


def reason_text(reason: Reason, *, zone: str) -> str:
    """One reason, or the gap, as a sentence."""
    known = dict(reason.params)
    need = label("need", known.get("need", ""))
    modality = label("modality", known.get("modality", ""))
    at = ""
    if "at" in known:
        at = day_and_clock_text(datetime.fromisoformat(known["at"]), zone=zone)
    language = _language(known.get("language", ""))
    format_ = format_name(known["format"]) if "format" in known else ""
    texts = {
        "works_with_need": _("Works with this: %(need)s", need=need),
        "offers_modality": _("Offers %(modality)s", modality=modality),
        "language_both_chose": _("Sessions in %(language)s", language=language),
        "language_works_for_both": _("Sessions in %(language)s", language=language),
        "first_joint_time": _("First free time: %(at)s", at=at),
        "format_both_chose": _("%(format)s, as you chose", format=format_),
        "format_works_for_both": format_,
        "preference_met": _("Fits what you asked for"),
        "no_time_in_your_windows": _("No free time is open just now"),
        "no_stated_specialism": _("Does not name this as a main field: %(need)s", need=need),
        "modality_not_offered": _("Does not offer %(modality)s", modality=modality),
        "first_time_is_far": _("The first free time is some way off: %(at)s", at=at),
        "language_shared_not_first_choice_of_both": _("Not in the language of this page"),
        "format_shared_not_first_choice_of_both": _("Not in the form you put first"),
        "other_need_not_stated": _("Does not name this as a main field: %(need)s", need=need),
        "known_from_the_profile_only": _("We know this from the therapist's own profile only"),
    }
    return str(texts.get(reason.code, reason.code))


def filter_text(name: str) -> str:
    """Why a therapist is not offered, as far as a visitor may know."""
    texts = {
        "does_not_take_couples": _("Does not offer this kind of appointment"),
        "closed_to_new_couples": _("Takes nobody new just now"),
        "no_shared_language": _("Does not work in the language you chose"),
        "no_shared_format": _("Does not work in the form you chose"),
        "not_licensed_here": _("May not practise where you live"),
    }
    return str(texts.get(name, _("Not available just now")))


def _language(code: str) -> str:
    """A language's name within a sentence: `English`, but `inglês`."""
    locale = get_locale()
    return str(locale.languages.get(code, code)) if locale else code
