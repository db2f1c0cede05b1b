"""The vocabularies as they are in one clinic: those that ship with its own words laid over them.

They are kept in the process under the clinic's `vocabulary_revision`, a random word that every
change renews and that is read with the clinic's row: no worker answers with old words, and a
change that was rolled back leaves nothing behind.
"""

from __future__ import annotations

from types import MappingProxyType

from flask import g, has_app_context
from sqlalchemy import select

from clinic.foundation.database.transactions import session
from clinic.foundation.errors import NotFound
from clinic.practice.models import Clinic, VocabularyTerm
from clinic.practice.rules.custom_terms import TermChange, Terms, lay_over
from clinic.practice.rules.vocabulary import Vocabulary, load_all

_kept: dict[str, tuple[str, Terms]] = {}
"""By clinic: the revision and what holds at it."""


def terms_of(clinic_id: str) -> Terms:
    """Every vocabulary of a clinic, by name."""
    clinic = session().get(Clinic, clinic_id)
    if clinic is None or not clinic.vocabulary_revision:
        return load_all()
    revision, terms = _kept.get(clinic_id, ("", load_all()))
    if revision != clinic.vocabulary_revision:
        revision = clinic.vocabulary_revision
        terms = _laid_over(clinic_id)
        _kept[clinic_id] = (revision, terms)
    return terms


def vocabulary_of(clinic_id: str, name: str) -> Vocabulary:
    """One vocabulary of a clinic. Raises `NotFound`."""
    return _named(terms_of(clinic_id), name)


def vocabulary_of_request(name: str) -> Vocabulary:
    """A vocabulary of the clinic that this request is for; as it ships where there is none."""
    clinic_id = g.get("clinic_id") if has_app_context() else None
    return _named(terms_of(clinic_id) if clinic_id else load_all(), name)


def _named(terms: Terms, name: str) -> Vocabulary:
    if name not in terms:
        raise NotFound(f"There is no vocabulary called “{name}”.", code="unknown-vocabulary")
    return terms[name]


def _laid_over(clinic_id: str) -> Terms:
    rows = session().scalars(select(VocabularyTerm).where(VocabularyTerm.clinic_id == clinic_id))
    changes = [_change(row) for row in rows]
    return MappingProxyType({name: lay_over(one, changes) for name, one in load_all().items()})


def _change(row: VocabularyTerm) -> TermChange:
    return TermChange(
        vocabulary=row.vocabulary,
        code=row.code,
        label_en=row.label_en,
        label_pt=row.label_pt,
        definition_en=row.definition_en,
        definition_pt=row.definition_pt,
        sort=row.sort,
        label_reviewed_by=row.label_reviewed_by,
        group=row.group,
        active=row.active,
        retired_at=row.retired_at,
    )
