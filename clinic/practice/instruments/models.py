"""The instruments that a clinic may use, as the definition files it added.

A definition is never changed or taken away, because responses were scored by it; it is retired.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from clinic.foundation.database.transactions import ID, Base, new_id


class InstrumentRow(Base):
    """One definition file; retired ones are no longer offered."""

    __tablename__ = "instrument"
    __table_args__ = (UniqueConstraint("clinic_id", "code", "version", "language"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinic.id"))
    code: Mapped[str] = mapped_column(String(40))
    version: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(2))
    definition: Mapped[str] = mapped_column(Text)
    added_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]
