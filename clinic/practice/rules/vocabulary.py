"""The clinic's vocabularies: what ruptures, signs, acts and the rest may be called.

The terms that ship are data, one file a vocabulary in `practice/vocabularies/shipped/`, read once
and checked whole. A clinic may change labels, add terms and retire terms (`custom_terms.py`); a
code that was ever used is never deleted, because records point to it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from clinic.foundation.errors import ClinicError, NotFound
from clinic.practice.rules.vocabulary_file_check import problems_in

_PACKAGE = "clinic.practice.vocabularies"
_FOLDER = "shipped"


def _no_params() -> Mapping[str, Any]:
    return MappingProxyType({})


class VocabularyBroken(ClinicError):
    """A vocabulary cannot be used as it stands; `problems` lists everything that is wrong."""

    code = "vocabulary-broken"

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


class UnknownTerm(NotFound):
    """The vocabulary has no such term, active or retired."""

    code = "unknown-term"


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a vocabulary. `source` says where it comes from: S1, S2, S3, X or P.

    `label_reviewed_by` stays None until a native clinician has read the Portuguese label.
    `retired_at` is when a clinic stopped to offer it: records from before then keep it.
    `params` carries numbers and codes that belong to the term (the limits of an exercise).
    """

    code: str
    label_en: str
    label_pt: str
    definition_en: str
    definition_pt: str
    source: tuple[str, ...]
    active: bool
    sort: int
    label_reviewed_by: str | None = None
    retired_at: datetime | None = None
    needs_text: bool = False
    group: str | None = None
    valence: str | None = None
    params: Mapping[str, Any] = field(default_factory=_no_params, hash=False)

    def label(self, locale: str) -> str:
        """The label in `locale` (`pt`, `pt_PT`, ...), English for any other."""
        return self.label_pt if locale.lower().startswith("pt") else self.label_en

    def definition(self, locale: str) -> str:
        """The definition in `locale`, English for any language but Portuguese."""
        return self.definition_pt if locale.lower().startswith("pt") else self.definition_en


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A named, ordered set of terms; `section` is its place in the domain document."""

    name: str
    label_en: str
    label_pt: str
    section: str
    terms: tuple[Term, ...]
    has_other: bool = True

    def label(self, locale: str) -> str:
        """The vocabulary's own name for people."""
        return self.label_pt if locale.lower().startswith("pt") else self.label_en

    def codes(self) -> tuple[str, ...]:
        """All codes, retired ones included, in order."""
        return tuple(term.code for term in self.terms)

    def term(self, code: str) -> Term:
        """The term with `code`, retired or not, because old records keep theirs."""
        for term in self.terms:
            if term.code == code:
                return term
        raise UnknownTerm(f"“{code}” is not a term of {self.name}.")

    def retire(self, code: str) -> Vocabulary:
        """This vocabulary with `code` no longer offered."""
        return self.with_term(replace(self.term(code), active=False))

    def with_term(self, term: Term) -> Vocabulary:
        """This vocabulary with `term` added, or put in place of the one with its code."""
        others = [known for known in self.terms if known.code != term.code]
        return replace(self, terms=tuple(sorted([*others, term], key=_place)))

    def groups(self) -> tuple[str, ...]:
        """The groups that its terms stand in, in order."""
        return tuple(dict.fromkeys(term.group for term in self.terms if term.group))

    def offered(self, *, chosen: Collection[str] = ()) -> tuple[Term, ...]:
        """The terms a form offers for a record that holds `chosen` already, retired or not."""
        return tuple(term for term in self.terms if term.active or term.code in chosen)


def _place(term: Term) -> tuple[bool, int, str]:
    """Where a term stands among the others: "other" is always the last."""
    return term.code == "other", term.sort, term.code


def parse_vocabulary(text: str, *, name: str) -> Vocabulary:
    """Read one vocabulary from JSON text, or raise `VocabularyBroken` with every problem."""
    try:
        raw = json.loads(text)
    except json.JSONDecodeError as broken:
        raise VocabularyBroken([f"{name}: not JSON: {broken}"]) from broken
    problems = problems_in(raw, name=name)
    if problems:
        raise VocabularyBroken(problems)
    return _vocabulary(raw)


def vocabulary_names() -> tuple[str, ...]:
    """The names of the vocabularies that ship, in alphabetical order."""
    folder = files(_PACKAGE).joinpath(_FOLDER)
    return tuple(
        sorted(
            entry.name.removesuffix(".json")
            for entry in folder.iterdir()
            if entry.name.endswith(".json")
        )
    )


@cache
def load_vocabulary(name: str) -> Vocabulary:
    """The vocabulary that ships under `name`."""
    if name not in vocabulary_names():
        raise NotFound(f"There is no vocabulary called “{name}”.", code="unknown-vocabulary")
    path = files(_PACKAGE).joinpath(_FOLDER).joinpath(f"{name}.json")
    return parse_vocabulary(path.read_text(encoding="utf-8"), name=name)


@cache
def load_all() -> Mapping[str, Vocabulary]:
    """Every vocabulary that ships, by name; all problems of all files are told at once."""
    loaded: dict[str, Vocabulary] = {}
    problems: list[str] = []
    for name in vocabulary_names():
        try:
            loaded[name] = load_vocabulary(name)
        except VocabularyBroken as broken:
            problems += broken.problems
    problems += need_problems(loaded)
    if problems:
        raise VocabularyBroken(problems)
    return MappingProxyType(loaded)


def need_problems(vocabularies: Mapping[str, Vocabulary]) -> list[str]:
    """Needs that point to a code or a modality that no vocabulary knows."""
    if "need" not in vocabularies or "modality" not in vocabularies:
        return []
    known = {code for vocabulary in vocabularies.values() for code in vocabulary.codes()}
    modalities = set(vocabularies["modality"].codes())
    found = []
    for term in vocabularies["need"].terms:
        pointed = [*term.params.get("codes", ())]
        found += [f"need ({term.code}): no term {code!r}" for code in pointed if code not in known]
        named = (term.params.get("modality_first"), term.params.get("modality_also"))
        found += [
            f"need ({term.code}): no modality {code!r}"
            for code in named
            if code is not None and code not in modalities
        ]
    return found


def _vocabulary(raw: Mapping[str, Any]) -> Vocabulary:
    return Vocabulary(
        name=raw["name"],
        label_en=raw["label_en"],
        label_pt=raw["label_pt"],
        section=raw.get("section", ""),
        terms=tuple(_term(term) for term in raw["terms"]),
        has_other=raw.get("has_other", True),
    )


def _term(raw: Mapping[str, Any]) -> Term:
    return Term(
        code=raw["code"],
        label_en=raw["label_en"],
        label_pt=raw["label_pt"],
        definition_en=raw["definition_en"],
        definition_pt=raw["definition_pt"],
        source=tuple(raw["source"]),
        active=raw["active"],
        sort=raw["sort"],
        label_reviewed_by=raw.get("label_reviewed_by"),
        needs_text=raw.get("needs_text", False),
        group=raw.get("group"),
        valence=raw.get("valence"),
        params=_frozen(raw.get("params", {})),
    )


def _frozen(params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Lists become tuples and the mapping read-only: a term is a value."""
    return MappingProxyType(
        {key: tuple(value) if isinstance(value, list) else value for key, value in params.items()}
    )
