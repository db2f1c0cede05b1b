"""Declare the couple's record as one document: what `flask couples export` writes, `import` reads.

Pure. These classes are the one source of its structure: files are read by them, and the published
schema is written from them. Ids go with the record, because the seals of its notes stand on them.
Process notes, keys, the audit log and appointments are not part of it. Terms that ship are known
everywhere; those that the clinic added go along with their words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from clinic.notes.rules.clinical_values import (
    AddendumText,
    AttemptDetails,
    CycleDetails,
    DisclosureDetails,
    EntryDetails,
    ErrorDetails,
    EventDetails,
    FlagDetails,
    NoteBody,
    RatingDetails,
    RuptureDetails,
)
from clinic.notes.rules.json_values import WHEN_TOLD
from clinic.notes.rules.questionnaire_responses import MeasureDetails
from clinic.notes.rules.transparency_window import RunDetails

RECORD_FORMAT = "couple-record/2"


@dataclass(frozen=True, slots=True)
class LeadPart:
    """The therapist who leads the couple, or who held a session with it."""

    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class CouplePart:
    """The couple itself."""

    id: str
    code: str
    status: str
    created_at: datetime
    lead_therapist: LeadPart | None


@dataclass(frozen=True, slots=True)
class PersonPart:
    """A partner."""

    id: str
    name: str | None
    email: str | None
    language: str
    time_zone: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class MemberPart:
    """A partner's place in the couple."""

    id: str
    slot: str
    joined_at: datetime
    left_at: datetime | None
    person: PersonPart


@dataclass(frozen=True, slots=True)
class NotePart:
    """A session note; digests are of the text that was signed."""

    id: str
    kind: str
    held_from: datetime
    held_until: datetime
    author: str
    status: str
    revision: int
    is_late: bool
    created_at: datetime
    saved_at: datetime
    saved_by: str
    signed_at: datetime | None
    signed_digest: str | None
    sealed_at: datetime | None
    seal_number: int | None
    previous_digest: str | None
    digest: str | None
    cosigned_at: datetime | None
    cosigned_by: str | None
    body: NoteBody
    held_by: LeadPart | None = field(default=None, metadata=WHEN_TOLD)
    """The therapist who held the session, where that was not the one who leads the couple."""


@dataclass(frozen=True, slots=True)
class VersionPart:
    """A kept version of a note."""

    id: str
    note_id: str
    number: int
    revision: int
    kind: str
    at: datetime
    author: str
    body: NoteBody


@dataclass(frozen=True, slots=True)
class AddendumPart:
    """What was added to a sealed note."""

    id: str
    note_id: str
    number: int
    kind: str
    at: datetime
    author: str
    previous_digest: str
    digest: str
    said: AddendumText


@dataclass(frozen=True, slots=True)
class RupturePart:
    """A rupture; its ref is `R-` and its number."""

    id: str
    number: int
    opened_at: datetime
    entered_at: datetime
    author: str
    revision: int
    details: RuptureDetails


@dataclass(frozen=True, slots=True)
class EventPart:
    """An event of a rupture's log."""

    id: str
    rupture_id: str
    number: int
    note_id: str | None
    from_note: bool
    effective_at: datetime
    entered_at: datetime
    author: str
    details: EventDetails


@dataclass(frozen=True, slots=True)
class EntryPart:
    """How a rupture was in one session."""

    id: str
    rupture_id: str
    note_id: str
    from_note: bool
    details: EntryDetails


@dataclass(frozen=True, slots=True)
class AttemptPart:
    """A repair attempt."""

    id: str
    note_id: str | None
    from_note: bool
    at_home: bool
    at: datetime
    happened_on: date
    entered_at: datetime
    author: str
    details: AttemptDetails


@dataclass(frozen=True, slots=True)
class RatingPart:
    """One partner's ratings at one point."""

    id: str
    note_id: str | None
    from_note: bool
    at: datetime
    entered_at: datetime
    author: str
    details: RatingDetails


@dataclass(frozen=True, slots=True)
class CyclePartOfRecord:
    """A version of the couple's cycle."""

    id: str
    number: int
    at: datetime
    author: str
    details: CycleDetails


@dataclass(frozen=True, slots=True)
class InErrorPart:
    """Says of one entry that it was entered in error and counts no longer."""

    id: str
    attempt_id: str | None
    rating_id: str | None
    run_id: str | None
    measure_id: str | None
    at: datetime
    author: str
    details: ErrorDetails


@dataclass(frozen=True, slots=True)
class DisclosurePart:
    """What one partner told alone: restricted."""

    id: str
    author: str
    at: datetime
    saved_at: datetime
    review_on: date
    flagged: bool
    revision: int
    details: DisclosureDetails


@dataclass(frozen=True, slots=True)
class FlagPart:
    """A safety flag: restricted."""

    id: str
    author: str
    opened_at: datetime
    review_on: date
    cleared_at: datetime | None
    cleared_by: str | None
    revision: int
    details: FlagDetails
    note_id: str | None = field(default=None, metadata=WHEN_TOLD)
    """The note whose signature opened it."""


@dataclass(frozen=True, slots=True)
class RunPart:
    """A run of an exercise."""

    id: str
    at: datetime
    happened_on: date
    entered_at: datetime
    author: str
    details: RunDetails


@dataclass(frozen=True, slots=True)
class MeasurePart:
    """A partner's response to an instrument, with its scores."""

    id: str
    taken_on: date
    entered_at: datetime
    author: str
    details: MeasureDetails


@dataclass(frozen=True, slots=True)
class TermPart:
    """A term that the clinic added and this record uses: what its code means."""

    vocabulary: str
    code: str
    label_en: str
    label_pt: str
    definition_en: str
    definition_pt: str
    group: str | None


@dataclass(frozen=True, slots=True)
class InstrumentPart:
    """The definition file that measures of this record were scored by, as its clinic keeps it."""

    code: str
    version: str
    language: str
    definition: str


@dataclass(frozen=True, slots=True)
class WrittenPart:
    """A signed text with characters that are refused by now, as it was written."""

    list: str
    id: str
    json: str


@dataclass(frozen=True, slots=True)
class CoupleRecord:
    """Everything of one couple's record, in one document."""

    format: str
    couple: CouplePart
    members: tuple[MemberPart, ...]
    notes: tuple[NotePart, ...]
    versions: tuple[VersionPart, ...]
    addenda: tuple[AddendumPart, ...]
    ruptures: tuple[RupturePart, ...]
    events: tuple[EventPart, ...]
    entries: tuple[EntryPart, ...]
    attempts: tuple[AttemptPart, ...]
    ratings: tuple[RatingPart, ...]
    cycles: tuple[CyclePartOfRecord, ...]
    disclosures: tuple[DisclosurePart, ...]
    flags: tuple[FlagPart, ...]
    in_error: tuple[InErrorPart, ...] = ()
    runs: tuple[RunPart, ...] = ()
    measures: tuple[MeasurePart, ...] = ()
    terms: tuple[TermPart, ...] = ()
    instruments: tuple[InstrumentPart, ...] = ()
    written: tuple[WrittenPart, ...] | None = field(default=None, metadata=WHEN_TOLD)
    """Only where there is one: the digest of what was signed stands on it."""
