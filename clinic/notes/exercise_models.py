"""Runs of the couple's exercises, as the therapist wrote them down.

The log of a run is sealed and never changed: a run that was entered in error is withdrawn, with
the reason, and stays. The database refuses everything else.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from clinic.foundation.database import ID, Base, new_id
from clinic.notes.sealed_rows import AUTHOR, Revised, SealedValue
from clinic.notes.window_run import RunDetails


class ExerciseRun(Revised, Base):
    """One run of an exercise, today the Transparency Window."""

    __tablename__ = "exercise_run"
    __table_args__ = (
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", "withdrawn"),
        Index("ix_exercise_run_course", "couple_id", "at", "id"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    at: Mapped[datetime]
    happened_on: Mapped[date]
    entered_at: Mapped[datetime]
    author: Mapped[str] = mapped_column(AUTHOR)
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None] = mapped_column(AUTHOR)
    details_sealed: Mapped[bytes] = mapped_column(LargeBinary)

    details = SealedValue(RunDetails)
