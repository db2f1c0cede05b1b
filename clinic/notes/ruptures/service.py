"""Ruptures outside a signature: opened, moved on, reversed, described anew, shown or restricted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from clinic.foundation import audit
from clinic.foundation.errors import N_, Conflict, InvalidInput, NotFound
from clinic.foundation.permissions.actors import Actor
from clinic.notes.course.load_course import Course, CourseRupture, load_course
from clinic.notes.record.note_models import SessionNote
from clinic.notes.record.open_record import Chart, changing_chart
from clinic.notes.record.restricted_models import IndividualDisclosure
from clinic.notes.record.rupture_models import Rupture
from clinic.notes.rules.clinical_checks import refuse, rupture_problems
from clinic.notes.rules.clinical_values import VISIBILITIES, RuptureDetails
from clinic.notes.rules.rupture_events import EventKind, RuptureEvent, RuptureStatus
from clinic.notes.rules.rupture_history import RuptureState
from clinic.notes.rules.rupture_lifecycle import TransitionFacts, check_transition
from clinic.notes.rules.selectable_terms import REASONS, Choosable
from clinic.notes.rules.text_limits import TEXT_MAX, length_problems
from clinic.notes.ruptures.event_log import add_event, add_rupture, next_number, status_event
from clinic.notes.ruptures.signed_ruptures import has_attempt, safety_flag_open
from clinic.practice.vocabularies.terms import terms_of


class ConfirmationNeeded(Conflict):
    """This shows something to the partners; it is asked for a second time."""

    code = "confirmation-needed"
    says = N_("This was restricted. Do you want it to be part of the joint record?")


@dataclass(frozen=True, slots=True)
class Change:
    """The course that is being changed, under its lock."""

    session: Session
    course: Course
    actor: Actor
    now: datetime

    @property
    def chart(self) -> Chart:
        """Whose course it is."""
        return self.course.chart

    def next_number(self) -> int:
        """The number of the next event."""
        return next_number(self.session, self.chart.couple_id)

    def session_number(self, note_id: str | None) -> int | None:
        """The number of a session by its note. Raises `NotFound` for somebody else's."""
        if note_id is None:
            return None
        if note_id not in self.course.numbers:
            raise NotFound(N_("There is no such session in this record."))
        return self.course.numbers[note_id]

    def instant(self, effective_at: datetime | None, note_id: str | None) -> datetime:
        """When a change takes effect: as told, else with the end of its session, else now."""
        if effective_at is not None:
            return effective_at
        if note_id is None:
            return self.now
        return min(self.session.get_one(SessionNote, note_id).held_until, self.now)

    def choosable(self, *held: str | None) -> Choosable:
        """The clinic's terms that may be chosen, given the codes that are there already."""
        return Choosable(terms_of(self.chart.clinic_id), frozenset(one for one in held if one))

    def note(self, action: str, rupture_id: str) -> None:
        """Leave a line in the audit log."""
        audit.record(
            self.session,
            f"rupture.{action}",
            kind="rupture",
            object_id=rupture_id,
            actor=self.actor,
            now=self.now,
        )


@contextmanager
def changing_course(code: str, *, actor: Actor, now: datetime) -> Iterator[Change]:
    """One change of a couple's course, all or nothing. Raises `NotFound`, `NotAllowed`."""
    with changing_chart(code, actor=actor, now=now) as (current, chart):
        yield Change(current, load_course(chart), actor, now)


def open_rupture(
    code: str,
    details: RuptureDetails,
    *,
    note_id: str | None = None,
    effective_at: datetime | None = None,
    actor: Actor,
    now: datetime,
) -> str:
    """Open a rupture; its ref. Raises `InvalidInput` by field."""
    with changing_course(code, actor=actor, now=now) as change:
        refuse(rupture_problems(details, choosable=change.choosable(), today=change.chart.day(now)))
        if details.disclosure is not None:
            details = _seeded(change, details)
        at = change.instant(effective_at, note_id)
        _not_in_the_future(at, now=now)
        opening = status_event(
            change.next_number(),
            RuptureStatus.OPEN,
            effective_at=at,
            session_number=change.session_number(note_id),
            by=actor.name,
            now=now,
        )
        row = add_rupture(change.session, change.chart, details, opening, note_id=note_id)
        change.note("opened", row.id)
        return row.ref


def change_status(
    code: str,
    ref: str,
    to: str,
    *,
    reason: str | None = None,
    text: str = "",
    note_id: str | None = None,
    effective_at: datetime | None = None,
    partners_confirmed: tuple[bool, ...] = (),
    actor: Actor,
    now: datetime,
) -> RuptureState:
    """Move a rupture on; the state that follows. Backdated by `effective_at`.

    Raises `TransitionRefused` with the changes that are possible, `InvalidInput`, `NotFound`.
    """
    if to not in list(RuptureStatus):
        raise InvalidInput({"to": [N_("Choose one from the list.")]})
    refuse(length_problems(("text", text, TEXT_MAX)))
    with changing_course(code, actor=actor, now=now) as change:
        rupture = change.course.rupture(ref)
        if to in REASONS:
            refuse(change.choosable().problems("reason", (reason,), REASONS[to]))
        event = status_event(
            change.next_number(),
            RuptureStatus(to),
            effective_at=change.instant(effective_at, note_id),
            session_number=change.session_number(note_id),
            reason=reason,
            text=text,
            by=actor.name,
            now=now,
        )
        facts = TransitionFacts(
            has_attempt=has_attempt(rupture, change.course),
            therapist_confirms=True,
            partners_confirmed=partners_confirmed,
            safety_flag_open=safety_flag_open(change.session, change.chart.couple_id),
            reopen_reasons=terms_of(change.chart.clinic_id)["reopen_reason"].codes(),
        )
        return write_checked(change, rupture, event, facts, note_id=note_id)


def reverse_event(
    code: str,
    ref: str,
    number: int,
    *,
    reason: str,
    text: str = "",
    note_id: str | None = None,
    actor: Actor,
    now: datetime,
) -> RuptureState:
    """Undo an event by a reversing one; both stay in the log. Raises `TransitionRefused`."""
    refuse(length_problems(("text", text, TEXT_MAX)))
    with changing_course(code, actor=actor, now=now) as change:
        rupture = change.course.rupture(ref)
        told = reason.strip() or None
        refuse(change.choosable().problems("reason", (told,), "reversal_reason"))
        event = RuptureEvent(
            id=change.next_number(),
            kind=EventKind.REVERSAL,
            effective_at=now,
            entered_at=now,
            by=actor.name,
            session_number=change.session_number(note_id),
            reason=told,
            text=text,
            reverses=number,
        )
        flag = safety_flag_open(change.session, change.chart.couple_id)
        facts = TransitionFacts(safety_flag_open=flag)
        return write_checked(change, rupture, event, facts, note_id=note_id)


def edit_rupture(
    code: str, ref: str, details: RuptureDetails, *, revision: int, actor: Actor, now: datetime
) -> int:
    """Describe a rupture anew, on top of `revision`; the new revision.

    Its visibility is changed by `set_visibility` only. Raises `Conflict`, `InvalidInput`.
    """
    with changing_course(code, actor=actor, now=now) as change:
        rupture = change.course.rupture(ref)
        choosable = change.choosable(*rupture.details.types, *rupture.details.roots)
        refuse(rupture_problems(details, choosable=choosable, today=change.chart.day(now)))
        kept = replace(
            details,
            visibility=rupture.details.visibility,
            disclosure=rupture.details.disclosure,
        )
        return _describe(change, rupture, kept, revision=revision, action="edited")


def set_visibility(
    code: str,
    ref: str,
    visibility: str,
    *,
    confirmed: bool = False,
    revision: int,
    actor: Actor,
    now: datetime,
) -> int:
    """Make a rupture `joint` or `restricted`; the new revision.

    From restricted to joint it must be confirmed a second time, else `ConfirmationNeeded`.
    """
    if visibility not in VISIBILITIES:
        raise InvalidInput({"visibility": [N_("Choose one from the list.")]})
    with changing_course(code, actor=actor, now=now) as change:
        rupture = change.course.rupture(ref)
        if visibility == rupture.details.visibility:
            return rupture.revision
        if visibility == "joint" and not confirmed:
            raise ConfirmationNeeded
        kept = replace(rupture.details, visibility=visibility)
        return _describe(change, rupture, kept, revision=revision, action=f"made_{visibility}")


def write_checked(
    change: Change,
    rupture: CourseRupture,
    event: RuptureEvent,
    facts: TransitionFacts,
    *,
    note_id: str | None = None,
) -> RuptureState:
    """Write an event if it may follow; the state after it. Raises `TransitionRefused`."""
    state = check_transition(rupture.events, proposed=event, facts=facts)
    add_event(change.session, rupture.id, event, couple_id=change.chart.couple_id, note_id=note_id)
    # The status is clinical: the audit log holds that it changed, not to what.
    change.note("changed", rupture.id)
    return state


def _describe(
    change: Change, rupture: CourseRupture, details: RuptureDetails, *, revision: int, action: str
) -> int:
    if rupture.revision != revision:
        raise Conflict(code="changed-elsewhere")
    row = change.session.get_one(Rupture, rupture.id, with_for_update=True)
    row.revision += 1
    row.details = details
    change.session.flush()
    change.note(action, row.id)
    return row.revision


def _seeded(change: Change, details: RuptureDetails) -> RuptureDetails:
    """What grows from a disclosure is restricted, whatever was asked."""
    seed = change.session.get(IndividualDisclosure, details.disclosure)
    if seed is None or seed.couple_id != change.chart.couple_id:
        raise NotFound(N_("There is no such disclosure."))
    return replace(details, visibility="restricted")


def _not_in_the_future(at: datetime, *, now: datetime) -> None:
    if at > now:
        raise InvalidInput({"effective_at": [N_("This time has not come yet.")]})
