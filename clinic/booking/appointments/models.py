"""Appointments and holds: the stored claims on a therapist's time.

The database itself refuses two live appointments of one therapist that overlap (an exclusion
constraint on PostgreSQL, a trigger on SQLite; see the first migration). Rows are never deleted,
and every change is a row of `appointment_change`, which the database keeps append-only.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinic.couples.models import Couple, CoupleMember
from clinic.foundation.crypto.sealed_text import SealedText
from clinic.foundation.database.transactions import ID, Base, new_id
from clinic.practice.models import SessionType, Therapist


class AppointmentStatus(StrEnum):
    """Where an appointment stands."""

    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    EXPIRED = "expired"


LIVE = (AppointmentStatus.REQUESTED, AppointmentStatus.CONFIRMED, AppointmentStatus.COMPLETED)
"""An appointment in one of these claims its time."""

LIVE_SQL = text("appointment.status IN ('requested', 'confirmed', 'completed')")
"""The same as a condition with plain values: with parameters no partial index would be used."""


class Source(StrEnum):
    """Who made the appointment."""

    SITE = "site"
    STAFF = "staff"
    CALCOM = "calcom"
    CALENDLY = "calendly"


class Appointment(Base):
    """A claim of a time with a therapist, by a couple."""

    __tablename__ = "appointment"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", "order"),
        CheckConstraint("sequence >= 0", "sequence"),
        CheckConstraint(
            "status IN ('requested', 'confirmed', 'completed', 'cancelled', 'declined', 'expired')",
            "status",
        ),
        Index(
            "ix_appointment_live",
            "therapist_id",
            "ends_at",
            "starts_at",
            sqlite_where=text("status IN ('requested', 'confirmed', 'completed')"),
            postgresql_where=text("status IN ('requested', 'confirmed', 'completed')"),
        ),
        Index("ix_appointment_therapist_id_starts_at", "therapist_id", "starts_at"),
        Index("ix_appointment_couple_id", "couple_id"),
        Index("ix_appointment_external", "source", "external_id"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinic.id"))
    reference: Mapped[str] = mapped_column(String(12), unique=True)
    """What people read to each other on the phone; opens nothing."""
    uid: Mapped[str] = mapped_column(String(36), unique=True, default=lambda: str(uuid.uuid4()))
    """The calendar entry's identity for life (RFC 7986 5.3: a bare random UUID)."""
    sequence: Mapped[int] = mapped_column(default=0)
    """Raised by one with every change of time, place or status (RFC 5545 3.8.7.4)."""
    status: Mapped[str] = mapped_column(String(10))
    therapist_id: Mapped[str] = mapped_column(ForeignKey("therapist.id"))
    session_type_id: Mapped[str] = mapped_column(ForeignKey("session_type.id"))
    couple_id: Mapped[str] = mapped_column(ForeignKey("couple.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    wall_start: Mapped[str] = mapped_column(String(16))
    """The intended wall time, `YYYY-MM-DDTHH:MM`, in `time_zone` (the therapist's)."""
    time_zone: Mapped[str] = mapped_column(String(64))
    buffer_before_minutes: Mapped[int]
    buffer_after_minutes: Mapped[int]
    format: Mapped[str] = mapped_column(String(10))
    concerns_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    message_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    source: Mapped[str] = mapped_column(String(10), default=Source.SITE)
    external_id: Mapped[str | None] = mapped_column(String(200))
    conflict: Mapped[bool] = mapped_column(default=False)
    """It came from outside and overlaps: outside the exclusion, both kept, the desk is asked."""
    privacy_accepted_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]

    concerns = SealedText()
    message = SealedText()

    therapist: Mapped[Therapist] = relationship(lazy="joined")
    session_type: Mapped[SessionType] = relationship(lazy="joined")
    couple: Mapped[Couple] = relationship(lazy="select")

    @property
    def seal_owner(self) -> str:
        """Sealed with the couple's key."""
        return self.couple_id

    @property
    def is_live(self) -> bool:
        """Whether it still claims its time."""
        return self.status in LIVE


class AppointmentChange(Base):
    """One thing that happened to an appointment; append-only."""

    __tablename__ = "appointment_change"
    __table_args__ = (UniqueConstraint("appointment_id", "number"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    appointment_id: Mapped[str] = mapped_column(ForeignKey("appointment.id"))
    seal_owner: Mapped[str] = mapped_column(ID)
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(12))
    """booked, requested, confirmed, declined, moved, cancelled, expired, completed."""
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(60))
    sequence: Mapped[int]
    status: Mapped[str] = mapped_column(String(10))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    previous_starts_at: Mapped[datetime | None]
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    reason_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)

    reason = SealedText()


class ManageLink(Base):
    """One partner's link to one appointment: only hashes of its tokens are kept.

    The mailed token opens it as that partner. Whoever booked was also shown another token, which
    opens the appointment and nothing else (`LINK_MAY` in the access policy).
    """

    __tablename__ = "manage_link"
    __table_args__ = (Index("ix_manage_link_shown_token_hash", "shown_token_hash", unique=True),)

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    appointment_id: Mapped[str] = mapped_column(ForeignKey("appointment.id"))
    member_id: Mapped[str] = mapped_column(ForeignKey("couple_member.id"))
    version: Mapped[int] = mapped_column(default=1)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    shown_token_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    shown_time_zone: Mapped[str | None] = mapped_column(String(64))
    """The zone stated when booking: a known partner's own is not for whoever booked."""
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    appointment: Mapped[Appointment] = relationship(lazy="joined")
    member: Mapped[CoupleMember] = relationship(lazy="joined")


class Hold(Base):
    """A short claim on a slot while somebody fills in the details."""

    __tablename__ = "hold"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", "order"),
        UniqueConstraint("visitor_hash"),
        Index("ix_hold_therapist_id_expires_at", "therapist_id", "expires_at"),
        Index("ix_hold_network_index", "network_index"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    therapist_id: Mapped[str] = mapped_column(ForeignKey("therapist.id"))
    session_type_id: Mapped[str] = mapped_column(ForeignKey("session_type.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    buffer_before_minutes: Mapped[int]
    buffer_after_minutes: Mapped[int]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    visitor_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Which browser holds it: the hash of a random value in its cookie. One hold for each."""
    network_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Blind index of the network it was taken from."""

    therapist: Mapped[Therapist] = relationship(lazy="joined")
    session_type: Mapped[SessionType] = relationship(lazy="joined")


class ImportedBusyRow(Base):
    """A therapist's busy time in another calendar: times and nothing but times."""

    __tablename__ = "outside_busy"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", "order"),
        Index("ix_outside_busy_therapist_id_ends_at", "therapist_id", "ends_at"),
        Index("ix_outside_busy_origin", "origin"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    therapist_id: Mapped[str] = mapped_column(ForeignKey("therapist.id"))
    origin: Mapped[str] = mapped_column(String(60))
    """Which calendar it came from, so that a refresh replaces its own rows only."""
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]


class IdempotencyKey(Base):
    """A submit that was answered: the same key again gets the same appointment."""

    __tablename__ = "idempotency_key"

    key_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    appointment_id: Mapped[str] = mapped_column(ForeignKey("appointment.id"))
    created_at: Mapped[datetime]


class VisitorCount(Base):
    """How often visitors of one network, or about one e-mail address, did something in a window."""

    __tablename__ = "visitor_count"
    __table_args__ = (Index("ix_visitor_count_window_start", "window_start"),)

    counted: Mapped[str] = mapped_column(String(20), primary_key=True)
    key_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    """A blind index, so that neither addresses nor e-mails can be read here."""
    window_start: Mapped[datetime] = mapped_column(primary_key=True)
    number: Mapped[int]
