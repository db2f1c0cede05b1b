"""From one state of a chain to the next: what has to be done to the appointment here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from clinic.scheduling_services.rules.reschedule_chain_state import OVER, ChainState, ChainStatus


@dataclass(frozen=True, slots=True)
class Book:
    """Make the appointment; with a status that is over, record it as such and tell nobody."""

    state: ChainState


@dataclass(frozen=True, slots=True)
class Move:
    """Same appointment, other time, or back to waiting for a yes at the new time."""

    starts_at: datetime | None
    ends_at: datetime | None
    status: ChainStatus


@dataclass(frozen=True, slots=True)
class Confirm:
    """The request was accepted."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """It will not take place. `rejected`: a request was declined. The times are the last known."""

    rejected: bool
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    reason: str | None = None
    cancelled_by: str | None = None
    request_reschedule: bool = False
    series: bool = False
    cancelled_dates: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Correct:
    """It is over already, but the record differs: put it right and tell nobody."""

    starts_at: datetime | None
    ends_at: datetime | None
    status: ChainStatus


@dataclass(frozen=True, slots=True)
class Restore:
    """It was cancelled here and stands again: the same appointment, not a new one."""

    starts_at: datetime | None
    ends_at: datetime | None
    status: ChainStatus


@dataclass(frozen=True, slots=True)
class NoShow:
    """A person's absence was marked, or the mark taken back."""

    email: str
    absent: bool


@dataclass(frozen=True, slots=True)
class Reassign:
    """Another host holds it now."""

    organizer_ids: tuple[str, ...]
    organizer_emails: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Join:
    """Two chains turned out to be one: withdraw the appointment made for `root_id`, quietly.

    Both are the root ids of the earlier states; every other effect is about the kept one.
    """

    root_id: str
    kept_root_id: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing to do, with the reason shown on the integrations page."""

    because: str


Effect: TypeAlias = (
    Book | Move | Confirm | Cancel | Correct | Restore | NoShow | Reassign | Join | Nothing
)


def diff(
    previous: ChainState | None, new: ChainState, *, joined: Sequence[ChainState] = ()
) -> list[Effect]:
    """What leads from `previous` to `new`; never empty (Nothing says why).

    `joined`: states of other chains that a late link has made part of this one. The appointment
    of the oldest is kept, so that there is always one appointment and one UID to a chain.
    """
    if not new.is_made:
        return [Nothing("no booking of this id has been told of yet; it is remembered")]
    surviving, withdrawn = _surviving(
        [one for one in (previous, *joined) if one and one.is_made], new=new
    )
    if surviving is None:
        return [Book(new), *_absences((), new.no_shows)]
    effects: list[Effect] = [Join(one.root_id, surviving.root_id) for one in withdrawn]
    effects += _change(surviving, new)
    effects += _hosts(surviving, new)
    effects += _absences(surviving.no_shows, new.no_shows)
    return effects or [Nothing(_why_nothing(new))]


def _surviving(
    earlier: Sequence[ChainState], *, new: ChainState
) -> tuple[ChainState | None, Sequence[ChainState]]:
    if not earlier:
        return None, ()
    ordered = sorted(earlier, key=lambda one: new.ids.index(one.root_id))
    return ordered[0], ordered[1:]


def _change(old: ChainState, new: ChainState) -> list[Effect]:
    same = (old.starts_at, old.ends_at, old.status) == (new.starts_at, new.ends_at, new.status)
    if same:
        return []
    if new.status in OVER:
        return [_correct(new) if old.status in OVER else _cancel(new)]
    if old.status in OVER:
        return [Restore(new.starts_at, new.ends_at, new.status)]
    moved = (old.starts_at, old.ends_at) != (new.starts_at, new.ends_at)
    if moved or new.status is not ChainStatus.CONFIRMED:
        return [Move(new.starts_at, new.ends_at, new.status)]
    return [Confirm()]


def _correct(new: ChainState) -> Correct:
    return Correct(new.starts_at, new.ends_at, new.status)


def _cancel(new: ChainState) -> Cancel:
    ending = new.ending
    return Cancel(
        rejected=new.status is ChainStatus.REJECTED,
        starts_at=new.starts_at,
        ends_at=new.ends_at,
        reason=ending.cancel_reason if ending else None,
        cancelled_by=ending.cancelled_by if ending else None,
        request_reschedule=ending is not None and ending.request_reschedule,
        series=ending is not None and ending.series_cancelled,
        cancelled_dates=ending.cancelled_dates if ending else (),
    )


def _hosts(old: ChainState, new: ChainState) -> list[Effect]:
    # By id only: one host may use several addresses.
    if not old.organizer_ids or not new.organizer_ids or old.organizer_ids == new.organizer_ids:
        return []
    return [Reassign(new.organizer_ids, new.organizer_emails)]


def _absences(old: Sequence[str], new: Sequence[str]) -> list[Effect]:
    marked: list[Effect] = [NoShow(email, absent=True) for email in new if email not in old]
    return marked + [NoShow(email, absent=False) for email in old if email not in new]


def _why_nothing(new: ChainState) -> str:
    if new.pending_reschedule:
        return "cancelled in order to be moved; the new time has not arrived yet"
    return "the appointment here already says so"
