"""The terms that a record needs to be understood elsewhere, and whether they are here. Pure.

Terms that ship are the same everywhere. One that a clinic added goes with the record: where its
code is unknown it is learned, where the same code is called otherwise the file is not taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from clinic.notes.record_file.document import CoupleRecord, TermPart
from clinic.notes.rules.json_values import to_plain
from clinic.notes.rules.selectable_terms import Problem
from clinic.practice.rules.custom_terms import (
    OWN,
    TermChange,
    Terms,
    all_codes,
    details_of,
    is_own,
    lay_over,
)
from clinic.practice.rules.custom_terms import term_problems as words_problems
from clinic.practice.rules.vocabulary import Term, Vocabulary
from clinic.practice.rules.vocabulary_edit_limits import limits_of

LEARNED_SORT = 900
"""Behind the terms that a clinic has ordered itself."""
_CODE = re.compile(OWN + r"[a-z0-9_]{1,60}")


def used_terms(record: CoupleRecord, terms: Terms) -> tuple[TermPart, ...]:
    """The added terms whose codes stand in the record, in their one order."""
    added = [
        (name, term)
        for name, vocabulary in terms.items()
        for term in vocabulary.terms
        if is_own(term.code)
    ]
    there = _own_codes(record) if added else frozenset()
    found = [_part(name, term) for name, term in added if term.code in there]
    return tuple(sorted(found, key=lambda one: (one.vocabulary, one.code)))


def terms_with(record: CoupleRecord, terms: Terms) -> Terms:
    """The terms known here and those that the record tells of."""
    changes = new_terms(record, terms)
    return {name: lay_over(one, changes) for name, one in terms.items()}


def new_terms(record: CoupleRecord, terms: Terms) -> list[TermChange]:
    """What the record tells of and is not known here."""
    known = all_codes(terms)
    return [
        TermChange(
            vocabulary=one.vocabulary,
            code=one.code,
            label_en=one.label_en,
            label_pt=one.label_pt,
            definition_en=one.definition_en,
            definition_pt=one.definition_pt,
            group=one.group,
            sort=LEARNED_SORT,
        )
        for one in record.terms
        if one.code not in known
    ]


def term_problems(record: CoupleRecord, terms: Terms) -> Iterator[Problem]:
    """What is wrong with the terms that the record tells of, each with its place."""
    seen: set[str] = set()
    there = _own_codes(record) if record.terms else frozenset()
    for at, part in enumerate(record.terms):
        place = f"terms[{at}]"
        if part.vocabulary not in terms or not limits_of(terms[part.vocabulary]).may_add:
            yield f"{place}.vocabulary", "This vocabulary takes no terms of a clinic's own."
        elif not _CODE.fullmatch(part.code):
            yield f"{place}.code", f"The code of an added term begins with {OWN}."
        elif part.code in seen:
            yield f"{place}.code", "This is there twice."
        elif part.code not in there:
            yield f"{place}.code", "Nothing in the record uses this term."
        else:
            yield from _meaning_problems(part, place, terms)
        seen.add(part.code)


def _meaning_problems(part: TermPart, place: str, terms: Terms) -> Iterator[Problem]:
    known = {(name, term.code): term for name, one in terms.items() for term in one.terms}
    here = known.get((part.vocabulary, part.code))
    if here is not None:
        for name in ("label_en", "label_pt"):
            if getattr(here, name) != getattr(part, name):
                yield f"{place}.{name}", f"Here {part.code} is called “{getattr(here, name)}”."
        return
    if part.code in all_codes(terms):
        yield f"{place}.code", "Here this code belongs to another vocabulary."
    details = details_of(_term(part))
    nameless = _without_names(terms[part.vocabulary])
    for path, said in words_problems(details, vocabulary=nameless, code=part.code).items():
        yield from ((f"{place}.{path}", str(one)) for one in said)


def _without_names(vocabulary: Vocabulary) -> Vocabulary:
    """What is only learned may be called as another term is here already."""
    nameless = (replace(one, label_en="", label_pt="") for one in vocabulary.terms)
    return replace(vocabulary, terms=tuple(nameless))


def _term(part: TermPart) -> Term:
    return Term(
        part.code,
        part.label_en,
        part.label_pt,
        part.definition_en,
        part.definition_pt,
        ("P",),
        active=False,
        sort=LEARNED_SORT,
        group=part.group,
    )


def _part(vocabulary: str, term: Term) -> TermPart:
    return TermPart(
        vocabulary=vocabulary,
        code=term.code,
        label_en=term.label_en,
        label_pt=term.label_pt,
        definition_en=term.definition_en,
        definition_pt=term.definition_pt,
        group=term.group,
    )


def _own_codes(record: CoupleRecord) -> frozenset[str]:
    """The texts of a record that may be codes of added terms; what it tells of them aside."""
    return frozenset(_texts(to_plain(replace(record, terms=()))))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, str) and is_own(value):
        yield value
