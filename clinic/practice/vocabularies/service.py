"""Editing the clinic's own words: terms changed, added, retired and taken up again.

A form says which revision of the term it was drawn from; when somebody saved the term in between,
nothing is written and both texts are told.
"""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.foundation import audit
from clinic.foundation.database.transactions import new_id, transaction
from clinic.foundation.errors import N_, ChangedElsewhere, Conflict
from clinic.foundation.messages import refuse
from clinic.foundation.permissions.actors import Actor
from clinic.practice.locks import lock_clinic
from clinic.practice.models import Clinic, VocabularyTerm
from clinic.practice.rules.custom_terms import (
    TermChange,
    all_codes,
    changed_texts,
    details_of,
    is_own,
    new_code,
    term_problems,
)
from clinic.practice.rules.edit_commands import TermDetails
from clinic.practice.rules.vocabulary import Vocabulary, load_vocabulary
from clinic.practice.rules.vocabulary_edit_limits import limits_of
from clinic.practice.vocabularies.terms import terms_of, vocabulary_of

_KEY = re.compile(r"[0-9a-f]{32}", re.ASCII)
_KEPT = ("label_en", "label_pt", "definition_en", "definition_pt", "sort", "label_reviewed_by")


class TermChangedElsewhere(ChangedElsewhere):
    """The term was saved elsewhere since the form was drawn; `theirs` is what holds now."""

    says = N_("This term was changed elsewhere in the meantime.")

    def __init__(self, theirs: TermDetails, *, revision: int, at: datetime, by: str) -> None:
        super().__init__()
        self.theirs, self.revision, self.at, self.by = theirs, revision, at, by


class TermStays(Conflict):
    """This term cannot be retired; the message says why."""

    code = "term-stays"


def add_term(
    vocabulary: str,
    details: TermDetails,
    *,
    key: str | None = None,
    actor: Actor,
    now: datetime,
) -> str:
    """Add a term; its code. Raises `NotFound`, `NotAllowed`, `InvalidInput`.

    Sent twice with one `key`, the form adds one term.
    """
    with transaction() as current:
        clinic = lock_clinic(current, actor=actor)
        if (made := _created_before(current, key, clinic)) is not None:
            return made
        refuse(term_problems(details, vocabulary=vocabulary_of(clinic.id, vocabulary), code=None))
        code = new_code(details.label_en or "", used=all_codes(terms_of(clinic.id)))
        row = VocabularyTerm(
            id=key or new_id(), clinic_id=clinic.id, vocabulary=vocabulary, code=code, revision=1
        )
        _write(row, details)
        _store(current, clinic, row, "added", actor=actor, now=now)
    return code


def edit_term(
    vocabulary: str,
    code: str,
    details: TermDetails,
    *,
    revision: int,
    actor: Actor,
    now: datetime,
) -> None:
    """Change a term's words on top of `revision` (0: as it ships).

    Raises `NotFound`, `NotAllowed`, `InvalidInput`, `TermChangedElsewhere`.
    """
    with transaction() as current:
        clinic = lock_clinic(current, actor=actor)
        clinic_vocabulary = vocabulary_of(clinic.id, vocabulary)
        row = _row_of(current, clinic, clinic_vocabulary, code)
        if row.revision != revision:
            raise TermChangedElsewhere(
                details_of(clinic_vocabulary.term(code)),
                revision=row.revision,
                at=row.changed_at,
                by=row.changed_by,
            )
        refuse(term_problems(details, vocabulary=clinic_vocabulary, code=code))
        shipped = None if is_own(code) else load_vocabulary(vocabulary).term(code)
        _write(row, changed_texts(details, shipped))
        row.revision = revision + 1
        _store(current, clinic, row, "changed", actor=actor, now=now)


def retire_term(vocabulary: str, code: str, *, actor: Actor, now: datetime) -> None:
    """Offer a term no longer. Raises `NotFound`, `NotAllowed`, `TermStays`."""
    with transaction() as current:
        clinic = lock_clinic(current, actor=actor)
        clinic_vocabulary = vocabulary_of(clinic.id, vocabulary)
        row = _row_of(current, clinic, clinic_vocabulary, code)
        if why := limits_of(clinic_vocabulary).retire_refusal(code):
            raise TermStays(why)
        if clinic_vocabulary.term(code).active:
            row.active, row.retired_at = False, now
            _store(current, clinic, row, "retired", actor=actor, now=now)


def restore_term(vocabulary: str, code: str, *, actor: Actor, now: datetime) -> None:
    """Offer a retired term again. Raises `NotFound`, `NotAllowed`."""
    with transaction() as current:
        clinic = lock_clinic(current, actor=actor)
        clinic_vocabulary = vocabulary_of(clinic.id, vocabulary)
        row = _row_of(current, clinic, clinic_vocabulary, code)
        if not clinic_vocabulary.term(code).active:
            row.active, row.retired_at = True, None
            _store(current, clinic, row, "taken_up", actor=actor, now=now)


def learn_term(
    current: Session, clinic: Clinic, change: TermChange, *, actor: Actor, now: datetime
) -> None:
    """Store a term that another clinic's record brought along, inside the running transaction.

    It is known and can be read; it is offered when this clinic takes it up.
    """
    names = [one.name for one in fields(TermChange) if one.name not in {"active", "retired_at"}]
    values = {name: getattr(change, name) for name in names}
    row = VocabularyTerm(
        id=new_id(), clinic_id=clinic.id, active=False, retired_at=now, revision=1, **values
    )
    _store(current, clinic, row, "learned", actor=actor, now=now)


def _created_before(current: Session, key: str | None, clinic: Clinic) -> str | None:
    """The code that an earlier sending of the same form was given."""
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise Conflict
    made = current.get(VocabularyTerm, key)
    if made is not None and made.clinic_id != clinic.id:
        raise Conflict
    return made.code if made else None


def _row_of(
    current: Session, clinic: Clinic, clinic_vocabulary: Vocabulary, code: str
) -> VocabularyTerm:
    """What the clinic keeps of a term; a new row when that is nothing yet. Raises `NotFound`."""
    clinic_vocabulary.term(code)
    row = current.scalar(
        select(VocabularyTerm).where(
            VocabularyTerm.clinic_id == clinic.id,
            VocabularyTerm.vocabulary == clinic_vocabulary.name,
            VocabularyTerm.code == code,
        )
    )
    if row is None:
        return VocabularyTerm(
            id=new_id(),
            clinic_id=clinic.id,
            vocabulary=clinic_vocabulary.name,
            code=code,
            active=True,
            revision=0,
        )
    return row


def _write(row: VocabularyTerm, details: TermDetails) -> None:
    for name in _KEPT:
        value = getattr(details, name)
        setattr(row, name, value.strip() if isinstance(value, str) else value)
    row.label_reviewed_by = row.label_reviewed_by or None
    if is_own(row.code):
        row.group = details.group


def _store(
    current: Session,
    clinic: Clinic,
    row: VocabularyTerm,
    action: str,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Store the row, and renew the revision by which every worker sees that words have changed."""
    row.changed_at, row.changed_by = now, actor.name
    current.add(row)
    current.flush()
    clinic.vocabulary_revision = new_id()
    audit.record(
        current,
        f"vocabulary.term_{action}",
        kind="vocabulary_term",
        object_id=row.id,
        actor=actor,
        now=now,
    )
