"""Which terms may be chosen in a record: those on offer, and retired ones that it holds. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from clinic.foundation.errors import N_
from clinic.notes.rules.note_content import NoteContent
from clinic.practice.rules.custom_terms import Terms, all_codes
from clinic.practice.rules.vocabulary import Term, load_all

Problem = tuple[str, str]
UNKNOWN = N_("Choose one from the list.")
RETIRED = N_("This is no longer offered. Choose another one from the list.")

REASONS: Mapping[str, str] = {
    "in_repair": "repair_reason",
    "reopened": "reopen_reason",
    "parked": "park_reason",
    "closed_unrepaired": "close_reason",
}
"""The vocabulary of the reasons for each status that has one."""
REASON_LISTS = (*REASONS.values(), "reversal_reason")


@dataclass(frozen=True, slots=True)
class Choosable:
    """The clinic's vocabularies, and the retired codes that this record held before."""

    terms: Terms = field(default_factory=load_all)
    kept: frozenset[str] = frozenset()

    def problems(self, place: str, codes: Iterable[str | None], *names: str) -> list[Problem]:
        """What is wrong with codes out of one of these vocabularies; None is no code."""
        found = [self._problem(code, names) for code in codes if code is not None]
        return [(place, said) for said in dict.fromkeys(found) if said]

    def _problem(self, code: str, names: tuple[str, ...]) -> str:
        terms = list(_with_code(self.terms, code, names))
        if not terms:
            return UNKNOWN
        return "" if code in self.kept or any(term.active for term in terms) else RETIRED


def every_term(terms: Terms) -> Choosable:
    """Every term, retired or not: for a record that was written elsewhere or long ago."""
    return Choosable(terms, all_codes(terms))


def coded(content: NoteContent) -> Iterator[tuple[str, tuple[str | None, ...], tuple[str, ...]]]:
    """Every code in a note: its field's path, the codes there, and what they are out of."""
    c = content
    for one in c.attendance:
        yield f"attendance.{one.partner}", (one.code,), ("attendance",)
    yield "safety.result", (c.safety.result,), ("safety_check",)
    yield "cycle.pattern", (c.cycle.pattern,), ("cycle_pattern",)
    for at, done in enumerate(c.interventions):
        yield f"interventions.{at}.code", (done.code,), ("intervention",)
    for at, attempt in enumerate(c.attempts):
        yield f"attempts.{at}.acts", attempt.acts, ("repair_act",)
        yield f"attempts.{at}.receipt", (attempt.receipt,), ("receipt",)
    for entry in c.ruptures:
        yield f"ruptures.{entry.ref}.status", (entry.status,), ("rupture_status",)
        yield f"ruptures.{entry.ref}.reason", (entry.reason,), REASON_LISTS
    for at, new in enumerate(c.new_ruptures):
        yield f"new_ruptures.{at}.types", new.types, ("rupture_type",)
    yield "exercises", c.exercises, ("exercise",)


def retired_in(content: NoteContent, terms: Terms) -> dict[str, datetime]:
    """The retired terms that a note holds, with when they ceased to be offered."""
    found: dict[str, datetime] = {}
    for _place, codes, names in coded(content):
        for code in codes:
            for term in _with_code(terms, code or "", names):
                if not term.active and term.retired_at is not None:
                    found[term.code] = term.retired_at
    return found


def _with_code(terms: Terms, code: str, names: Iterable[str]) -> Iterator[Term]:
    for name in names:
        yield from (term for term in terms[name].terms if term.code == code)
