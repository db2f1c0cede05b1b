"""Who and what the service means: organizers and event types, read through the mappings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.couples.service import PartnerDetails
from clinic.practice.models import Clinic, Therapist
from clinic.scheduling_services.models import ServiceConnection, ServiceEventType, ServiceHost
from clinic.scheduling_services.rules.events import Attendee
from clinic.scheduling_services.rules.reschedule_chain_state import ChainState

LONGEST_NAME = 100
NAMELESS = "Client"


@dataclass(frozen=True, slots=True)
class Mapping:
    """What a booking there is here; `missing` names what somebody has to say first."""

    therapist_id: str | None
    session_type_id: str | None

    @property
    def missing(self) -> tuple[str, ...]:
        """Codes of what is not known."""
        codes = (
            ("unknown_host", self.therapist_id),
            ("unknown_event_type", self.session_type_id),
        )
        return tuple(code for code, found in codes if found is None)


def map_chain(session: Session, state: ChainState, *, clinic_id: str) -> Mapping:
    """The therapist and session type of a chain: by organizer; where none is named, by event type.

    An organizer whom nobody has mapped is never guessed from the event type.
    """
    event_type = _event_type(session, state, clinic_id=clinic_id)
    named = [*state.organizer_ids, *state.organizer_emails]
    therapist = host_of(session, named, provider=state.provider, clinic_id=clinic_id)
    if not named and event_type is not None:
        therapist = event_type.therapist_id
    return Mapping(therapist, event_type.session_type_id if event_type else None)


def host_of(session: Session, names: Sequence[str], *, provider: str, clinic_id: str) -> str | None:
    """The therapist of the first of these organizer ids or addresses that is mapped."""
    wanted = [name_of_host(one) for one in names]
    query = (
        select(ServiceHost.external, ServiceHost.therapist_id)
        .join(ServiceConnection, ServiceConnection.id == ServiceHost.connection_id)
        .where(ServiceConnection.clinic_id == clinic_id, ServiceConnection.provider == provider)
        .where(ServiceHost.external.in_(wanted))
    )
    found = {external: therapist for external, therapist in session.execute(query)}  # noqa: C416 - typed
    return next((found[one] for one in wanted if one in found), None)


def name_of_host(given: str) -> str:
    """An organizer as it is kept: lower case, and of a web address only the last part."""
    return last_part(given).lower()


def last_part(given: str) -> str:
    """Calendly names things by their web address; the last part is the id."""
    return given.strip().rstrip("/").rsplit("/", 1)[-1]


def partners_of(
    attendees: Sequence[Attendee],
    *,
    organizer_emails: Sequence[str],
    therapist: Therapist,
    clinic: Clinic,
) -> tuple[PartnerDetails, ...]:
    """Booker and first guest. A guest who left no name is called by their own address."""
    people = [one for one in attendees if one.email is None or one.email not in organizer_emails]
    found = tuple(_partner(one, therapist=therapist, clinic=clinic) for one in people[:2])
    nobody = Attendee(email=None)
    return found or (_partner(nobody, therapist=therapist, clinic=clinic),)


def _partner(one: Attendee, *, therapist: Therapist, clinic: Clinic) -> PartnerDetails:
    name = " ".join(one.name.split()) or (one.email or "").partition("@")[0] or NAMELESS
    spoken = (one.language or clinic.language)[:2].lower()
    return PartnerDetails(
        name=name[:LONGEST_NAME],
        email=one.email or "",
        time_zone=one.time_zone or therapist.time_zone,
        language=spoken if spoken in {"en", "pt"} else clinic.language,
    )


def _event_type(session: Session, state: ChainState, *, clinic_id: str) -> ServiceEventType | None:
    if state.event_type_id is None:
        return None
    query = (
        select(ServiceEventType)
        .join(ServiceConnection, ServiceConnection.id == ServiceEventType.connection_id)
        .where(
            ServiceConnection.clinic_id == clinic_id,
            ServiceConnection.provider == state.provider,
            ServiceEventType.external == last_part(state.event_type_id),
        )
        .order_by(ServiceConnection.created_at)
    )
    return session.scalars(query).first()
