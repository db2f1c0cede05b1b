"""Who is named in an appointment: the one place that every page, list and note asks.

Whoever was named in the booking with an address holds a link to it. A partner without an address
holds none: they are named in the booking that entered them, and in no other, because nobody can
book with them again without an address.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from clinic.booking.appointments.models import Appointment, ManageLink
from clinic.couples.models import Couple, CoupleMember
from clinic.foundation.database.transactions import session

AT_ONCE = 10_000
"""Ids in one query: SQLite takes 32,766 values, PostgreSQL 65,535."""

Named = tuple[CoupleMember, ...]


@dataclass(frozen=True, slots=True)
class BookedSession:
    """An appointment as the access policy sees it: whose it is and whether one comes alone."""

    couple: Couple
    clinic_id: str
    therapist_id: str
    named: frozenset[str]
    """The ids of the members who are named in it."""
    is_individual: bool

    @property
    def held_by(self) -> str:
        """The therapist who holds the session."""
        return self.therapist_id


def named_in_each(appointments: Iterable[Appointment]) -> Mapping[str, Named]:
    """Return the named members of each appointment by its id, A before B.

    One query for every 10,000 appointments.
    """
    rows = list(appointments)
    linked = _linked([row.id for row in rows])
    return {row.id: _named(row, linked) for row in rows}


def named_members(appointment: Appointment) -> Named:
    """Return the members who are named in one appointment, A before B."""
    return named_in_each([appointment])[appointment.id]


def is_individual(named: Collection[str], *, members: Collection[str], held_by_lead: bool) -> bool:
    """Return whether a session is one partner's own and not the couple's.

    It is when one partner alone is named. Where the record knows nobody but that partner, the
    sessions with its lead therapist are its course; one with another therapist is still apart.
    """
    return len(named) == 1 and (len(members) > 1 or not held_by_lead)


def booked_session(appointment: Appointment, named: Sequence[CoupleMember]) -> BookedSession:
    """Return what the access policy asks of an appointment."""
    couple = appointment.couple
    return BookedSession(
        couple=couple,
        clinic_id=appointment.clinic_id,
        therapist_id=appointment.therapist_id,
        named=frozenset(one.id for one in named),
        is_individual=is_individual(
            [one.slot for one in named],
            members=[one.slot for one in couple.members],
            held_by_lead=couple.lead_therapist_id == appointment.therapist_id,
        ),
    )


def _linked(ids: Sequence[str]) -> set[tuple[str, str]]:
    """Return (appointment id, member id) of every link, ended ones too: naming is not undone."""
    found: set[tuple[str, str]] = set()
    for first in range(0, len(ids), AT_ONCE):
        rows = session().execute(
            select(ManageLink.appointment_id, ManageLink.member_id).where(
                ManageLink.appointment_id.in_(ids[first : first + AT_ONCE])
            )
        )
        found.update((appointment_id, member_id) for appointment_id, member_id in rows)
    return found


def _named(appointment: Appointment, linked: Collection[tuple[str, str]]) -> Named:
    return tuple(
        member
        for member in appointment.couple.members
        if (appointment.id, member.id) in linked or _entered_by(appointment, member)
    )


def _entered_by(appointment: Appointment, member: CoupleMember) -> bool:
    """Whether this booking entered a partner who gave no address."""
    return member.person.email_index is None and member.joined_at == appointment.created_at
