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
from clinic.notes.record_file import shape

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
    RecordTable("notes", SessionNote, shape.NotePart, "body", ("held_from", "id")),
    RecordTable("versions", NoteVersion, shape.VersionPart, "body", ("note_id", "number")),
    RecordTable("addenda", NoteAddendum, shape.AddendumPart, "said", ("note_id", "number")),
    RecordTable("ruptures", Rupture, shape.RupturePart, "details", ("number",)),
    RecordTable("events", RuptureEventRow, shape.EventPart, "details", ("number",)),
    RecordTable("entries", RuptureEntryRow, shape.EntryPart, "details", ("note_id", "rupture_id")),
    RecordTable("attempts", RepairAttempt, shape.AttemptPart, "details", ("at", "id")),
    RecordTable("ratings", PartnerRating, shape.RatingPart, "details", ("at", "id")),
    RecordTable("cycles", CycleMap, shape.CyclePartOfRecord, "details", ("number",)),
    RecordTable("disclosures", IndividualDisclosure, shape.DisclosurePart, "details", ("at", "id")),
    RecordTable("flags", SafetyFlag, shape.FlagPart, "details", ("opened_at", "id")),
    RecordTable("runs", ExerciseRun, shape.RunPart, "details", ("at", "entered_at", "id")),
    RecordTable(
        "measures", MeasureResponse, shape.MeasurePart, "details", ("taken_on", "entered_at", "id")
    ),
    RecordTable("in_error", EntryInError, shape.InErrorPart, "details", ("at", "id")),
)
"""Parents come before what points to them."""
