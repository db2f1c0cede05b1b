"""What stands apart from the couple's joint chart: process notes, disclosures, flags, break-glass.

Process notes are sealed with a data key of their own and leave the product in no export.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from clinic.foundation.crypto.data_keys import KeyPurpose
from clinic.foundation.crypto.sealed_text import SealedText
from clinic.foundation.database.transactions import ID, Base, new_id
from clinic.notes.record.sealed_rows import AUTHOR, OfCouple, Revised, SealedValue
from clinic.notes.rules.clinical_values import DisclosureDetails, FlagDetails


class ProcessNote(Revised, Base):
    """What a therapist writes for themselves: nobody else reads it."""

    __tablename__ = "process_note"
    __table_args__ = (Index("ix_process_note_couple_id_author", "couple_id", "author"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    note_id: Mapped[str | None] = mapped_column(ForeignKey("session_note.id"))
    author: Mapped[str] = mapped_column(AUTHOR)
    at: Mapped[datetime]
    saved_at: Mapped[datetime]
    text_sealed: Mapped[bytes] = mapped_column(LargeBinary)

    text = SealedText(KeyPurpose.PROCESS_NOTES)


class IndividualDisclosure(Revised, Base):
    """What one partner told alone: restricted, decided on, looked at again by a day."""

    __tablename__ = "individual_disclosure"
    __table_args__ = (Index("ix_individual_disclosure_couple_id", "couple_id"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    author: Mapped[str] = mapped_column(AUTHOR)
    at: Mapped[datetime]
    saved_at: Mapped[datetime]
    review_on: Mapped[date]
    flagged: Mapped[bool] = mapped_column(default=False)
    """Flagged for supervision: then, and only then, a supervisor reads it."""
    details_sealed: Mapped[bytes] = mapped_column(LargeBinary)

    details = SealedValue(DisclosureDetails)


class SafetyFlag(Revised, Base):
    """A concern for somebody's safety; while one is open the couple's ruptures are parked."""

    __tablename__ = "safety_flag"
    __table_args__ = (Index("ix_safety_flag_couple_id", "couple_id"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    author: Mapped[str] = mapped_column(AUTHOR)
    opened_at: Mapped[datetime]
    review_on: Mapped[date]
    cleared_at: Mapped[datetime | None]
    cleared_by: Mapped[str | None] = mapped_column(AUTHOR)
    note_id: Mapped[str | None] = mapped_column(ForeignKey("session_note.id"))
    """The note whose signature opened it."""
    details_sealed: Mapped[bytes] = mapped_column(LargeBinary)

    details = SealedValue(FlagDetails)


class EmergencyAccess(OfCouple, Base):
    """One account's opening of one joint chart without being its therapist, for an hour."""

    __tablename__ = "emergency_access"
    __table_args__ = (
        CheckConstraint("opened_at < ends_at", "order"),
        Index("ix_emergency_access_couple_id_ends_at", "couple_id", "ends_at"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinic.id"))
    account: Mapped[str] = mapped_column(AUTHOR)
    opened_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason_sealed: Mapped[bytes] = mapped_column(LargeBinary)

    reason = SealedText()
