"""Runs of the couple's exercises, as the therapist wrote them down.

A run is sealed and never changed; one that was entered in error is marked so and stays.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from clinic.foundation.database.transactions import ID, Base, new_id
from clinic.notes.record.sealed_rows import AUTHOR, OfCouple, SealedValue
from clinic.notes.rules.transparency_window import RunDetails


class ExerciseRun(OfCouple, Base):
    """One run of an exercise, today the Transparency Window."""

    __tablename__ = "exercise_run"
    __table_args__ = (Index("ix_exercise_run_course", "couple_id", "at", "id"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    at: Mapped[datetime]
    happened_on: Mapped[date]
    entered_at: Mapped[datetime]
    author: Mapped[str] = mapped_column(AUTHOR)
    details_sealed: Mapped[bytes] = mapped_column(LargeBinary)

    details = SealedValue(RunDetails)
