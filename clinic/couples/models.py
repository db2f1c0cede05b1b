"""The unit of care: a couple, and the partners in it.

Everything personal is sealed with the couple's own data key; an e-mail address can be found by
its blind index only.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinic.foundation.crypto.sealed_text import SealedText
from clinic.foundation.database.transactions import ID, Base, new_id


class Couple(Base):
    """The treatment unit."""

    __tablename__ = "couple"
    __table_args__ = (
        UniqueConstraint("clinic_id", "code"),
        CheckConstraint("status IN ('enquiry', 'intake', 'active', 'paused', 'closed')", "status"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinic.id"))
    code: Mapped[str] = mapped_column(String(12))
    status: Mapped[str] = mapped_column(String(10), default="enquiry")
    lead_therapist_id: Mapped[str | None] = mapped_column(ForeignKey("therapist.id"))
    created_at: Mapped[datetime]

    members: Mapped[list[CoupleMember]] = relationship(
        back_populates="couple", order_by="CoupleMember.slot", lazy="selectin"
    )


class Partner(Base):
    """One partner. Each is a person of their own: own name, address, language and zone."""

    __tablename__ = "person"
    __table_args__ = (Index("ix_person_email_index", "email_index"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    seal_owner: Mapped[str] = mapped_column(ForeignKey("couple.id"))
    """The couple whose key seals this person's data."""
    name_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    email_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    email_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    language: Mapped[str] = mapped_column(String(2))
    time_zone: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]

    name = SealedText()
    email = SealedText()


class CoupleMember(Base):
    """A person's place in a couple: A, B (the table allows more)."""

    __tablename__ = "couple_member"
    __table_args__ = (UniqueConstraint("couple_id", "slot"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    couple_id: Mapped[str] = mapped_column(ForeignKey("couple.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    slot: Mapped[str] = mapped_column(String(1))
    joined_at: Mapped[datetime]
    left_at: Mapped[datetime | None]

    couple: Mapped[Couple] = relationship(back_populates="members", lazy="raise")
    person: Mapped[Partner] = relationship(lazy="joined")
