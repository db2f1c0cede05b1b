"""Effects of a chain's new state, carried out on the appointment; everything may be repeated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from clinic.booking.appointments.appointments_from_services import (
    OutsideBooking,
    OutsideChange,
    follow_outside_change,
    hand_over,
    record_outside_booking,
)
from clinic.booking.appointments.models import LIVE, Appointment, Source
from clinic.booking.appointments.models import AppointmentStatus as Standing
from clinic.booking.appointments.sequence_and_history import raise_sequence
from clinic.couples.service import EMAIL_INDEX
from clinic.foundation.crypto.blind_index import index_of
from clinic.foundation.permissions.actors import Actor
from clinic.practice.models import Clinic, Therapist
from clinic.scheduling_services.models import ServiceChain, TaskKind
from clinic.scheduling_services.received.mapping import host_of, map_chain, partners_of
from clinic.scheduling_services.received.tasks import add_task, withdraw_task
from clinic.scheduling_services.rules import appointment_effects
from clinic.scheduling_services.rules.reschedule_chain_state import OVER, ChainState, ChainStatus

STANDINGS = {
    ChainStatus.REQUESTED: Standing.REQUESTED,
    ChainStatus.CONFIRMED: Standing.CONFIRMED,
    ChainStatus.CANCELLED: Standing.CANCELLED,
    ChainStatus.REJECTED: Standing.DECLINED,
}

SERVICES = frozenset({Source.CALCOM, Source.CALENDLY})


@dataclass(slots=True)
class Work:
    """One chain's effects under way: `done` collects what was done, as codes for the page.

    `appointments` are those of the earlier chains by their root id, `reported_at` is when the
    newest thing that the chain was told happened there.
    """

    session: Session
    chain: ServiceChain
    state: ChainState
    appointments: dict[str, str]
    reported_at: datetime
    actor: Actor
    now: datetime
    done: list[str] = field(default_factory=list)


def apply_effects(work: Work, found: Sequence[appointment_effects.Effect]) -> None:
    """Do what the effects say; afterwards `work.chain` names the appointment, if there is one."""
    for effect in found:
        _DOERS[type(effect)](work, effect)
    if work.chain.appointment_id is not None:
        _note_standing(work, work.chain.appointment_id)


def _book(work: Work, effect: appointment_effects.Book) -> None:
    state = effect.state
    if work.chain.appointment_id is not None:
        # Our own booking come back to us: the appointment is here already.
        work.done.append("echo")
        kind = "cancelled" if state.status in OVER else "moved"
        _follow(work, _change(work, kind=kind, status=state.status))
        return
    session, clinic_id = work.session, work.chain.clinic_id
    meant = map_chain(session, state, clinic_id=clinic_id)
    therapist = session.get_one(Therapist, meant.therapist_id)
    appointment = record_outside_booking(
        OutsideBooking(
            source=state.provider,
            external_id=state.current_id,
            therapist_id=therapist.id,
            session_type_id=meant.session_type_id or "",
            starts_at=_need(state.starts_at),
            ends_at=_need(state.ends_at),
            status=STANDINGS[state.status],
            partners=partners_of(
                state.attendees,
                organizer_emails=state.organizer_emails,
                therapist=therapist,
                clinic=session.get_one(Clinic, clinic_id),
            ),
            revision=state.revision,
        ),
        actor=work.actor,
        now=work.now,
    )
    work.chain.appointment_id = appointment.id
    over = "recorded_over" if state.status in OVER else "booked"
    work.done.append("requested" if state.status is ChainStatus.REQUESTED else over)


def _move(work: Work, effect: appointment_effects.Move) -> None:
    kind = "requested" if effect.status is ChainStatus.REQUESTED else "moved"
    _follow(work, _change(work, kind=kind, status=effect.status), outcome="moved")


def _confirm(work: Work, _effect: appointment_effects.Confirm) -> None:
    _follow(
        work, _change(work, kind="confirmed", status=ChainStatus.CONFIRMED), outcome="confirmed"
    )


def _restore(work: Work, effect: appointment_effects.Restore) -> None:
    kind = "requested" if effect.status is ChainStatus.REQUESTED else "confirmed"
    _follow(work, _change(work, kind=kind, status=effect.status), outcome="restored")


def _correct(work: Work, effect: appointment_effects.Correct) -> None:
    change = _change(work, kind="cancelled", status=effect.status, quiet=True)
    _follow(work, change, outcome="corrected")


def _cancel(work: Work, effect: appointment_effects.Cancel) -> None:
    change = _change(
        work,
        kind="declined" if effect.rejected else "cancelled",
        status=ChainStatus.REJECTED if effect.rejected else ChainStatus.CANCELLED,
        reason=effect.reason or "",
    )
    _follow(work, change, outcome="asked_again" if effect.request_reschedule else change.kind)
    if effect.series:
        dates = [one.isoformat() for one in effect.cancelled_dates]
        _add_task(work, TaskKind.SERIES, work.state.root_id, {"dates": dates})
        work.done.append("series")


def _join(work: Work, effect: appointment_effects.Join) -> None:
    """Withdraw the appointment that turned out to be another one's twin; nobody is told."""
    twin = work.appointments.get(effect.root_id)
    if twin is None or twin == work.chain.appointment_id:
        return
    row = work.session.get_one(Appointment, twin)
    gone = OutsideChange(
        kind="cancelled",
        external_id=row.external_id or effect.root_id,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        status=Standing.CANCELLED,
        quiet=True,
    )
    follow_outside_change(twin, gone, actor=work.actor, now=work.now)
    work.done.append("joined")


def _no_show(work: Work, effect: appointment_effects.NoShow) -> None:
    appointment = work.session.get(Appointment, work.chain.appointment_id)
    if appointment is None:
        return
    index = index_of(appointment.clinic_id, effect.email, purpose=EMAIL_INDEX)
    slots = [one.slot for one in appointment.couple.members if one.person.email_index == index]
    slot = slots[0] if slots else "?"
    key = f"{appointment.id}:{slot}"
    if effect.absent:
        _add_task(work, TaskKind.ABSENT, key, {"slot": slot})
    else:
        withdraw_task(
            work.session,
            TaskKind.ABSENT,
            key,
            clinic_id=appointment.clinic_id,
            now=work.now,
        )
    work.done.append("absent" if effect.absent else "not_absent")


def _reassign(work: Work, effect: appointment_effects.Reassign) -> None:
    names = [*effect.organizer_ids, *effect.organizer_emails]
    chain = work.chain
    known = host_of(work.session, names, provider=chain.provider, clinic_id=chain.clinic_id)
    if known is None or chain.appointment_id is None:
        _add_task(work, TaskKind.HOST, work.state.root_id, {"hosts": list(effect.organizer_emails)})
        work.done.append("host_unknown")
        return
    hand_over(chain.appointment_id, therapist_id=known, actor=work.actor, now=work.now)
    work.done.append("handed_over")


def _nothing(work: Work, _effect: appointment_effects.Nothing) -> None:
    if work.state.pending_reschedule:
        work.done.append("held")
    else:
        work.done.append("same" if work.state.is_made else "remembered")


def _change(
    work: Work, *, kind: str, status: ChainStatus, reason: str = "", quiet: bool = False
) -> OutsideChange:
    return OutsideChange(
        kind=kind,
        external_id=work.state.current_id,
        starts_at=_need(work.state.starts_at),
        ends_at=_need(work.state.ends_at),
        status=STANDINGS[status],
        revision=work.state.revision,
        reason=reason,
        quiet=quiet,
    )


def _follow(work: Work, change: OutsideChange, *, outcome: str = "") -> None:
    appointment = work.session.get_one(
        Appointment, work.chain.appointment_id, populate_existing=True
    )
    if _belongs_to_another_service(appointment, work.chain):
        change = replace(change, external_id=appointment.external_id or "")
    if appointment.source not in SERVICES and appointment.is_live and change.status in LIVE:
        # Whether it is confirmed, and how long it is, is decided here; there is only a copy.
        length = appointment.ends_at - appointment.starts_at
        change = replace(
            change,
            status=Standing(appointment.status),
            ends_at=change.starts_at + length,
        )
    if _ours_is_newer(work, appointment, change):
        # What was changed here in the meantime stands; the push brings it there.
        appointment.external_id = change.external_id
        work.done.append("kept_ours")
        return
    follow_outside_change(appointment.id, change, actor=work.actor, now=work.now)
    if outcome:
        work.done.append(outcome)


def _ours_is_newer(work: Work, appointment: Appointment, change: OutsideChange) -> bool:
    """Whether the appointment was changed here after what the service tells of.

    `chain` still says how things stood there before: only when the appointment differs from that
    did somebody change it here. A word that only repeats what we asked for is an echo.
    """
    chain = work.chain
    ours = _where(appointment.starts_at, is_live=appointment.is_live)
    theirs = _where(change.starts_at, is_live=change.status in LIVE)
    if theirs is None:
        return False  # who cancels there does not come, whatever was moved here
    known, asked = chain.current_id is not None, chain.asked_at is not None
    before = _where(chain.starts_at, is_live=chain.status not in OVER) if known else theirs
    if ours == theirs or (known and ours == before) or not (known or asked):
        return False
    wish = _where(chain.asked_starts_at, is_live=chain.asked_status not in OVER)
    return (
        (asked and theirs == wish)
        or not appointment.is_live
        or appointment.updated_at > work.reported_at
    )


def _where(start: datetime | None, *, is_live: bool) -> datetime | None:
    """What both sides are compared by: the time that is claimed, or none."""
    return start if is_live else None


def _belongs_to_another_service(appointment: Appointment, chain: ServiceChain) -> bool:
    """Whether it came from another service, whose id it keeps."""
    return appointment.source in SERVICES and appointment.source != chain.provider


def _note_standing(work: Work, appointment_id: str) -> None:
    """Store the current id beside the appointment, and ask the desk about a conflict."""
    appointment = work.session.get_one(Appointment, appointment_id)
    if not _belongs_to_another_service(appointment, work.chain):
        appointment.external_id = work.state.current_id
    if appointment.source in SERVICES:
        # News may arrive in an order that makes fewer changes here than there were there.
        raise_sequence(appointment, least=work.state.revision)
    if appointment.conflict:
        start = appointment.starts_at.isoformat()
        _add_task(work, TaskKind.CONFLICT, appointment_id, {"start": start})
        work.done.append("conflict")


def _add_task(work: Work, kind: TaskKind, key: str, details: dict[str, Any]) -> None:
    add_task(
        work.session,
        kind,
        key,
        clinic_id=work.chain.clinic_id,
        provider=work.chain.provider,
        appointment_id=work.chain.appointment_id,
        details=details,
        now=work.now,
    )


def _need(instant: datetime | None) -> datetime:
    if instant is None:
        raise ValueError("a booking that is known has its times")
    return instant


_DOERS: Mapping[type, Callable[[Work, Any], None]] = {
    appointment_effects.Book: _book,
    appointment_effects.Move: _move,
    appointment_effects.Confirm: _confirm,
    appointment_effects.Restore: _restore,
    appointment_effects.Correct: _correct,
    appointment_effects.Cancel: _cancel,
    appointment_effects.Join: _join,
    appointment_effects.NoShow: _no_show,
    appointment_effects.Reassign: _reassign,
    appointment_effects.Nothing: _nothing,
}
