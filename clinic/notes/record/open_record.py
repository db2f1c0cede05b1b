"""Open a couple's record: find it, ask the access policy, lock it, audit the reading.

Every way to a record goes through here. Who may read what is decided in
`foundation/permissions/who_may_do_what.py`; this module brings it the couple or note. Who may
not read a record learns nothing of it (`NotFound`); who may read it but not do what they ask gets
`NotAllowed`. A reading is written to the audit log before the text is given; if that fails the text
is not shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clinic.booking.appointments.models import Appointment
from clinic.couples.models import Couple
from clinic.foundation import audit
from clinic.foundation.database.transactions import lock_name, session, transaction
from clinic.foundation.errors import NotAllowed, NotFound
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import is_allowed
from clinic.foundation.wall_clock import local_date
from clinic.notes.record.held_sessions import HeldSession, held_session
from clinic.notes.record.note_models import SessionNote
from clinic.notes.record.restricted_models import EmergencyAccess
from clinic.practice.models import Clinic


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A couple's chart as the access policy sees it, and what its pages need at the top."""

    couple_id: str
    code: str
    clinic_id: str
    status: str
    lead_therapist_id: str | None
    zone: str
    began_on: date
    members: tuple[str, ...]
    names: Mapping[str, str]
    opened_in_emergency_by: frozenset[str] = frozenset()

    def day(self, instant: datetime) -> date:
        """The clinic's calendar day of `instant`."""
        return local_date(instant, zone=self.zone)


@dataclass(frozen=True, slots=True)
class Written:
    """Something in a chart that has an author, and may be flagged for supervision.

    A session and its note have a therapist who held it, the lead or another.
    """

    couple: Chart
    author: str = ""
    flagged: bool = False
    held_by: str | None = None
    is_individual: bool = False
    is_signed: bool = False

    @property
    def is_apart(self) -> bool:
        """Whether another therapist than the lead held it with one partner alone."""
        return self.is_individual and self.held_by != self.couple.lead_therapist_id


def find_chart(
    code: str,
    *,
    permission: Permission = Permission.READ_CHART,
    actor: Actor,
    now: datetime,
) -> Chart:
    """The chart of the couple with this code. Raises `NotFound` or `NotAllowed`."""
    query = select(Couple).where(Couple.code == code, Couple.clinic_id == actor.clinic_id)
    return _let_in(session().scalar(query), permission=permission, actor=actor, now=now)


def chart_of(
    couple_id: str,
    *,
    permission: Permission = Permission.READ_CHART,
    actor: Actor,
    now: datetime,
) -> Chart:
    """The chart with this id. Raises `NotFound` or `NotAllowed`."""
    query = select(Couple).where(Couple.id == couple_id, Couple.clinic_id == actor.clinic_id)
    return _let_in(session().scalar(query), permission=permission, actor=actor, now=now)


def find_note(
    note_id: str,
    *,
    permission: Permission = Permission.WRITE_NOTE,
    actor: Actor,
    now: datetime,
) -> tuple[SessionNote, Chart]:
    """A note with its chart, both locked while a transaction runs.

    Raises `NotFound`, and `NotAllowed` where the actor may read the joint record it belongs to.
    """
    note, chart = note_with_chart(note_id, actor=actor, now=now)
    require_for(written(chart, held_session(note)), permission, actor=actor)
    return note, chart


def note_with_chart(note_id: str, *, actor: Actor, now: datetime) -> tuple[SessionNote, Chart]:
    """A note of the actor's clinic with its chart, whoever asks. Raises `NotFound`.

    The caller asks the access policy.
    """
    own = (SessionNote.id == note_id, SessionNote.clinic_id == actor.clinic_id)
    if session().info.get("writing"):
        # The couple's course before any row of it: whoever seals or signs locks in this order.
        couple_id = session().scalar(select(SessionNote.couple_id).where(*own))
        lock_course(session(), couple_id or "")
    query = select(SessionNote).where(*own).execution_options(populate_existing=True)
    note = session().scalar(query)
    if note is None:
        raise NotFound
    return note, make_chart(session().get_one(Couple, note.couple_id), now=now)


def written(chart: Chart, held: HeldSession) -> Written:
    """What the access policy asks of a session and its note."""
    return Written(
        chart,
        author=held.author,
        held_by=held.held_by or chart.lead_therapist_id,
        is_individual=held.is_individual,
        is_signed=held.is_signed,
    )


def require_for(subject: Written, permission: Permission, *, actor: Actor) -> None:
    """Raise unless it is granted: `NotFound` for who may not even know of it, or `NotAllowed`."""
    if is_allowed(actor, permission, subject):
        return
    raise NotAllowed if is_allowed(actor, Permission.READ_CHART, subject) else NotFound


def may(actor: Actor, permission: Permission, subject: Chart | Written) -> bool:
    """Whether the access policy grants it."""
    return is_allowed(actor, permission, subject)


def lock_course(current: Session, couple_id: str) -> None:
    """One writer of a couple's numbers, refs and chain at a time."""
    lock_name(current, b"notes:" + couple_id.encode("ascii"))


@contextmanager
def changing_chart(code: str, *, actor: Actor, now: datetime) -> Iterator[tuple[Session, Chart]]:
    """One change in a couple's chart, under its lock, all or nothing.

    Raises `NotFound`, `NotAllowed`.
    """
    with transaction() as current:
        chart = find_chart(code, permission=Permission.WRITE_CHART, actor=actor, now=now)
        lock_course(current, chart.couple_id)
        yield current, chart


def audit_read(action: str, *, kind: str, object_id: str, actor: Actor, now: datetime) -> None:
    """Write a reading to the audit log, before anything is read. Fails closed."""
    with transaction(audits_read=True) as current:
        audit.record(current, action, kind=kind, object_id=object_id, actor=actor, now=now)


def make_chart(couple: Couple, *, now: datetime) -> Chart:
    """The chart of a couple, for nobody in particular."""
    zone = session().get_one(Clinic, couple.clinic_id).time_zone
    living = [member for member in couple.members if member.left_at is None]
    return Chart(
        couple_id=couple.id,
        code=couple.code,
        clinic_id=couple.clinic_id,
        status=couple.status,
        lead_therapist_id=couple.lead_therapist_id,
        zone=zone,
        began_on=local_date(_began(couple), zone=zone),
        members=tuple(member.slot for member in living),
        names={member.slot: member.person.name or "" for member in living},
        opened_in_emergency_by=_emergency_readers(couple.id, now=now),
    )


def _let_in(couple: Couple | None, *, permission: Permission, actor: Actor, now: datetime) -> Chart:
    if couple is None:
        raise NotFound
    chart = make_chart(couple, now=now)
    if not is_allowed(actor, permission, chart):
        if is_allowed(actor, Permission.READ_CHART, chart):
            raise NotAllowed
        raise NotFound
    return chart


def _began(couple: Couple) -> datetime:
    """The couple began with its record, or with an appointment or note from before it."""
    first = session().scalar(
        select(func.min(Appointment.starts_at)).where(Appointment.couple_id == couple.id)
    )
    return min(couple.created_at, first) if first else couple.created_at


def _emergency_readers(couple_id: str, *, now: datetime) -> frozenset[str]:
    found = session().scalars(
        select(EmergencyAccess.account).where(
            EmergencyAccess.couple_id == couple_id,
            EmergencyAccess.opened_at <= now,
            EmergencyAccess.ends_at > now,
        )
    )
    return frozenset(found)
