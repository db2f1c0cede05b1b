"""Session notes: the draft, its versions, and what is added once it is sealed.

Ids, times, numbers for order and the status of a note are plain; everything else is sealed with
the couple's key for its table, column, couple, row and revision. The database refuses to change
a sealed note (see the migration).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from clinic.foundation.database.transactions import ID, Base, new_id
from clinic.notes.record.sealed_rows import AUTHOR, OfCouple, Revised, SealedValue
from clinic.notes.rules.clinical_values import AddendumText, NoteBody

DIGEST = String(64)
NOTE_KINDS = ("consultation", "assessment", "joint", "individual_a", "individual_b", "closing")
INDIVIDUAL_KINDS = ("individual_a", "individual_b")


class SessionNote(Revised, Base):
    """The note of one session, of an appointment or entered without one."""

    __tablename__ = "session_note"
    __table_args__ = (
        CheckConstraint("held_from < held_until", "held"),
        CheckConstraint(
            "status IN ('draft', 'ready', 'signed', 'cosign_pending', 'cosigned')", "status"
        ),
        CheckConstraint(
            "kind IN ('consultation', 'assessment', 'joint', 'individual_a', 'individual_b', "
            "'closing')",
            "kind",
        ),
        CheckConstraint("(signed_at IS NULL) = (status IN ('draft', 'ready'))", "signed"),
        CheckConstraint("sealed_at IS NULL OR digest IS NOT NULL", "sealed"),
        UniqueConstraint("appointment_id"),
        UniqueConstraint("couple_id", "seal_number"),
        Index("ix_session_note_course", "couple_id", "held_from", "id"),
        Index("ix_session_note_status", "clinic_id", "status"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinic.id"))
    appointment_id: Mapped[str | None] = mapped_column(ForeignKey("appointment.id"))
    held_by_id: Mapped[str | None] = mapped_column(ID)
    """The therapist who held a session apart from the lead, kept when its note is opened and with
    a record file: an appointment may be handed over, its note is not. Else the appointment tells,
    or it was the lead."""
    kind: Mapped[str] = mapped_column(String(14), default="joint")
    held_from: Mapped[datetime]
    held_until: Mapped[datetime]
    author: Mapped[str] = mapped_column(AUTHOR)
    """What the audit log calls the author, `account:<id>`."""
    status: Mapped[str] = mapped_column(String(14), default="draft")
    body_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    is_late: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    saved_at: Mapped[datetime]
    saved_by: Mapped[str] = mapped_column(AUTHOR)
    signed_at: Mapped[datetime | None]
    signed_digest: Mapped[str | None] = mapped_column(DIGEST)
    """The digest of what was signed; the link to the note before it is made with the seal."""
    sealed_at: Mapped[datetime | None]
    seal_number: Mapped[int | None]
    previous_digest: Mapped[str | None] = mapped_column(DIGEST)
    digest: Mapped[str | None] = mapped_column(DIGEST)
    cosigned_at: Mapped[datetime | None]
    cosigned_by: Mapped[str | None] = mapped_column(AUTHOR)

    body = SealedValue(NoteBody)


class NoteVersion(OfCouple, Base):
    """The note as it stood at one revision; never changed, never taken away."""

    __tablename__ = "note_version"
    __table_args__ = (
        UniqueConstraint("note_id", "number"),
        CheckConstraint("kind IN ('autosave', 'manual', 'signed', 'elsewhere')", "kind"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    note_id: Mapped[str] = mapped_column(ForeignKey("session_note.id"))
    number: Mapped[int]
    revision: Mapped[int]
    kind: Mapped[str] = mapped_column(String(10))
    """`elsewhere`: a text that could not be saved because the note had changed; kept beside it."""
    at: Mapped[datetime]
    author: Mapped[str] = mapped_column(AUTHOR)
    body_sealed: Mapped[bytes] = mapped_column(LargeBinary)

    body = SealedValue(NoteBody)

    @property
    def seal_revision(self) -> int:
        """Bound to its number: two versions of a note cannot be exchanged."""
        return self.number


class NoteAddendum(OfCouple, Base):
    """What is said of a sealed note afterwards; append-only, each signed and chained to it."""

    __tablename__ = "note_addendum"
    __table_args__ = (
        UniqueConstraint("note_id", "number"),
        CheckConstraint(
            "kind IN ('addendum', 'amendment', 'late_entry', 'entered_in_error', 'returned')",
            "kind",
        ),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    note_id: Mapped[str] = mapped_column(ForeignKey("session_note.id"))
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
    author: Mapped[str] = mapped_column(AUTHOR)
    said_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    previous_digest: Mapped[str] = mapped_column(DIGEST)
    digest: Mapped[str] = mapped_column(DIGEST)

    said = SealedValue(AddendumText)
