"""Edit the clinic, its therapists and what they offer. Working hours: `practice/hours/`.

Whoever makes something new may give its `key` (an id made when the form was drawn): sent twice,
the form makes one thing.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.foundation import audit
from clinic.foundation.database.transactions import new_id, transaction
from clinic.foundation.errors import Conflict, NotFound
from clinic.foundation.messages import Problems, message, refuse
from clinic.foundation.permissions.actors import Actor
from clinic.practice.clinic import page_queries
from clinic.practice.locks import lock_all_diaries, lock_clinic, lock_diary, lock_therapist
from clinic.practice.models import Clinic, SessionType, Therapist
from clinic.practice.rules.edit_commands import (
    ClinicDetails,
    SessionTypeDetails,
    Texts,
    TherapistProfile,
)
from clinic.practice.rules.edit_conflicts import refuse_outdated, version_of
from clinic.practice.rules.practice_rules import (
    clinic_problems,
    session_type_problems,
    therapist_problems,
)
from clinic.practice.vocabularies.terms import vocabulary_of

Row = TypeVar("Row", Therapist, SessionType)

_KEY = re.compile(r"[0-9a-f]{32}", re.ASCII)


def update_clinic(
    details: ClinicDetails, *, seen: str | None = None, actor: Actor, now: datetime
) -> Clinic:
    """Change what the clinic says about itself.

    Raises `NotAllowed`, `InvalidInput`, and `ChangedElsewhere` when it is not as it was `seen`.
    """
    with transaction() as current:
        clinic = lock_clinic(current, actor=actor)
        refuse(clinic_problems(details))
        stored = page_queries.clinic_details(clinic.id)
        refuse_outdated(seen, stored=version_of(stored), typed=version_of(details))
        clinic.name, clinic.short_name = details.name.strip(), details.short_name.strip()
        clinic.time_zone, clinic.language = details.time_zone, details.language
        clinic.email, clinic.phone, clinic.address = details.email, details.phone, details.address
        clinic.welcome = without_empty_texts(details.welcome)
        audit.record(
            current, "clinic.changed", kind="clinic", object_id=clinic.id, actor=actor, now=now
        )
    return clinic


def create_therapist(
    profile: TherapistProfile, *, key: str | None = None, actor: Actor, now: datetime
) -> Therapist:
    """Add a therapist, with no hours yet. Raises `NotAllowed`, `InvalidInput`."""
    with transaction() as current:
        clinic = lock_clinic(current, actor=actor)
        if (made := _created_before(current, Therapist, key, actor=actor)) is not None:
            return made
        therapist = Therapist(id=key or new_id(), clinic_id=clinic.id, created_at=now)
        _refuse_profile(current, profile, therapist=therapist)
        _write_profile(therapist, profile)
        current.add(therapist)
        _record(current, "therapist.added", therapist, actor=actor, now=now)
    return therapist


def update_therapist(
    slug: str,
    *,
    profile: TherapistProfile,
    seen: str | None = None,
    actor: Actor,
    now: datetime,
) -> Therapist:
    """Change a therapist's profile.

    Raises `NotFound`, `NotAllowed`, `InvalidInput`, `ChangedElsewhere`.
    """
    with transaction() as current:
        lock_clinic(current, actor=actor)
        therapist = lock_therapist(current, slug, actor=actor)
        _refuse_profile(current, profile, therapist=therapist)
        stored = page_queries.therapist_profile(actor.clinic_id, slug)
        refuse_outdated(seen, stored=version_of(stored), typed=version_of(profile))
        _write_profile(therapist, profile)
        lock_diary(current, therapist.id)
        _record(current, "therapist.changed", therapist, actor=actor, now=now)
    return therapist


def create_session_type(
    details: SessionTypeDetails, *, key: str | None = None, actor: Actor, now: datetime
) -> SessionType:
    """Add a kind of appointment. Raises `NotAllowed`, `InvalidInput`."""
    with transaction() as current:
        clinic = lock_clinic(current, actor=actor)
        if (made := _created_before(current, SessionType, key, actor=actor)) is not None:
            return made
        kind = SessionType(id=key or new_id(), clinic_id=clinic.id)
        _offer(current, kind, details)
        current.add(kind)
        _record(current, "session_type.added", kind, actor=actor, now=now)
    return kind


def update_session_type(
    slug: str,
    *,
    details: SessionTypeDetails,
    seen: str | None = None,
    actor: Actor,
    now: datetime,
) -> SessionType:
    """Change a kind of appointment.

    Raises `NotFound`, `NotAllowed`, `InvalidInput`, `ChangedElsewhere`.
    """
    with transaction() as current:
        lock_clinic(current, actor=actor)
        kind = current.scalar(
            select(SessionType).where(
                SessionType.clinic_id == actor.clinic_id, SessionType.slug == slug
            )
        )
        if kind is None:
            raise NotFound
        stored = page_queries.session_type_details(actor.clinic_id, slug)
        refuse_outdated(seen, stored=version_of(stored), typed=version_of(details))
        _offer(current, kind, details)
        _record(current, "session_type.changed", kind, actor=actor, now=now)
    return kind


def without_empty_texts(texts: Texts) -> dict[str, str]:
    """Texts by language without the empty ones."""
    return {language: text.strip() for language, text in texts.items() if text.strip()}


def _created_before(
    current: Session, model: type[Row], key: str | None, *, actor: Actor
) -> Row | None:
    """What an earlier sending of the same form made. Raises `Conflict` when it is not theirs."""
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise Conflict
    made = current.get(model, key)
    if made is not None and made.clinic_id != actor.clinic_id:
        raise Conflict
    return made


def _refuse_profile(current: Session, profile: TherapistProfile, *, therapist: Therapist) -> None:
    # A term retired since the profile was written may stay on it; no profile takes it up anew.
    known = {
        "modality": therapist.modalities or (),
        "need": therapist.concerns or (),
    }
    modalities, needs = (
        [term.code for term in vocabulary_of(therapist.clinic_id, name).offered(chosen=kept)]
        for name, kept in known.items()
    )
    problems = therapist_problems(profile, modalities=modalities, needs=needs)
    slug_owner = current.scalar(
        select(Therapist.id).where(
            Therapist.clinic_id == therapist.clinic_id,
            Therapist.slug == profile.slug,
            Therapist.id != therapist.id,
        )
    )
    refuse(_with_slug_problem(problems, slug_owner=slug_owner))


def _with_slug_problem(problems: Problems, *, slug_owner: str | None) -> Problems:
    if slug_owner is None:
        return problems
    return problems | {"slug": [message("This address is already in use. Please choose another.")]}


def _write_profile(therapist: Therapist, profile: TherapistProfile) -> None:
    therapist.slug, therapist.name = profile.slug, profile.name.strip()
    therapist.title = without_empty_texts(profile.title)
    therapist.biography = without_empty_texts(profile.biography)
    if therapist.email != profile.email:  # sealing it again would change the row for nothing
        therapist.email = profile.email
    therapist.time_zone = profile.time_zone
    therapist.languages, therapist.formats = list(profile.languages), list(profile.formats)
    therapist.modalities, therapist.concerns = list(profile.modalities), list(profile.concerns)
    therapist.accepts_new_couples = profile.accepts_new_couples
    therapist.max_sessions_per_day = profile.max_sessions_per_day
    therapist.active, therapist.sort = profile.active, profile.sort


def _offer(current: Session, kind: SessionType, details: SessionTypeDetails) -> None:
    """Write the details, and raise the diaries of all who offered it or do now."""
    everybody = lock_all_diaries(current, clinic_id=kind.clinic_id)
    problems = session_type_problems(details, therapists=[one.slug for one in everybody])
    slug_owner = current.scalar(
        select(SessionType.id).where(
            SessionType.clinic_id == kind.clinic_id,
            SessionType.slug == details.slug,
            SessionType.id != kind.id,
        )
    )
    refuse(_with_slug_problem(problems, slug_owner=slug_owner))
    offering = [one for one in everybody if one.slug in details.therapists]
    for therapist_id in sorted(one.id for one in {*kind.therapists, *offering}):
        lock_diary(current, therapist_id)
    _write_session_type(kind, details)
    kind.therapists = offering


def _write_session_type(kind: SessionType, details: SessionTypeDetails) -> None:
    kind.slug = details.slug
    kind.name, kind.description = (
        without_empty_texts(details.name),
        without_empty_texts(details.description),
    )
    kind.formats = list(details.formats)
    for name in _COPIED:
        setattr(kind, name, getattr(details, name))


_COPIED = (
    "length_minutes",
    "buffer_before_minutes",
    "buffer_after_minutes",
    "notice_minutes",
    "horizon_days",
    "grid_minutes",
    "grid_offset_minutes",
    "audience",
    "max_per_day",
    "needs_confirmation",
    "change_notice_minutes",
    "active",
    "sort",
)


def _record(
    current: Session, action: str, row: Therapist | SessionType, *, actor: Actor, now: datetime
) -> None:
    kind = row.__tablename__
    audit.record(current, action, kind=kind, object_id=row.id, actor=actor, now=now)
