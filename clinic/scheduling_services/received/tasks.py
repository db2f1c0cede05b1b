"""What only a person can settle: asked once, shown on the integrations page until it is done."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from clinic.booking.appointments.models import ImportedBusyRow
from clinic.foundation import audit
from clinic.foundation.database.transactions import lock_name, new_id, transaction
from clinic.foundation.errors import NotFound
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import require
from clinic.practice.locks import lock_diary
from clinic.scheduling_services.models import ServiceTask, TaskKind

BY_ITSELF = "system"


def add_task(
    session: Session,
    kind: TaskKind,
    key: str,
    *,
    clinic_id: str,
    provider: str,
    appointment_id: str | None = None,
    details: dict[str, Any] | None = None,
    now: datetime,
) -> None:
    """Ask the desk to settle something; the same thing again is not asked twice."""
    lock_name(session, f"service task|{clinic_id}|{kind}:{key}".encode())
    found = _find(session, f"{kind}:{key}", clinic_id=clinic_id)
    if found is not None:
        by_itself = found.done_by == BY_ITSELF
        if found.done_at is not None and (by_itself or found.details != (details or {})):
            found.done_at, found.done_by = None, None
        found.details = details or {}
        return
    session.add(
        ServiceTask(
            id=new_id(),
            clinic_id=clinic_id,
            key=f"{kind}:{key}",
            kind=kind,
            provider=provider,
            appointment_id=appointment_id,
            details=details or {},
            created_at=now,
        )
    )
    session.flush()


def withdraw_task(
    session: Session, kind: TaskKind, key: str, *, clinic_id: str, now: datetime
) -> None:
    """It has settled itself."""
    found = _find(session, f"{kind}:{key}", clinic_id=clinic_id)
    if found is not None and found.done_at is None:
        found.done_at, found.done_by = now, BY_ITSELF


def finish_task(task_id: str, *, actor: Actor, now: datetime) -> None:
    """Somebody has seen to it. Raises `NotFound`."""
    require(actor, Permission.SEE_INTEGRATIONS)
    with transaction() as session:
        task = session.get(ServiceTask, task_id, with_for_update=True)
        if task is None or task.clinic_id != actor.clinic_id:
            raise NotFound
        if task.done_at is None:
            task.done_at, task.done_by = now, actor.name
            audit.record(
                session,
                "integration.task_done",
                kind="service_task",
                object_id=task.id,
                actor=actor,
                now=now,
            )


def lift_block(task_id: str, *, actor: Actor, now: datetime) -> None:
    """An absence there is over or was changed: give its time back. Raises `NotFound`."""
    require(actor, Permission.SEE_INTEGRATIONS)
    with transaction() as session:
        task = session.get(ServiceTask, task_id)
        if task is None or task.clinic_id != actor.clinic_id or task.kind != TaskKind.AWAY:
            raise NotFound
        lock_diary(session, task.details["therapist"])
        session.execute(
            delete(ImportedBusyRow).where(ImportedBusyRow.origin == task.details["origin"])
        )
        finish_task(task_id, actor=actor, now=now)


def _find(session: Session, key: str, *, clinic_id: str) -> ServiceTask | None:
    return session.scalar(
        select(ServiceTask).where(ServiceTask.clinic_id == clinic_id, ServiceTask.key == key)
    )
