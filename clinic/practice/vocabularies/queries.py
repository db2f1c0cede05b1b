"""What the pages of the vocabularies show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from clinic.accounts.models import Account
from clinic.foundation.database.transactions import session
from clinic.practice.models import VocabularyTerm
from clinic.practice.rules.custom_terms import is_own
from clinic.practice.rules.vocabulary import Term, Vocabulary, load_vocabulary
from clinic.practice.rules.vocabulary_edit_limits import Limits, limits_of
from clinic.practice.vocabularies.terms import terms_of, vocabulary_of


@dataclass(frozen=True, slots=True)
class VocabularyLine:
    """A vocabulary in the list, and how many of its terms are on offer, retired, the clinic's."""

    vocabulary: Vocabulary
    offered: int
    retired: int
    added: int
    reviewed: int
    is_fixed: bool


@dataclass(frozen=True, slots=True)
class TermLine:
    """A term as its page shows it; `revision` 0 is as it ships."""

    term: Term
    is_own: bool
    is_changed: bool
    retire_refusal: str
    revision: int = 0
    changed_at: datetime | None = None
    changed_by: str = ""


@dataclass(frozen=True, slots=True)
class VocabularyPage:
    """One vocabulary with its terms in order."""

    vocabulary: Vocabulary
    limits: Limits
    lines: tuple[TermLine, ...]


def list_vocabularies(clinic_id: str) -> tuple[VocabularyLine, ...]:
    """Every vocabulary of the clinic, by its name in the files."""
    return tuple(_line(one) for one in terms_of(clinic_id).values())


def vocabulary_page(clinic_id: str, name: str) -> VocabularyPage:
    """One vocabulary of the clinic. Raises `NotFound`."""
    vocabulary = vocabulary_of(clinic_id, name)
    rows = session().scalars(
        select(VocabularyTerm).where(
            VocabularyTerm.clinic_id == clinic_id, VocabularyTerm.vocabulary == name
        )
    )
    kept = {row.code: row for row in rows}
    people = _people(clinic_id)
    limits = limits_of(vocabulary)
    lines = (
        _term_line(term, kept.get(term.code), name, limits, people) for term in vocabulary.terms
    )
    return VocabularyPage(vocabulary, limits, tuple(lines))


def term_line(clinic_id: str, name: str, code: str) -> TermLine:
    """One term with what the clinic did to it. Raises `NotFound`."""
    page = vocabulary_page(clinic_id, name)
    page.vocabulary.term(code)
    return next(one for one in page.lines if one.term.code == code)


def staff_name(clinic_id: str, actor_name: str) -> str:
    """Who the audit log means, for people; what it says where nobody is known by it."""
    return _people(clinic_id).get(actor_name, actor_name)


def _people(clinic_id: str) -> dict[str, str]:
    rows = session().scalars(select(Account).where(Account.clinic_id == clinic_id))
    return {f"account:{row.id}": row.name or "" for row in rows}


def _line(vocabulary: Vocabulary) -> VocabularyLine:
    offered = len(vocabulary.offered())
    return VocabularyLine(
        vocabulary,
        offered=offered,
        retired=len(vocabulary.terms) - offered,
        added=sum(is_own(code) for code in vocabulary.codes()),
        reviewed=sum(term.label_reviewed_by is not None for term in vocabulary.terms),
        is_fixed=not limits_of(vocabulary).may_add,
    )


def _term_line(
    term: Term, row: VocabularyTerm | None, name: str, limits: Limits, people: dict[str, str]
) -> TermLine:
    own = is_own(term.code)
    shipped = None if own else load_vocabulary(name).term(term.code)
    changed = shipped is not None and (term.label_en, term.label_pt) != (
        shipped.label_en,
        shipped.label_pt,
    )
    return TermLine(
        term,
        is_own=own,
        is_changed=changed,
        retire_refusal=limits.retire_refusal(term.code),
        revision=row.revision if row else 0,
        changed_at=row.changed_at if row else None,
        changed_by=people.get(row.changed_by, "") if row else "",
    )
