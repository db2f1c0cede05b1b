"""Ruptures with their append-only events, entries of sessions, repair attempts, ratings, cycles.

`from_note` marks what a note's signature brought into the record: until the note is sealed a
recall takes it out again, afterwards the database refuses.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from clinic.foundation.database.transactions import ID, Base, new_id
from clinic.notes.record.sealed_rows import AUTHOR, OfCouple, Revised, SealedValue
from clinic.notes.rules.clinical_values import (
    AttemptDetails,
    CycleDetails,
    EntryDetails,
    EventDetails,
    RatingDetails,
    RuptureDetails,
)


class Rupture(Revised, Base):
    """One rupture: it lives across sessions; its status is read from its events."""

    __tablename__ = "rupture"
    __table_args__ = (
        UniqueConstraint("couple_id", "number"),
        Index("ix_rupture_course", "couple_id", "opened_at", "id"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    number: Mapped[int]
    opened_at: Mapped[datetime]
    entered_at: Mapped[datetime]
    author: Mapped[str] = mapped_column(AUTHOR)
    details_sealed: Mapped[bytes] = mapped_column(LargeBinary)

    details = SealedValue(RuptureDetails)

    @property
    def ref(self) -> str:
        """What people call it: `R-03`."""
        return ref_of(self.number)


class RuptureEventRow(OfCouple, Base):
    """One entry of a rupture's log; `number` rises with the order of writing in the couple."""

    __tablename__ = "rupture_event"
    __table_args__ = (
        UniqueConstraint("couple_id", "number"),
        CheckConstraint("effective_at <= entered_at", "order"),
        Index("ix_rupture_event_rupture_id", "rupture_id"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    rupture_id: Mapped[str] = mapped_column(ForeignKey("rupture.id"))
    number: Mapped[int]
    note_id: Mapped[str | None] = mapped_column(ForeignKey("session_note.id"))
    from_note: Mapped[bool] = mapped_column(default=False)
    effective_at: Mapped[datetime]
    entered_at: Mapped[datetime]
    author: Mapped[str] = mapped_column(AUTHOR)
    details_sealed: Mapped[bytes] = mapped_column(LargeBinary)

    details = SealedValue(EventDetails)


class RuptureEntryRow(OfCouple, Base):
    """How one rupture was in one session."""

    __tablename__ = "rupture_entry"
    __table_args__ = (UniqueConstraint("rupture_id", "note_id"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    rupture_id: Mapped[str] = mapped_column(ForeignKey("rupture.id"))
    note_id: Mapped[str] = mapped_column(ForeignKey("session_note.id"))
    from_note: Mapped[bool] = mapped_column(default=True)
    details_sealed: Mapped[bytes] = mapped_column(LargeBinary)

    details = SealedValue(EntryDetails)


class RepairAttempt(OfCouple, Base):
    """An attempt to repair, in a session or (without a note) at home."""

    __tablename__ = "repair_attempt"
    __table_args__ = (Index("ix_repair_attempt_course", "couple_id", "at", "id"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    note_id: Mapped[str | None] = mapped_column(ForeignKey("session_note.id"))
    from_note: Mapped[bool] = mapped_column(default=False)
    at_home: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime]
    happened_on: Mapped[date]
    entered_at: Mapped[datetime]
    author: Mapped[str] = mapped_column(AUTHOR)
    details_sealed: Mapped[bytes] = mapped_column(LargeBinary)

    details = SealedValue(AttemptDetails)


class PartnerRating(OfCouple, Base):
    """One partner's ratings at one point of a session, or at home."""

    __tablename__ = "partner_rating"
    __table_args__ = (Index("ix_partner_rating_course", "couple_id", "at"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    note_id: Mapped[str | None] = mapped_column(ForeignKey("session_note.id"))
    from_note: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime]
    entered_at: Mapped[datetime]
    author: Mapped[str] = mapped_column(AUTHOR)
    details_sealed: Mapped[bytes] = mapped_column(LargeBinary)

    details = SealedValue(RatingDetails)


class CycleMap(OfCouple, Base):
    """One version of the couple's cycle; the latest is shown, all are kept."""

    __tablename__ = "cycle_map"
    __table_args__ = (UniqueConstraint("couple_id", "number"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    number: Mapped[int]
    at: Mapped[datetime]
    author: Mapped[str] = mapped_column(AUTHOR)
    details_sealed: Mapped[bytes] = mapped_column(LargeBinary)

    details = SealedValue(CycleDetails)


def ref_of(number: int) -> str:
    """The ref of the rupture with this number: `R-03`."""
    return f"R-{number:02}"
