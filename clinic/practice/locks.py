"""Locks on what is being edited: a clinic's practice, one therapist's diary, or all diaries."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.foundation.database.transactions import lock_name
from clinic.foundation.errors import NotFound
from clinic.foundation.permissions import Actor, Permission, require
from clinic.practice.models import Clinic, Therapist


def lock_clinic(current: Session, *, actor: Actor) -> Clinic:
    """The actor's clinic, locked, once they may edit the practice: its edits come one by one."""
    require(actor, Permission.EDIT_PRACTICE)
    lock_practice(current, actor.clinic_id)
    clinic = current.get(Clinic, actor.clinic_id, populate_existing=True)
    if clinic is None:
        raise NotFound
    return clinic


def lock_practice(current: Session, clinic_id: str) -> None:
    """Let one change of a clinic's practice run at a time.

    By name, not by the clinic's row: a booking holds a diary and waits for the row (to number its
    couple), while an edit that held the row would wait for the diary.
    """
    lock_name(current, b"practice:" + clinic_id.encode("ascii"))


def lock_diary(current: Session, slug: str, *, actor: Actor) -> Therapist:
    """The therapist with this slug in the actor's clinic, with their diary locked."""
    therapist = current.scalar(
        select(Therapist)
        .where(Therapist.clinic_id == actor.clinic_id, Therapist.slug == slug)
        .with_for_update(key_share=True)
    )
    if therapist is None:
        raise NotFound
    return therapist


def lock_all_diaries(current: Session, *, clinic_id: str) -> Sequence[Therapist]:
    """All therapists of a clinic with their diaries locked, always in the same order."""
    return current.scalars(
        select(Therapist)
        .where(Therapist.clinic_id == clinic_id)
        .order_by(Therapist.id)
        .with_for_update(key_share=True)
    ).all()
