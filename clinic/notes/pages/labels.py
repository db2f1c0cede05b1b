"""What the notes' pages call things: terms, fields and states in the reader's words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from babel.numbers import get_decimal_symbol
from flask_babel import format_date, get_locale
from flask_babel import gettext as _

from clinic.foundation.errors import NotFound
from clinic.foundation.texts.localized_dates import clock_text, day_year_text, month_text
from clinic.foundation.wall_clock import local_date
from clinic.notes.pages.course_labels import COURSE_FILTERS
from clinic.notes.rules.selectable_terms import REASON_LISTS
from clinic.practice.rules.instruments import QuestionnaireItem
from clinic.practice.rules.vocabulary import Term
from clinic.practice.vocabularies.forms import group_name
from clinic.practice.vocabularies.terms import vocabulary_of_request


def language() -> str:
    """The reader's language, `en` or `pt`."""
    return str(get_locale() or "en")[:2]


def term_name(code: str | None, vocabulary: str) -> str:
    """The term's label; a code that no vocabulary knows stays as it is."""
    if not code:
        return ""
    try:
        return vocabulary_of_request(vocabulary).term(code).label(language())
    except NotFound:
        return code


def pair_with(code: str, vocabulary: str) -> tuple[str, str]:
    """The code with its label, as choices are given to a form."""
    return code, term_name(code, vocabulary)


def pair_with_name(slot: str, names: Mapping[str, str]) -> tuple[str, str]:
    """Return the partner's slot with their first name, as choices are given to a form."""
    return slot, names.get(slot) or slot


def pair_with_next(status: str, now: str) -> tuple[str, str]:
    """Return the status a rupture may have next with its label; `now` is the status it has."""
    label = term_name(status, "rupture_status")
    return status, label if status != now else str(_("Still %(status)s", status=label.lower()))


def injured_choices(names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the choices of who was hurt by a rupture: each partner, or both."""
    return [*names.items(), ("both", choice_name("both"))]


def answer_choices(item: QuestionnaireItem) -> list[tuple[str, str]]:
    """Return the answers to an item as choices: each number, with its words where it has any."""
    words = dict(item.labels)
    numbers = range(item.lowest, item.highest + 1)
    return [(str(one), f"{one} {words[one]}" if one in words else str(one)) for one in numbers]


def term_hint(code: str, vocabulary: str) -> str:
    """The term's definition."""
    try:
        return vocabulary_of_request(vocabulary).term(code).definition(language())
    except NotFound:
        return ""


def offered(vocabulary: str, *, chosen: Iterable[str | None] = ()) -> list[Term]:
    """The terms a form offers, and retired ones that this record holds already."""
    codes = {code for code in chosen if code is not None}
    return list(vocabulary_of_request(vocabulary).offered(chosen=codes))


def searchable(vocabulary: str) -> list[Term]:
    """Every term, retired ones too: old records hold them."""
    return list(vocabulary_of_request(vocabulary).terms)


def first_names(names: Mapping[str, str]) -> dict[str, str]:
    """The partners by their first names, whole where those are the same, A and B without any."""
    firsts = {slot: (name.split() or [slot])[0] for slot, name in names.items()}
    alike = len(set(firsts.values())) < len(firsts)
    return {slot: names[slot] or slot for slot in names} if alike else firsts


def figure(shown: str | float) -> str:
    """A number of the ledger with the reader's decimal mark: 62.5%, 62,5 %."""
    text = str(shown).replace(".", get_decimal_symbol(get_locale() or "en"))
    return text.replace("%", "\N{NO-BREAK SPACE}%") if language() == "pt" else text


def any_reason(code: str) -> str:
    """A reason out of whichever of the five lists holds it."""
    for vocabulary in REASON_LISTS:
        found = vocabulary_of_request(vocabulary)
        if code in found.codes():
            return found.term(code).label(language())
    return code


def couple_status_name(status: str) -> str:
    """How far a couple is with the clinic."""
    names = {
        "enquiry": _("Enquiry"),
        "intake": _("Intake"),
        "active": _("Active"),
        "paused": _("Paused"),
        "closed": _("Closed"),
    }
    return str(names.get(status, status))


def vocabulary_name(name: str) -> str:
    """What a vocabulary is called."""
    return vocabulary_of_request(name).label(language())


def happened(on: date | None, precision: str) -> str:
    """When something happened, as exactly as it was told: a day, a month, a year, not known."""
    if on is None or precision == "unknown":
        return choice_name("unknown")
    if precision == "year":
        return str(on.year)
    return month_text(on) if precision == "month" else day_year_text(on)


def short_date(on: date) -> str:
    """`31 Mar`, with the year where it is not clear from the place."""
    return str(format_date(on, "d MMM yy"))


def short_moment(at: datetime, zone: str) -> str:
    """`31 Mar 26, 09:10` on the clocks of `zone`: where there is little room, as in a list."""
    return f"{short_date(local_date(at, zone=zone))}, {clock_text(at, zone=zone)}"


def axis_date(on: date) -> str:
    """`31 Mar`, under a chart."""
    return str(format_date(on, "d MMM"))


def note_status_name(status: str) -> str:
    """How far a note has come."""
    names = {
        "none": _("Not begun"),
        "draft": _("Draft"),
        "ready": _("Ready to sign"),
        "signed": _("Signed"),
        "cosign_pending": _("Waits for a co-signature"),
        "cosigned": _("Co-signed"),
    }
    return str(names.get(status, status))


def session_kind_name(kind: str) -> str:
    """What kind of session it was."""
    names = {
        "consultation": _("Consultation"),
        "assessment": _("Assessment"),
        "joint": _("Joint session"),
        "individual_a": _("Session with A alone"),
        "individual_b": _("Session with B alone"),
        "closing": _("Closing session"),
    }
    return str(names.get(kind, kind))


def addendum_kind_name(kind: str) -> str:
    """What an addition to a sealed note is."""
    names = {
        "addendum": _("Addendum"),
        "amendment": _("Amendment"),
        "late_entry": _("Late entry"),
        "entered_in_error": _("Entered in error"),
        "returned": _("Returned for revision"),
    }
    return str(names.get(kind, kind))


def version_kind_name(kind: str) -> str:
    """Why a version was kept."""
    names = {
        "autosave": _("saved by itself"),
        "manual": _("saved"),
        "signed": _("signed"),
        "elsewhere": _("kept beside another text"),
    }
    return str(names.get(kind, kind))


def measure_name(measure: str) -> str:
    """One of the three ratings."""
    names = {
        "felt_safety": _("Felt safety"),
        "defensiveness": _("Defensiveness"),
        "regulation": _("Regulation"),
    }
    return str(names.get(measure, measure))


def rating_heads(head: Sequence[str], names: Mapping[str, str]) -> list[str]:
    """Return the headings of a table of ratings from its codes (`A.felt_safety`)."""
    columns = [(names.get(code[0]) or code[0], measure_name(code[2:])) for code in head[1:]]
    return [str(_("Session")), *(f"{name}, {measure.lower()}" for name, measure in columns)]


def point_name(point: str) -> str:
    """When in or around the session a rating was told."""
    names = {
        "pre": _("Before"),
        "start": _("Start"),
        "peak": _("Peak"),
        "end": _("End"),
        "home": _("At home"),
    }
    return str(names.get(point, point))


def choice_name(code: str) -> str:
    """Codes of fixed sets that are no vocabulary."""
    names = {
        "within_couple": _("Within the couple"),
        "with_therapist": _("With the therapist"),
        "split": _("Split between both"),
        "withdrawal": _("Withdrawal"),
        "confrontation": _("Confrontation"),
        "mixed": _("Mixed"),
        "exact": _("On this day"),
        "month": _("In this month"),
        "year": _("In this year"),
        "unknown": _("Not known"),
        "joint": _("Joint record"),
        "restricted": _("Restricted"),
        "both": _("Both"),
        "none": _("No decision yet"),
        "encourage": _("Encourage disclosure"),
        "facilitate": _("Facilitate disclosure"),
        "withhold": _("Withhold it"),
        "mandated": _("Must be told on (law)"),
    }
    return str(names.get(code, code))


def cycle_field_name(path: str, names: Mapping[str, str] | None = None) -> str:
    """A field of the cycle's map by its path (`parts.A.move` -> Ana: What they do)."""
    called = {
        "trigger": _("What sets it off"),
        "pattern": _("Pattern"),
        "position": _("Position"),
        "move": _("What they do"),
        "perception": _("What they take it to mean"),
        "secondary_emotion": _("Feeling that shows"),
        "primary_emotion": _("Feeling underneath"),
        "need": _("What they long for"),
    }
    head, _dot, rest = path.partition(".")
    slot, _dot, name = rest.partition(".")
    if head != "parts":
        return str(called.get(path, path))
    return f"{(names or {}).get(slot) or slot}: {called.get(name, name)}"


def source_name(source: str) -> str:
    """Who told a rating."""
    names = {"self": _("told by the partner"), "therapist": _("as the therapist judges it")}
    return str(names.get(source, source))


def section_name(heading: str) -> str:
    """The headings of the classical formats."""
    names = {
        "subjective": _("Subjective"),
        "objective": _("Objective"),
        "assessment": _("Assessment"),
        "plan": _("Plan"),
        "data": _("Data"),
        "behaviour": _("Behaviour"),
        "intervention": _("Intervention"),
        "response": _("Response"),
        "goals": _("Goals"),
    }
    return str(names.get(heading, heading))


def event_kind_name(kind: str) -> str:
    """What an event of a rupture's log does, where it is no change of status."""
    names = {
        "reversal": _("Reversed an entry"),
        "merged_into": _("Goes on in"),
        "absorbed": _("Took in"),
        "split_into": _("Split off"),
    }
    return str(names.get(kind, kind))


def field_name(path: str, names: Mapping[str, str] | None = None) -> str:
    """What a field of the note is called, by its path (`responses.A` -> Response of Ana)."""
    head, _dot, rest = path.partition(".")
    who = (names or {}).get(rest.partition(".")[0], rest.partition(".")[0])
    if head in {"attendance", "checkins", "responses"} and rest:
        return f"{_heads()[head]}, {who}"
    if head == "ratings" and rest:
        _partner, _d, point = rest.partition(".")
        point, _d, measure = point.partition(".")
        return ", ".join(x for x in (_heads()[head], who, point_name(point)) if x) + (
            f", {measure_name(measure)}" if measure else ""
        )
    if head == "ruptures" and rest:
        return rest.partition(".")[0]
    return str(_heads().get(head, path))


def _heads() -> dict[str, str]:
    return {
        "attendance": _("Attendance"),
        "safety": _("Safety check"),
        "checkins": _("Said beforehand"),
        "ratings": _("Ratings"),
        "ruptures": _("Open ruptures"),
        "new_ruptures": _("New ruptures"),
        "cycle": _("Cycle observed"),
        "interventions": _("Interventions"),
        "attempts": _("Repair attempts"),
        "responses": _("Response"),
        "goals": _("Goals"),
        "stage": _("Stage"),
        "plan": _("Plan"),
        "exercises": _("Exercises"),
        "free_text": _("Free text"),
        "late_reason": _("Reason for writing late"),
        "content": _("Note"),
    }


FILTERS: dict[str, Callable[..., Any]] = {
    "term_name": term_name,
    "term_hint": term_hint,
    "pair_with": pair_with,
    "pair_with_name": pair_with_name,
    "pair_with_next": pair_with_next,
    "injured_choices": injured_choices,
    "answer_choices": answer_choices,
    "any_reason": any_reason,
    "couple_status": couple_status_name,
    "vocabulary_name": vocabulary_name,
    "happened": happened,
    "short_date": short_date,
    "short_moment": short_moment,
    "axis_date": axis_date,
    "note_status": note_status_name,
    "session_kind": session_kind_name,
    "addendum_kind": addendum_kind_name,
    "version_kind": version_kind_name,
    "measure_name": measure_name,
    "rating_heads": rating_heads,
    "point_name": point_name,
    "choice_name": choice_name,
    "cycle_field": cycle_field_name,
    "source_name": source_name,
    "section_name": section_name,
    "event_kind": event_kind_name,
    "field_name": field_name,
    "group_name": group_name,
    "figure": figure,
    "first_names": first_names,
    **COURSE_FILTERS,
}
"""For templates, by the names they go by there."""
