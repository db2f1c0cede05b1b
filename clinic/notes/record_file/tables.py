"""Which table each list of the couple's record is kept in, and in what order it is written."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from clinic.foundation.database.transactions import Base
from clinic.notes.record.correction_models import EntryInError
from clinic.notes.record.exercise_models import ExerciseRun
from clinic.notes.record.note_models import NoteAddendum, NoteVersion, SessionNote
from clinic.notes.record.questionnaire_models import MeasureResponse
from clinic.notes.record.restricted_models import IndividualDisclosure, SafetyFlag
from clinic.notes.record.rupture_models import (
    CycleMap,
    PartnerRating,
    RepairAttempt,
    Rupture,
    RuptureEntryRow,
    RuptureEventRow,
)
from clinic.notes.record_file import document

HELD_BY = "held_by"
"""The part of a note that its appointment tells here, and the file by name."""


@dataclass(frozen=True, slots=True)
class RecordTable:
    """One list of the record: its name there, its rows, and the attribute that is sealed."""

    name: str
    row: type[Base]
    part: type[Any]
    sealed: str
    order: tuple[str, ...]

    @property
    def plain(self) -> tuple[str, ...]:
        """The attributes that are stored as they are."""
        apart = {self.sealed, HELD_BY}
        return tuple(one.name for one in fields(self.part) if one.name not in apart)


TABLES = (
    RecordTable("notes", SessionNote, document.NotePart, "body", ("held_from", "id")),
    RecordTable("versions", NoteVersion, document.VersionPart, "body", ("note_id", "number")),
    RecordTable("addenda", NoteAddendum, document.AddendumPart, "said", ("note_id", "number")),
    RecordTable("ruptures", Rupture, document.RupturePart, "details", ("number",)),
    RecordTable("events", RuptureEventRow, document.EventPart, "details", ("number",)),
    RecordTable(
        "entries", RuptureEntryRow, document.EntryPart, "details", ("note_id", "rupture_id")
    ),
    RecordTable("attempts", RepairAttempt, document.AttemptPart, "details", ("at", "id")),
    RecordTable("ratings", PartnerRating, document.RatingPart, "details", ("at", "id")),
    RecordTable("cycles", CycleMap, document.CyclePartOfRecord, "details", ("number",)),
    RecordTable(
        "disclosures", IndividualDisclosure, document.DisclosurePart, "details", ("at", "id")
    ),
    RecordTable("flags", SafetyFlag, document.FlagPart, "details", ("opened_at", "id")),
    RecordTable("runs", ExerciseRun, document.RunPart, "details", ("at", "entered_at", "id")),
    RecordTable(
        "measures",
        MeasureResponse,
        document.MeasurePart,
        "details",
        ("taken_on", "entered_at", "id"),
    ),
    RecordTable("in_error", EntryInError, document.InErrorPart, "details", ("at", "id")),
)
"""Parents come before what points to them."""
