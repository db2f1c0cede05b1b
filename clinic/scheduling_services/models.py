"""Connections to scheduling services, what they delivered, and what was made of it.

A delivery is kept for good: sealed, secrets stripped, unique by digest. A chain ties the ids of
one booking there, which change with every move, to one appointment here.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinic.foundation.crypto.sealed_text import SealedText
from clinic.foundation.database.transactions import ID, Base, new_id
from clinic.practice.models import SessionType, Therapist

PROVIDER = String(10)


class DeliveryState(StrEnum):
    """What became of a delivery."""

    NEW = "new"  # stored, not looked at yet
    APPLIED = "applied"
    IGNORED = "ignored"  # it means nothing here; the reason says why
    WAITING = "waiting"  # somebody has to say who or what is meant
    BROKEN = "broken"  # signed, but it cannot be read
    FAILED = "failed"  # applying it raised; it is tried again


class Origin(StrEnum):
    """How we came to know."""

    WEBHOOK = "webhook"
    RECONCILED = "reconciled"  # read from the service's API
    PUSHED = "pushed"  # the service's answer to a change of ours


class TaskKind(StrEnum):
    """What the desk is asked to look at."""

    CONFLICT = "conflict"
    PUSH_REFUSED = "push_refused"
    TELL_SERVICE = "tell_service"  # a change here that the service does not take from us
    ABSENT = "absent"
    SERIES = "series"
    AWAY = "away"  # an absence entered there
    HOST = "host"  # handed to somebody we do not know
    HOURS_REFUSED = "hours_refused"  # time off that the service does not take from us


class ServiceConnection(Base):
    """One account at a scheduling service."""

    __tablename__ = "service_connection"
    __table_args__ = (
        CheckConstraint("provider IN ('calcom', 'calendly')", "provider"),
        Index("ix_service_connection_clinic_id", "clinic_id"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinic.id"))
    provider: Mapped[str] = mapped_column(PROVIDER)
    name: Mapped[str] = mapped_column(String(60))
    api_key_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    secret_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    previous_secret_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    bookings_version: Mapped[str] = mapped_column(String(10), default="2024-08-13")
    """The `cal-api-version` of the bookings family; the service changed it before."""
    webhook_id: Mapped[str | None] = mapped_column(String(200))
    """The webhook as the service calls it, when we created it."""
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    last_delivery_at: Mapped[datetime | None]
    last_answer_at: Mapped[datetime | None]
    """When its API last answered as it should."""
    last_trouble: Mapped[str | None] = mapped_column(String(40))
    """Why its API did not, as a code; None when it did."""
    reconciled_until: Mapped[datetime | None]
    fully_reconciled_at: Mapped[datetime | None]

    api_key = SealedText()
    secret = SealedText()
    previous_secret = SealedText()

    hosts: Mapped[list[ServiceHost]] = relationship(
        order_by="ServiceHost.external", lazy="selectin"
    )
    event_types: Mapped[list[ServiceEventType]] = relationship(
        order_by="ServiceEventType.external", lazy="selectin"
    )

    @property
    def seal_owner(self) -> str:
        """Sealed with the clinic's key."""
        return self.clinic_id


class ServiceHost(Base):
    """Who an organizer there (an address or an id, in lower case) is here."""

    __tablename__ = "service_host"
    __table_args__ = (UniqueConstraint("connection_id", "external"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    connection_id: Mapped[str] = mapped_column(ForeignKey("service_connection.id"))
    external: Mapped[str] = mapped_column(String(254))
    therapist_id: Mapped[str] = mapped_column(ForeignKey("therapist.id"))

    therapist: Mapped[Therapist] = relationship(lazy="joined")


class ServiceEventType(Base):
    """Which session type an event type there is; with a therapist when it is theirs alone."""

    __tablename__ = "service_event_type"
    __table_args__ = (UniqueConstraint("connection_id", "external"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    connection_id: Mapped[str] = mapped_column(ForeignKey("service_connection.id"))
    external: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(200), default="")
    session_type_id: Mapped[str] = mapped_column(ForeignKey("session_type.id"))
    therapist_id: Mapped[str | None] = mapped_column(ForeignKey("therapist.id"))

    session_type: Mapped[SessionType] = relationship(lazy="joined")
    therapist: Mapped[Therapist | None] = relationship(lazy="joined")


class ServiceHours(Base):
    """Which overrides of an account's schedule there are ours, and whose gave way to them.

    The service replaces all overrides at once, so foreign ones have to be sent along.
    """

    __tablename__ = "service_hours"

    connection_id: Mapped[str] = mapped_column(
        ForeignKey("service_connection.id"), primary_key=True
    )
    schedule_id: Mapped[str | None] = mapped_column(String(200))
    ours: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    displaced: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    busy_until: Mapped[datetime | None]
    """One caller at a time; a lease, in case the caller is killed."""
    refused_as: Mapped[str | None] = mapped_column(String(64))
    """What the service refused for good, so that it is not sent again and again."""


class ServiceChain(Base):
    """The bookings there that are one appointment here, as the service last told of them.

    `asked_*` is what we asked the service for and have not heard about yet: an event that says
    the same is our own echo. `settled` says that a held cancellation has been carried out.
    """

    __tablename__ = "service_chain"
    __table_args__ = (
        UniqueConstraint("appointment_id", "provider"),
        Index("ix_service_chain_clinic_id_provider", "clinic_id", "provider"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinic.id"))
    provider: Mapped[str] = mapped_column(PROVIDER)
    connection_id: Mapped[str | None] = mapped_column(ForeignKey("service_connection.id"))
    appointment_id: Mapped[str | None] = mapped_column(ForeignKey("appointment.id"))
    current_id: Mapped[str | None] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(10), default="unknown")
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    """When the newest thing we know of happened there."""
    held_until: Mapped[datetime | None]
    settled: Mapped[bool] = mapped_column(default=False)
    asked_at: Mapped[datetime | None]
    asked_status: Mapped[str | None] = mapped_column(String(10))
    asked_starts_at: Mapped[datetime | None]
    busy_until: Mapped[datetime | None]
    """One call at a time for a chain; a lease, in case the caller is killed."""
    refused_as: Mapped[str | None] = mapped_column(String(120))
    """The change that the service refused for good, so that it is not sent again and again."""
    created_at: Mapped[datetime]


class ServiceBookingId(Base):
    """Every booking id that was ever named, and the chain it belongs to."""

    __tablename__ = "service_booking_id"
    __table_args__ = (Index("ix_service_booking_id_chain_id", "chain_id"),)

    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinic.id"), primary_key=True)
    provider: Mapped[str] = mapped_column(PROVIDER, primary_key=True)
    external_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    chain_id: Mapped[str] = mapped_column(ForeignKey("service_chain.id"))


class ServiceDelivery(Base):
    """One verified delivery."""

    __tablename__ = "service_delivery"
    __table_args__ = (
        CheckConstraint(
            "state IN ('new', 'applied', 'ignored', 'waiting', 'broken', 'failed')", "state"
        ),
        Index("ix_service_delivery_clinic_id_received_at", "clinic_id", "received_at"),
        Index("ix_service_delivery_chain_id", "chain_id"),
        Index("ix_service_delivery_state", "state"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinic.id"))
    provider: Mapped[str] = mapped_column(PROVIDER)
    connection_id: Mapped[str | None] = mapped_column(ForeignKey("service_connection.id"))
    chain_id: Mapped[str | None] = mapped_column(ForeignKey("service_chain.id"))
    origin: Mapped[str] = mapped_column(String(10), default=Origin.WEBHOOK)
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    trigger: Mapped[str] = mapped_column(String(60), default="")
    body_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    received_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10))
    outcome: Mapped[str] = mapped_column(String(200), default="")
    """What was done, or what is missing, as codes divided by commas."""
    attempts: Mapped[int] = mapped_column(default=0)
    settled_at: Mapped[datetime | None]

    body = SealedText()

    @property
    def seal_owner(self) -> str:
        """Sealed with the clinic's key: whose couple it is may not be known yet."""
        return self.clinic_id


class ServiceTask(Base):
    """Something that only a person can settle."""

    __tablename__ = "service_task"
    __table_args__ = (
        UniqueConstraint("clinic_id", "key"),
        Index("ix_service_task_clinic_id_done_at", "clinic_id", "done_at"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinic.id"))
    key: Mapped[str] = mapped_column(String(160))
    """What it is about, so that the same thing is asked once."""
    kind: Mapped[str] = mapped_column(String(20))
    provider: Mapped[str] = mapped_column(PROVIDER)
    appointment_id: Mapped[str | None] = mapped_column(ForeignKey("appointment.id"))
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    done_by: Mapped[str | None] = mapped_column(String(60))


class RefusedDeliveries(Base):
    """How many deliveries of a day were not signed with a key we know; nothing else of them."""

    __tablename__ = "refused_deliveries"

    provider: Mapped[str] = mapped_column(PROVIDER, primary_key=True)
    on_date: Mapped[date] = mapped_column(Date, primary_key=True)
    count: Mapped[int] = mapped_column(default=0)


class WebhookSubscriber(Base):
    """Another system of the clinic that is told of changes to appointments."""

    __tablename__ = "webhook_subscriber"

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinic.id"))
    name: Mapped[str] = mapped_column(String(60))
    url_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    secret_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    url = SealedText()
    secret = SealedText()

    @property
    def seal_owner(self) -> str:
        """Sealed with the clinic's key."""
        return self.clinic_id


class WebhookMessage(Base):
    """One event for one subscriber; the id stays the same for every try."""

    __tablename__ = "webhook_message"
    __table_args__ = (
        UniqueConstraint("subscriber_id", "event_key"),
        Index("ix_webhook_message_created_at", "created_at"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    subscriber_id: Mapped[str] = mapped_column(ForeignKey("webhook_subscriber.id"))
    event_key: Mapped[str] = mapped_column(String(60))
    """Appointment and number of the change: one event gives one message."""
    kind: Mapped[str] = mapped_column(String(40))
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    last_status: Mapped[int | None]
    delivered_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]

    subscriber: Mapped[WebhookSubscriber] = relationship(lazy="joined")
