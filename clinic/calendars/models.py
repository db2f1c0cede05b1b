"""Feed addresses out, and outside calendars in.

Of a feed's token only a hash is kept; an outside calendar's address, which opens somebody's whole
private calendar, is sealed, and people see its host only.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinic.foundation.crypto.sealed_text import SealedText
from clinic.foundation.database.transactions import ID, Base, new_id
from clinic.practice.models import Therapist


class FeedKind(StrEnum):
    """What a feed holds: one therapist's sessions, one partner's, or all of the clinic's."""

    THERAPIST = "therapist"
    PARTNER = "partner"
    CLINIC = "clinic"


class Show(StrEnum):
    """How much an entry of a feed says."""

    NEUTRAL = "neutral"
    INITIALS = "initials"
    """Only in a therapist's own feed: the partners' initials beside the neutral phrase."""
    BUSY = "busy"


class CalendarFeed(Base):
    """One subscription address; revoked, it is as if it never was."""

    __tablename__ = "calendar_feed"
    __table_args__ = (
        CheckConstraint("kind IN ('therapist', 'partner', 'clinic')", "kind"),
        CheckConstraint("show IN ('neutral', 'initials', 'busy')", "show"),
        CheckConstraint("days_back BETWEEN 0 AND 90", "days_back"),
        CheckConstraint("days_ahead BETWEEN 1 AND 540", "days_ahead"),
        CheckConstraint("reminder_minutes BETWEEN 0 AND 20160", "reminder_minutes"),
        Index("ix_calendar_feed_therapist_id", "therapist_id"),
        Index("ix_calendar_feed_member_id", "member_id"),
        Index("ix_calendar_feed_account_id", "account_id"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinic.id"))
    kind: Mapped[str] = mapped_column(String(10))
    therapist_id: Mapped[str | None] = mapped_column(ForeignKey("therapist.id"))
    member_id: Mapped[str | None] = mapped_column(ForeignKey("couple_member.id"))
    account_id: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    """Whose rights a feed of the whole clinic is read with, asked anew at each reading."""
    name: Mapped[str] = mapped_column(String(60))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    show: Mapped[str] = mapped_column(String(10), default=Show.NEUTRAL)
    days_back: Mapped[int] = mapped_column(default=60)
    days_ahead: Mapped[int] = mapped_column(default=540)
    reminder_minutes: Mapped[int | None]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime | None]
    """When its settings were last changed."""
    revoked_at: Mapped[datetime | None]
    last_read_at: Mapped[datetime | None]


class OutsideState(StrEnum):
    """How the last try to read an outside calendar ended."""

    NEW = "new"
    OK = "ok"
    UNREACHABLE = "unreachable"
    TOO_SLOW = "too_slow"
    TOO_LARGE = "too_large"
    WEB_PAGE = "web_page"
    UNREADABLE = "unreadable"
    LOCKED = "locked"
    GONE = "gone"
    REFUSED = "refused"


class OutsideCalendar(Base):
    """A therapist's calendar somewhere else, whose busy times block theirs here."""

    __tablename__ = "outside_calendar"
    __table_args__ = (
        UniqueConstraint("therapist_id", "url_index"),
        CheckConstraint("failures >= 0", "failures"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinic.id"))
    therapist_id: Mapped[str] = mapped_column(ForeignKey("therapist.id"))
    name: Mapped[str] = mapped_column(String(60))
    url_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    url_index: Mapped[bytes] = mapped_column(LargeBinary)
    """Blind index of the address: the same one is not added twice."""
    host: Mapped[str] = mapped_column(String(253))
    ignore_all_day: Mapped[bool] = mapped_column(default=False)
    etag: Mapped[str | None] = mapped_column(String(500))
    last_modified: Mapped[str | None] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(12), default=OutsideState.NEW)
    trouble: Mapped[str | None] = mapped_column(String(300))
    """What the reader said about a file it could not use."""
    warnings: Mapped[list[str]] = mapped_column(JSON, default=list)
    failures: Mapped[int] = mapped_column(default=0)
    """Failed tries in a row."""
    round: Mapped[int] = mapped_column(default=0)
    """Which promised refresh is the next one; promises with another number are out of date."""
    asked_at: Mapped[datetime | None]
    """When somebody last pressed refresh."""
    last_tried_at: Mapped[datetime | None]
    last_ok_at: Mapped[datetime | None]
    read_whole_at: Mapped[datetime | None]
    """When the file itself was last read: "unchanged" answers do not move the window along."""
    next_try_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    url = SealedText()

    therapist: Mapped[Therapist] = relationship()

    @property
    def seal_owner(self) -> str:
        """Sealed with the clinic's key."""
        return self.clinic_id

    @property
    def origin(self) -> str:
        """What its busy times are marked with."""
        return f"calendar:{self.id}"
