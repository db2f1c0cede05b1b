"""The clinic, its therapists, what they offer and when they work.

Wall times are kept as minutes from local midnight beside the zone they are meant in; instants
are UTC. Texts that the public site shows are plain, personal ones are sealed.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

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


class Clinic(Base):
    """One clinic. An installation could serve several, so nothing assumes there is one row."""

    __tablename__ = "clinic"

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    short_name: Mapped[str] = mapped_column(String(40))
    time_zone: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(2), default="en")
    email: Mapped[str] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(40))
    address: Mapped[str | None] = mapped_column(String(300))
    welcome: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    """What the front page says about the clinic, by language."""
    is_demo: Mapped[bool] = mapped_column(default=False)
    couples_counted: Mapped[int] = mapped_column(default=0)
    """The last number given to a couple; the code `C-0042` is made of it."""
    vocabulary_revision: Mapped[str] = mapped_column(ID, default="")
    """A new random one with every change of a term: whoever holds another holds old words."""
    created_at: Mapped[datetime]

    @property
    def seal_owner(self) -> str:
        """The clinic's own key seals what belongs to no couple."""
        return self.id


class Therapist(Base):
    """One therapist: a public profile and a diary."""

    __tablename__ = "therapist"
    __table_args__ = (UniqueConstraint("clinic_id", "slug"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinic.id"))
    slug: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(120))
    title: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    """The line under the name, by language."""
    biography: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    email_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    time_zone: Mapped[str] = mapped_column(String(64))
    languages: Mapped[list[str]] = mapped_column(JSON, default=list)
    formats: Mapped[list[str]] = mapped_column(JSON, default=list)
    modalities: Mapped[list[str]] = mapped_column(JSON, default=list)
    concerns: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Codes of the needs this therapist works with (the `need` vocabulary)."""
    accepts_new_couples: Mapped[bool] = mapped_column(default=True)
    max_sessions_per_day: Mapped[int | None]
    active: Mapped[bool] = mapped_column(default=True)
    sort: Mapped[int] = mapped_column(default=0)
    diary_revision: Mapped[int] = mapped_column(default=0)
    """Raised by every change that shapes the slots; whoever raises it holds the diary's lock."""
    created_at: Mapped[datetime]

    email = SealedText()

    clinic: Mapped[Clinic] = relationship(lazy="raise")
    session_types: Mapped[list[SessionType]] = relationship(
        secondary="therapist_session_type", back_populates="therapists", order_by="SessionType.sort"
    )

    @property
    def seal_owner(self) -> str:
        """Sealed with the clinic's key."""
        return self.clinic_id


class SessionType(Base):
    """A kind of appointment offered: its length, padding, lead time, grid and limits."""

    __tablename__ = "session_type"
    __table_args__ = (
        UniqueConstraint("clinic_id", "slug"),
        CheckConstraint("length_minutes BETWEEN 5 AND 480", "length"),
        CheckConstraint("grid_minutes BETWEEN 5 AND 240", "grid"),
        CheckConstraint("buffer_before_minutes BETWEEN 0 AND 240", "buffer_before"),
        CheckConstraint("buffer_after_minutes BETWEEN 0 AND 240", "buffer_after"),
        CheckConstraint("notice_minutes BETWEEN 0 AND 129600", "notice"),
        CheckConstraint("horizon_days BETWEEN 1 AND 730", "horizon"),
        CheckConstraint("audience IN ('public', 'existing')", "audience"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinic.id"))
    slug: Mapped[str] = mapped_column(String(60))
    name: Mapped[dict[str, str]] = mapped_column(JSON)
    description: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    length_minutes: Mapped[int]
    buffer_before_minutes: Mapped[int] = mapped_column(default=0)
    buffer_after_minutes: Mapped[int] = mapped_column(default=0)
    notice_minutes: Mapped[int] = mapped_column(default=24 * 60)
    horizon_days: Mapped[int] = mapped_column(default=60)
    grid_minutes: Mapped[int] = mapped_column(default=30)
    grid_offset_minutes: Mapped[int] = mapped_column(default=0)
    formats: Mapped[list[str]] = mapped_column(JSON, default=list)
    audience: Mapped[str] = mapped_column(String(10), default="public")
    max_per_day: Mapped[int | None]
    needs_confirmation: Mapped[bool] = mapped_column(default=False)
    change_notice_minutes: Mapped[int] = mapped_column(default=24 * 60)
    """How long before the start clients may still move or cancel by themselves."""
    active: Mapped[bool] = mapped_column(default=True)
    sort: Mapped[int] = mapped_column(default=0)

    therapists: Mapped[list[Therapist]] = relationship(
        secondary="therapist_session_type", back_populates="session_types"
    )


class TherapistSessionType(Base):
    """Which therapist offers which session type."""

    __tablename__ = "therapist_session_type"

    therapist_id: Mapped[str] = mapped_column(ForeignKey("therapist.id"), primary_key=True)
    session_type_id: Mapped[str] = mapped_column(ForeignKey("session_type.id"), primary_key=True)


class WeeklyHoursRow(Base):
    """One range of a therapist's usual week, in their wall time."""

    __tablename__ = "weekly_hours"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", "weekday"),
        CheckConstraint("start_minute >= 0 AND start_minute < 1440", "start"),
        CheckConstraint("end_minute > start_minute AND end_minute <= 2880", "end"),
        Index("ix_weekly_hours_therapist_id", "therapist_id"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    therapist_id: Mapped[str] = mapped_column(ForeignKey("therapist.id"))
    weekday: Mapped[int]
    """0 is Monday."""
    start_minute: Mapped[int]
    end_minute: Mapped[int]
    """Beyond 1440 when the range runs over midnight."""


class DayOverrideRow(Base):
    """A date on which other hours hold; no ranges means closed."""

    __tablename__ = "day_override"
    __table_args__ = (UniqueConstraint("therapist_id", "on_date"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    therapist_id: Mapped[str] = mapped_column(ForeignKey("therapist.id"))
    on_date: Mapped[date]
    ranges: Mapped[list[list[int]]] = mapped_column(JSON, default=list)
    """`[[start_minute, end_minute], …]`."""


class TimeOff(Base):
    """A therapist is away, to the minute."""

    __tablename__ = "time_off"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", "order"),
        Index("ix_time_off_therapist_id_ends_at", "therapist_id", "ends_at"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    therapist_id: Mapped[str] = mapped_column(ForeignKey("therapist.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    wall_start: Mapped[str] = mapped_column(String(16))
    wall_end: Mapped[str] = mapped_column(String(16))
    """The intended wall times, `YYYY-MM-DDTHH:MM` in `time_zone`."""
    time_zone: Mapped[str] = mapped_column(String(64))


class Closure(Base):
    """The whole clinic is closed."""

    __tablename__ = "closure"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", "order"),
        Index("ix_closure_clinic_id_ends_at", "clinic_id", "ends_at"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinic.id"))
    name: Mapped[str] = mapped_column(String(120))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    wall_start: Mapped[str] = mapped_column(String(16))
    wall_end: Mapped[str] = mapped_column(String(16))
    time_zone: Mapped[str] = mapped_column(String(64))


class VocabularyTerm(Base):
    """What a clinic changed of a term that ships, or a term of its own. Never deleted.

    None is as it ships. An added term has the prefix `own_` in its code and all its texts.
    """

    __tablename__ = "vocabulary_term"
    __table_args__ = (
        UniqueConstraint("clinic_id", "vocabulary", "code"),
        CheckConstraint(
            "code NOT LIKE 'own%' OR (label_en IS NOT NULL AND label_pt IS NOT NULL AND "
            "definition_en IS NOT NULL AND definition_pt IS NOT NULL AND sort IS NOT NULL)",
            "added",
        ),
        CheckConstraint("active = (retired_at IS NULL)", "retired"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinic.id"))
    vocabulary: Mapped[str] = mapped_column(String(40))
    code: Mapped[str] = mapped_column(String(64))
    label_en: Mapped[str | None] = mapped_column(String(120))
    label_pt: Mapped[str | None] = mapped_column(String(120))
    definition_en: Mapped[str | None] = mapped_column(String(600))
    definition_pt: Mapped[str | None] = mapped_column(String(600))
    sort: Mapped[int | None]
    group: Mapped[str | None] = mapped_column(String(40))
    label_reviewed_by: Mapped[str | None] = mapped_column(String(120))
    active: Mapped[bool] = mapped_column(default=True)
    retired_at: Mapped[datetime | None]
    """A record that held the term before then keeps it; nothing newer may choose it."""
    revision: Mapped[int] = mapped_column(default=1)
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(60))
    """As the audit log calls them."""


def in_language(texts: dict[str, Any], language: str) -> str:
    """The text in this language, else English, else whatever there is."""
    return str(texts.get(language) or texts.get("en") or next(iter(texts.values()), ""))
