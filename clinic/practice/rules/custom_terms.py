"""The clinic's own words laid over those that ship: labels changed, terms added, terms retired.

Pure. What the clinic keeps is only what differs: a text that it did not change is None and follows
the product. Nothing that ships can vanish, and a code is never used for a second meaning.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from clinic.foundation.messages import Problems, message
from clinic.practice.rules.edit_commands import TermDetails
from clinic.practice.rules.practice_rules import name_problems, number_problems, text_problems
from clinic.practice.rules.vocabulary import Term, Vocabulary
from clinic.practice.rules.vocabulary_edit_limits import limits_of
from clinic.practice.rules.vocabulary_file_check import TERM_TEXTS

Terms = Mapping[str, Vocabulary]
"""A clinic's vocabularies by name, every one that ships."""

OWN = "own_"
"""Codes of added terms begin with it and those that ship never do: an update of the product cannot
give a clinic's code another meaning."""
LONGEST_CODE, LONGEST_DEFINITION, LARGEST_SORT = 64, 600, 9_999
_NOT_IN_A_CODE = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class TermChange:
    """What a clinic keeps of one term; None is as it ships. An added term has all its texts."""

    vocabulary: str
    code: str
    label_en: str | None = None
    label_pt: str | None = None
    definition_en: str | None = None
    definition_pt: str | None = None
    sort: int | None = None
    label_reviewed_by: str | None = None
    group: str | None = None
    active: bool | None = None
    retired_at: datetime | None = None


def is_own(code: str) -> bool:
    """Whether the clinic added the term with this code."""
    return code.startswith(OWN)


def lay_over(shipped: Vocabulary, changes: Iterable[TermChange]) -> Vocabulary:
    """The vocabulary as it is in the clinic that made these changes, in whatever order."""
    laid = shipped
    for change in sorted(changes, key=lambda one: one.code):
        known = {term.code: term for term in laid.terms}
        if change.vocabulary != shipped.name:
            continue
        if change.code in known:
            laid = laid.with_term(replace(known[change.code], **_changed_values(change)))
        elif is_own(change.code):
            laid = laid.with_term(added_term(change))
    return laid


def added_term(change: TermChange) -> Term:
    """A term that the clinic made; what it does not say is empty."""
    return Term(
        code=change.code,
        label_en=change.label_en or change.code,
        label_pt=change.label_pt or change.label_en or change.code,
        definition_en=change.definition_en or "",
        definition_pt=change.definition_pt or "",
        source=("P",),
        active=change.active is not False,
        sort=change.sort or 0,
        label_reviewed_by=change.label_reviewed_by,
        retired_at=change.retired_at,
        group=change.group,
    )


def changed_texts(details: TermDetails, shipped: Term | None) -> TermDetails:
    """The details with None for every text that is as it ships; all of an added term's."""
    if shipped is None:
        return details
    kept = {
        name: None if getattr(details, name) == getattr(shipped, name) else getattr(details, name)
        for name in (*TERM_TEXTS, "sort")
    }
    return replace(details, **kept, group=None)


def new_code(label_en: str, *, used: Collection[str]) -> str:
    """A code for a new term out of its English label: `own_wrote_a_letter`, `…_2` when used."""
    plain = unicodedata.normalize("NFKD", label_en).encode("ascii", "ignore").decode().lower()
    stem = _NOT_IN_A_CODE.sub("_", plain).strip("_")[: LONGEST_CODE - len(OWN) - 6] or "term"
    stem = OWN + stem.rstrip("_")
    code, number = stem, 1
    while code in used:
        number += 1
        code = f"{stem}_{number}"
    return code


def all_codes(terms: Terms) -> frozenset[str]:
    """Every code of every vocabulary: a new one is like none of them, so that one code in a search
    or among reasons means one thing.
    """
    return frozenset(code for vocabulary in terms.values() for code in vocabulary.codes())


def details_of(term: Term) -> TermDetails:
    """A term as its form edits it."""
    return TermDetails(
        label_en=term.label_en,
        label_pt=term.label_pt,
        definition_en=term.definition_en,
        definition_pt=term.definition_pt,
        sort=term.sort,
        label_reviewed_by=term.label_reviewed_by,
        group=term.group,
    )


def term_problems(details: TermDetails, *, vocabulary: Vocabulary, code: str | None) -> Problems:
    """What is wrong with the details of a term; `code` is None for one that is to be added."""
    found: Problems = {}
    for name in ("label_en", "label_pt"):
        label = getattr(details, name) or ""
        twin = _twin(vocabulary, name, label, code)
        _add(found, name, name_problems(label) or ([_same(twin)] if twin else []))
    for name in ("definition_en", "definition_pt"):
        text = getattr(details, name) or ""
        missing = [] if text.strip() else [message("Say in a sentence what it means.")]
        _add(found, name, missing or text_problems(text, longest=LONGEST_DEFINITION, lines=True))
    if details.sort is None:
        _add(found, "sort", [message("Please write a whole number.")])
    else:
        _add(found, "sort", number_problems(details.sort, 0, LARGEST_SORT))
    _add(found, "label_reviewed_by", text_problems(details.label_reviewed_by or "", longest=120))
    if details.group is not None and details.group not in vocabulary.groups():
        _add(found, "group", [message("One of these is not on offer. Please choose again.")])
    if code is None and not limits_of(vocabulary).may_add:
        _add(found, "", [message("This list is fixed: its words can be changed, not its terms.")])
    return found


def differing(mine: TermDetails, theirs: TermDetails) -> tuple[str, ...]:
    """The fields in which two texts of one term differ."""
    names = [one.name for one in fields(TermDetails)]
    return tuple(name for name in names if getattr(mine, name) != getattr(theirs, name))


def _changed_values(change: TermChange) -> dict[str, Any]:
    """What a change says of a term that ships; its group and source stay the product's."""
    names: tuple[str, ...] = (*TERM_TEXTS, "sort", "label_reviewed_by", "active", "retired_at")
    if is_own(change.code):
        names = (*names, "group")
    found = {name: getattr(change, name) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _twin(vocabulary: Vocabulary, name: str, label: str, code: str | None) -> Term | None:
    wanted = label.strip().casefold()
    others = (term for term in vocabulary.terms if term.code != code)
    return next((one for one in others if getattr(one, name).casefold() == wanted), None)


def _same(twin: Term) -> str:
    if twin.active:
        return message("Another term of this list is called so already.")
    return message("A retired term of this list is called so. You can take it up again instead.")


def _add(found: Problems, path: str, sentences: Iterable[str]) -> None:
    if new := list(sentences):
        found.setdefault(path, []).extend(new)
