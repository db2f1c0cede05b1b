"""Reads of the practice; what pages show of it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from clinic.foundation.database import session
from clinic.foundation.errors import NotFound
from clinic.practice.models import SessionType, Therapist, TherapistSessionType


def list_public_therapists(clinic_id: str) -> Sequence[Therapist]:
    """The therapists shown on the public site, in the clinic's order."""
    return (
        session()
        .scalars(
            select(Therapist)
            .where(Therapist.clinic_id == clinic_id, Therapist.active)
            .options(selectinload(Therapist.session_types))
            .order_by(Therapist.sort, Therapist.slug)
        )
        .all()
    )


def list_session_types(clinic_id: str, *, audience: str | None = None) -> Sequence[SessionType]:
    """The active session types, in the clinic's order; all of them or one audience's."""
    query = select(SessionType).where(SessionType.clinic_id == clinic_id, SessionType.active)
    if audience is not None:
        query = query.where(SessionType.audience == audience)
    return session().scalars(query.order_by(SessionType.sort, SessionType.slug)).all()


def get_therapist(clinic_id: str, slug: str) -> Therapist:
    """The therapist with this slug. Raises `NotFound`."""
    found = session().scalar(
        select(Therapist).where(
            Therapist.clinic_id == clinic_id, Therapist.slug == slug, Therapist.active
        )
    )
    if found is None:
        raise NotFound
    return found


def get_session_type(clinic_id: str, slug: str) -> SessionType:
    """The session type with this slug. Raises `NotFound`."""
    found = session().scalar(
        select(SessionType).where(
            SessionType.clinic_id == clinic_id, SessionType.slug == slug, SessionType.active
        )
    )
    if found is None:
        raise NotFound
    return found


def list_offering(clinic_id: str, session_type_id: str) -> Sequence[Therapist]:
    """The active therapists who offer a session type, in the clinic's order."""
    return (
        session()
        .scalars(
            select(Therapist)
            .join(TherapistSessionType, TherapistSessionType.therapist_id == Therapist.id)
            .where(
                Therapist.clinic_id == clinic_id,
                Therapist.active,
                TherapistSessionType.session_type_id == session_type_id,
            )
            .order_by(Therapist.sort, Therapist.slug)
        )
        .all()
    )
