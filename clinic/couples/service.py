"""A couple's record: opened by a first booking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from clinic.couples.models import Couple, CoupleMember, Partner
from clinic.foundation import audit
from clinic.foundation.crypto.blind_index import index_of
from clinic.foundation.crypto.data_keys import create_keys
from clinic.foundation.database.transactions import lock_name, new_id, transaction
from clinic.foundation.permissions.actors import Actor
from clinic.practice.models import Clinic

EMAIL_INDEX = "person-email"
SLOTS = "ABCDEFGH"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerDetails:
    """What a partner tells about themselves when booking."""

    name: str
    email: str
    """Empty for a partner who comes along without giving an address."""
    time_zone: str
    language: str


def enrol_couple(
    partners: Sequence[PartnerDetails], *, lead_therapist_id: str, actor: Actor, now: datetime
) -> Couple:
    """The couple these partners are, or a new record with status `enquiry` and the next code.

    An existing record is taken only when every address given belongs to one and the same couple:
    somebody who comes with another partner gets a record of its own.
    """
    with transaction() as session:
        found = _couple_of_all(
            session, partners, lead_therapist_id=lead_therapist_id, clinic_id=actor.clinic_id
        )
        if found is not None:
            return found
        couple = Couple(
            id=new_id(),
            clinic_id=actor.clinic_id,
            code=_next_code(session, actor.clinic_id),
            status="enquiry",
            lead_therapist_id=lead_therapist_id,
            created_at=now,
        )
        session.add(couple)
        session.flush()
        create_keys(session, owner=couple.id)
        for slot, partner in zip(SLOTS, partners, strict=False):
            _add_member(session, couple, slot, partner, now=now)
        session.flush()
        session.refresh(couple, ["members"])
        audit.record(
            session, "couple.enrolled", kind="couple", object_id=couple.id, actor=actor, now=now
        )
    return couple


def members_named(couple: Couple, partners: Sequence[PartnerDetails]) -> list[CoupleMember]:
    """The members of the couple who have these addresses, in the order the partners are given."""
    by_index = {
        member.person.email_index: member
        for member in couple.members
        if member.left_at is None and member.person.email_index is not None
    }
    indexes = [
        index_of(couple.clinic_id, partner.email, purpose=EMAIL_INDEX)
        for partner in partners
        if partner.email
    ]
    return [by_index[index] for index in dict.fromkeys(indexes) if index in by_index]


def _next_code(session: Session, clinic_id: str) -> str:
    number = session.scalar(
        update(Clinic)
        .where(Clinic.id == clinic_id)
        .values(couples_counted=Clinic.couples_counted + 1)
        .returning(Clinic.couples_counted)
    )
    return f"C-{number:04d}"


def _couple_of_all(
    session: Session,
    partners: Sequence[PartnerDetails],
    *,
    lead_therapist_id: str,
    clinic_id: str,
) -> Couple | None:
    """Return the couple that has all these addresses: one this therapist leads, or the oldest.

    Anybody can make a new record with somebody's address; it must not take over from theirs.
    """
    _lock_addresses(session, partners, clinic_id=clinic_id)
    common: set[str] | None = None
    for partner in partners:
        if not partner.email:
            return None
        index = index_of(clinic_id, partner.email, purpose=EMAIL_INDEX)
        query = (
            select(CoupleMember.couple_id)
            .join(Couple, Couple.id == CoupleMember.couple_id)
            .join(Partner, Partner.id == CoupleMember.person_id)
            .where(Partner.email_index == index, CoupleMember.left_at.is_(None))
            .where(Couple.clinic_id == clinic_id, Couple.status != "closed")
        )
        ids = set(session.scalars(query))
        common = ids if common is None else common & ids
    if not common:
        return None
    led = Couple.lead_therapist_id == lead_therapist_id
    found = select(Couple).where(Couple.id.in_(common))
    return session.scalars(found.order_by(led.desc(), Couple.created_at, Couple.id)).first()


def _lock_addresses(
    session: Session, partners: Sequence[PartnerDetails], *, clinic_id: str
) -> None:
    """Let one booking at a time decide which couple these addresses are; always in one order."""
    indexes = {index_of(clinic_id, one.email, purpose=EMAIL_INDEX) for one in partners if one.email}
    for index in sorted(indexes):
        lock_name(session, b"person:" + index)


def _add_member(
    session: Session, couple: Couple, slot: str, partner: PartnerDetails, *, now: datetime
) -> None:
    person = Partner(
        id=new_id(),
        seal_owner=couple.id,
        language=partner.language,
        time_zone=partner.time_zone,
        created_at=now,
    )
    person.name = partner.name
    if partner.email:
        person.email = partner.email
        person.email_index = index_of(couple.clinic_id, partner.email, purpose=EMAIL_INDEX)
    session.add(person)
    session.flush()
    session.add(
        CoupleMember(
            id=new_id(), couple_id=couple.id, person_id=person.id, slot=slot, joined_at=now
        )
    )
