"""Measures that the partners filled in, sealed and never changed."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from clinic.foundation.database.transactions import ID, Base, new_id
from clinic.notes.record.sealed_rows import AUTHOR, OfCouple, SealedValue
from clinic.notes.rules.questionnaire_responses import MeasureDetails


class MeasureResponse(OfCouple, Base):
    """One response of one partner to one instrument, on one day."""

    __tablename__ = "measure_response"
    __table_args__ = (Index("ix_measure_response_course", "couple_id", "taken_on", "id"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    taken_on: Mapped[date]
    entered_at: Mapped[datetime]
    author: Mapped[str] = mapped_column(AUTHOR)
    details_sealed: Mapped[bytes] = mapped_column(LargeBinary)

    details = SealedValue(MeasureDetails)
