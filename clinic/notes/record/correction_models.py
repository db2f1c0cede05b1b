"""What says of an entry that it was entered in error; the entry itself is never changed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from clinic.foundation.database.transactions import ID, Base, new_id
from clinic.notes.record.sealed_rows import AUTHOR, OfCouple, SealedValue
from clinic.notes.rules.clinical_values import ErrorDetails

_NAMED = " + ".join(
    f"CASE WHEN {name} IS NULL THEN 0 ELSE 1 END"
    for name in ("attempt_id", "rating_id", "run_id", "measure_id")
)


class EntryInError(OfCouple, Base):
    """Mark one entry as entered in error."""

    __tablename__ = "entry_in_error"
    __table_args__ = (
        UniqueConstraint("attempt_id"),
        UniqueConstraint("rating_id"),
        UniqueConstraint("run_id"),
        UniqueConstraint("measure_id"),
        CheckConstraint(f"{_NAMED} = 1", "one"),
        Index("ix_entry_in_error_couple_id", "couple_id"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    attempt_id: Mapped[str | None] = mapped_column(ForeignKey("repair_attempt.id"))
    rating_id: Mapped[str | None] = mapped_column(ForeignKey("partner_rating.id"))
    run_id: Mapped[str | None] = mapped_column(ForeignKey("exercise_run.id"))
    measure_id: Mapped[str | None] = mapped_column(ForeignKey("measure_response.id"))
    at: Mapped[datetime]
    author: Mapped[str] = mapped_column(AUTHOR)
    details_sealed: Mapped[bytes] = mapped_column(LargeBinary)

    details = SealedValue(ErrorDetails)
