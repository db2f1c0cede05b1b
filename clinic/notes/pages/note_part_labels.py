"""Parts of a note in the reader's words, where two texts of it stand side by side.

Which field it is stands above it already; said here is what was chosen and typed in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from flask_babel import gettext as _

from clinic.foundation.texts.localized_dates import day_year_text
from clinic.notes.ledger.ledger_figures import NOTHING_TO_SHOW
from clinic.notes.pages.labels import any_reason, choice_name, happened, measure_name, term_name
from clinic.notes.rules.clinical_checks import RATINGS
from clinic.notes.rules.note_content import (
    Attempt,
    Attendance,
    CycleSeen,
    Intervention,
    NewRupture,
    Rating,
    RuptureEntry,
    SafetyCheck,
)
from clinic.notes.rules.version_diff import FieldChange, Piece
from clinic.notes.signing.signed_flags import RAISED_APART

Names = Mapping[str, str]
_LISTED = {"exercises": "exercise"}
"""Parts that are lists of codes, with the vocabulary of each."""
_CODED = {
    ("attendance", "code"): "attendance",
    ("safety", "result"): "safety_check",
    ("cycle", "pattern"): "cycle_pattern",
    ("interventions", "code"): "intervention",
    ("attempts", "acts"): "repair_act",
    ("attempts", "receipt"): "receipt",
    ("ruptures", "status"): "rupture_status",
    ("new_ruptures", "types"): "rupture_type",
    ("new_ruptures", "status"): "rupture_status",
    ("exercises", ""): "exercise",
}
"""Fields that hold a code, with the vocabulary of each."""
_CHOSEN = frozenset({"level", "nature", "precision", "visibility"})
_DAYS = frozenset({"review_on", "happened_on", "occurred_on"})
_ANSWERED = frozenset(
    {"worked_on", "confirmed_a", "confirmed_b", "facilitated", "ongoing", "attachment_injury"}
)


def shown_part(value: Any, part: str, names: Names) -> str:
    """What `value` says as the part of a note called `part`; a dash where it says nothing."""
    if part in _LISTED:
        return _lines(term_name(code, _LISTED[part]) for code in value or ())
    if part.startswith(("checkins.", "responses.")):
        return _lines([value[1] if value else ""])
    rows = value if isinstance(value, tuple) else (value,)
    return _lines(_as_text(one, names) for one in rows)


def difference_pieces(change: FieldChange, names: Names) -> tuple[Piece, ...]:
    """What differs in one field of two versions: words as runs, what was chosen as a whole."""
    words = [_leaf(change.path, text, names) for text in (change.before, change.after)]
    if words == [change.before, change.after]:
        return change.pieces
    before, after = words
    sides = [("before", before), ("same", " " if before and after else ""), ("after", after)]
    return tuple(Piece(kind, text) for kind, text in sides if text)


def _leaf(path: str, text: str, names: Names) -> str:
    """One value as it is kept; what was typed stays as it is."""
    head, *inside = [one for one in path.split(".") if not one.isdigit()]
    last = inside[-1] if inside else ""
    if (head, last) in _CODED and text:
        return term_name(text, _CODED[head, last])
    if last == "reason" and head == "ruptures" and text:
        return any_reason(text)
    if last in _DAYS and text:
        return day_year_text(date.fromisoformat(text))
    if last in _CHOSEN:
        return choice_name(text)
    if last in {"by", "injured", "rupture"}:
        return _ref(text) if last == "rupture" else _who(text, names)
    return _yes_no(text == "true") if last in _ANSWERED and text else text


def _as_text(value: Any, names: Names) -> str:
    words = _WORDS.get(type(value))
    return str(value or "") if words is None else " · ".join(x for x in words(value, names) if x)


def _lines(texts: Iterable[str]) -> str:
    return "\n".join(text for text in texts if text) or NOTHING_TO_SHOW


def _attendance(one: Attendance, _names: Names) -> list[str]:
    return [term_name(one.code, "attendance"), one.text]


def _safety(one: SafetyCheck, _names: Names) -> list[str]:
    return [
        term_name(one.result, "safety_check"),
        one.text,
        "" if one.level is None else _("level %(level)s of 3", level=one.level),
        _("What is done: %(action)s", action=one.action) if one.action else "",
        _("to be looked at again by %(day)s", day=day_year_text(one.review_on))
        if one.review_on
        else "",
    ]


def _rating(one: Rating, _names: Names) -> list[str]:
    values = [(measure_name(name), getattr(one, name)) for name in RATINGS]
    return [f"{name} {value}" for name, value in values if value is not None]


def _entry(one: RuptureEntry, names: Names) -> list[str]:
    says = {"A": one.confirmed_a, "B": one.confirmed_b}
    return [
        term_name(one.status, "rupture_status"),
        any_reason(one.reason) if one.reason else "",
        one.reason_text,
        *(
            f"{_('%(name)s says it is repaired', name=_who(slot, names))}: {_yes_no(answer)}"
            for slot, answer in says.items()
            if answer is not None
        ),
        "" if one.worked_on is None else f"{_('Worked on today')}: {_yes_no(one.worked_on)}",
        *(
            f"{_('Intensity')}, {_who(slot, names)}: {answer}"
            for slot, answer in (("A", one.intensity_a), ("B", one.intensity_b))
            if answer is not None
        ),
        one.note,
    ]


def _new_rupture(one: NewRupture, names: Names) -> list[str]:
    return [
        one.title,
        ", ".join(term_name(code, "rupture_type") for code in one.types),
        ""
        if one.significance is None
        else _("significance %(number)s of 5", number=one.significance),
        f"{_('Who was hurt')}: {_who(one.injured, names)}",
        term_name(one.status, "rupture_status"),
        choice_name(one.level),
        choice_name(one.nature) if one.nature else "",
        happened(one.occurred_on, one.precision) if one.occurred_on else "",
        choice_name(one.visibility) if one.visibility != "joint" else "",
        _("Still going on") if one.ongoing else "",
        _("Attachment injury") if one.attachment_injury else "",
    ]


def _cycle(one: CycleSeen, names: Names) -> list[str]:
    moves = [f"{_who(slot, names)}: {text}" for slot, text in one.moves]
    return [term_name(one.pattern, "cycle_pattern"), one.text, *moves]


def _intervention(one: Intervention, _names: Names) -> list[str]:
    name = term_name(one.code, "intervention")
    return [f"{name}: {one.text}" if one.text else name]


def _attempt(one: Attempt, names: Names) -> list[str]:
    acts = ", ".join(term_name(code, "repair_act") for code in one.acts)
    before, after = (
        NOTHING_TO_SHOW if answer is None else answer
        for answer in (one.felt_safety_before, one.felt_safety_after)
    )
    is_rated = (one.felt_safety_before, one.felt_safety_after) != (None, None)
    at_home = one.happened_on and _("at home, %(day)s", day=day_year_text(one.happened_on))
    return [
        ": ".join(x for x in (_who(one.by, names), acts) if x),
        term_name(one.receipt, "receipt"),
        _ref(one.rupture),
        at_home or "",
        _("felt safety %(before)s → %(after)s", before=before, after=after) if is_rated else "",
        _("helped along") if one.facilitated else "",
    ]


def _who(slot: str, names: Names) -> str:
    return choice_name("both") if slot == "both" else names.get(slot) or slot


def _ref(rupture: str | None) -> str:
    """A rupture by its ref; one that is named in this note has a key only, which says nothing."""
    if rupture and not rupture.startswith("R-"):
        return str(_("The new rupture"))
    return rupture or ""


def flag_about(about: str) -> str:
    """A safety flag's concern; the product's own sentence in the reader's language."""
    return str(_(RAISED_APART)) if about == RAISED_APART else about


def _yes_no(answer: object) -> str:
    return str(_("yes") if answer is True else _("no"))


_WORDS: dict[type, Callable[[Any, Names], list[str]]] = {
    Attendance: _attendance,
    SafetyCheck: _safety,
    Rating: _rating,
    RuptureEntry: _entry,
    NewRupture: _new_rupture,
    CycleSeen: _cycle,
    Intervention: _intervention,
    Attempt: _attempt,
}

PART_FILTERS: dict[str, Callable[..., Any]] = {
    "shown_part": shown_part,
    "told_pieces": difference_pieces,
    "flag_about": flag_about,
}
"""For templates, by the names they go by there."""
