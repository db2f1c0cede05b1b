"""Locks on what is being edited: a clinic's practice, one therapist's diary, or all diaries."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from clinic.foundation.database.transactions import lock_name
from clinic.foundation.errors import NotFound
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import require
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


def lock_diary(session: Session, therapist_id: str) -> None:
    """Lock a diary until the transaction ends, and raise its revision for whoever read it.

    Every claim on a therapist's time begins so, in one statement: the UPDATE locks the row on
    PostgreSQL; on SQLite the whole database is locked since the transaction began. An edit of
    hours does so when it has found that something changes. Where several are locked, lock in the
    order of their ids, so that nobody waits in a circle.
    """
    session.execute(
        update(Therapist)
        .where(Therapist.id == therapist_id)
        .values(diary_revision=Therapist.diary_revision + 1)
    )


def lock_therapist(current: Session, slug: str, *, actor: Actor) -> Therapist:
    """Return the therapist with this slug in the actor's clinic, for an edit.

    The row is locked, so that no claim on their time is decided meanwhile, but the revision is
    not raised: the edit may turn out to change nothing.
    """
    therapist = current.scalar(
        select(Therapist)
        .where(Therapist.clinic_id == actor.clinic_id, Therapist.slug == slug)
        .with_for_update(key_share=True)
    )
    if therapist is None:
        raise NotFound
    return therapist


def lock_all_diaries(current: Session, *, clinic_id: str) -> Sequence[Therapist]:
    """Return all therapists of a clinic for an edit, locked, always in the same order."""
    return current.scalars(
        select(Therapist)
        .where(Therapist.clinic_id == clinic_id)
        .order_by(Therapist.id)
        .with_for_update(key_share=True)
    ).all()
