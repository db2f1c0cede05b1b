"""The couples whose charts somebody works with, each in a line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clinic.booking.appointments.models import Appointment
from clinic.couples.models import Couple
from clinic.foundation import audit
from clinic.foundation.database.transactions import transaction
from clinic.foundation.permissions.actors import Actor, Role
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import require
from clinic.notes.course.load_course import load_frame
from clinic.notes.record.held_sessions import HELD, separate_appointments
from clinic.notes.record.open_record import Chart, make_chart, may
from clinic.practice.models import Therapist


@dataclass(frozen=True, slots=True, kw_only=True)
class CoupleLine:
    """One couple. `last` and `next` are the starts of its sessions before and after now."""

    chart: Chart
    lead: str
    last: datetime | None
    next: datetime | None
    open_ruptures: int


def list_couples(*, actor: Actor, now: datetime) -> list[CoupleLine]:
    """A therapist's own couples; a supervisor's whole clinic. Showing names leaves a line each."""
    require(actor, Permission.OPEN_CHARTS)
    query = select(Couple).where(Couple.clinic_id == actor.clinic_id).order_by(Couple.code)
    if Role.SUPERVISOR not in actor.roles:
        query = query.where(
            Couple.lead_therapist_id.is_not(None), Couple.lead_therapist_id == actor.therapist_id
        )
    with transaction() as current:
        couples = current.scalars(query).all()
        for couple in couples:
            audit.record(
                current,
                "couple.names_read",
                kind="couple",
                object_id=couple.id,
                actor=actor,
                now=now,
            )
        charts = [make_chart(couple, now=now) for couple in couples]
        leads = _leads(current, actor.clinic_id)
        return [
            _line(current, chart, leads, now=now)
            for chart in charts
            if may(actor, Permission.READ_CHART, chart)
        ]


def next_session(chart: Chart, *, now: datetime) -> tuple[datetime, datetime] | None:
    """Start and end of the couple's next (or running) session; none that is held apart."""
    with transaction() as current:
        row = current.execute(
            select(Appointment.starts_at, Appointment.ends_at)
            .where(Appointment.couple_id == chart.couple_id, Appointment.status.in_(HELD))
            .where(Appointment.ends_at > now, Appointment.id.not_in(_separate(chart)))
            .order_by(Appointment.starts_at)
            .limit(1)
        ).one_or_none()
    return (row.starts_at, row.ends_at) if row else None


def _separate(chart: Chart) -> list[str]:
    return [one.id for one in separate_appointments(chart.couple_id)]


def _leads(current: Session, clinic_id: str) -> dict[str, str]:
    rows = current.execute(
        select(Therapist.id, Therapist.name).where(Therapist.clinic_id == clinic_id)
    )
    return {row.id: row.name for row in rows}


def _line(current: Session, chart: Chart, leads: dict[str, str], *, now: datetime) -> CoupleLine:
    held = select(Appointment).where(
        Appointment.couple_id == chart.couple_id,
        Appointment.status.in_(HELD),
        Appointment.id.not_in(_separate(chart)),
    )
    times = held.subquery()
    last = current.scalar(select(func.max(times.c.starts_at)).where(times.c.starts_at <= now))
    coming = current.scalar(select(func.min(times.c.starts_at)).where(times.c.starts_at > now))
    return CoupleLine(
        chart=chart,
        lead=leads.get(chart.lead_therapist_id or "", ""),
        last=last,
        next=coming,
        open_ruptures=len(load_frame(chart).open_ruptures),
    )
