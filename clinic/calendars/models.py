"""Feed addresses: who may read which feed. Only the token's hash is kept."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from clinic.foundation.database import ID, Base, new_id


class FeedKind(StrEnum):
    """What a feed holds."""

    THERAPIST = "therapist"
    PARTNER = "partner"


class CalendarFeed(Base):
    """One subscription address; revoked, it is as if it never was."""

    __tablename__ = "calendar_feed"
    __table_args__ = (
        CheckConstraint("kind IN ('therapist', 'partner')", "kind"),
        Index("ix_calendar_feed_therapist_id", "therapist_id"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinic.id"))
    kind: Mapped[str] = mapped_column(String(10))
    therapist_id: Mapped[str | None] = mapped_column(ForeignKey("therapist.id"))
    member_id: Mapped[str | None] = mapped_column(ForeignKey("couple_member.id"))
    name: Mapped[str] = mapped_column(String(60))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_read_at: Mapped[datetime | None]
