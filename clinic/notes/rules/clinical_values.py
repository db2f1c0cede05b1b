"""What is clinical about a rupture and the things around it: the values that are kept sealed.

Plain and pure. Partners are `A`, `B` (their place in the couple); codes come from the
vocabularies; None means not told. Source: domain 2.2.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from clinic.notes.rules.note_content import NoteContent

LEVELS = ("within_couple", "with_therapist", "split")
NATURES = ("withdrawal", "confrontation", "mixed")
PRECISIONS = ("exact", "month", "year", "unknown")
VISIBILITIES = ("joint", "restricted")
POINTS = ("pre", "start", "peak", "end", "home")
DECISIONS = ("none", "encourage", "facilitate", "withhold", "mandated")


@dataclass(frozen=True, slots=True)
class NoteBody:
    """Everything sealed of a session note. `nonce` keeps its digest from being guessed at."""

    content: NoteContent = field(default_factory=NoteContent)
    late_reason: str = ""
    nonce: str = ""


@dataclass(frozen=True, slots=True)
class RuptureDetails:
    """What broke. `significance` 1 to 5, `airm_step` 0 to 8, at most 5 `roots`, 1 to 3 `types`."""

    title: str
    types: tuple[str, ...]
    significance: int
    level: str = "within_couple"
    injured: str = "both"
    occurred_on: date | None = None
    precision: str = "unknown"
    ongoing: bool = False
    attachment_injury: bool = False
    nature: str | None = None
    airm_step: int | None = None
    roots: tuple[str, ...] = ()
    visibility: str = "joint"
    disclosure: str | None = None
    """The id of the individual disclosure that it was seeded from."""


@dataclass(frozen=True, slots=True)
class EventDetails:
    """The clinical part of one event of a rupture's log."""

    kind: str
    to_status: str | None = None
    reason: str | None = None
    text: str = ""
    reverses: int | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True)
class EntryDetails:
    """How an open rupture was in one session; intensities 0 to 10."""

    worked_on: bool | None = None
    intensity_a: int | None = None
    intensity_b: int | None = None
    status: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class AttemptDetails:
    """A repair attempt by partner `by`; its receipt is told by the receiver."""

    by: str
    acts: tuple[str, ...]
    receipt: str
    rupture: str | None = None
    facilitated: bool = False
    felt_safety_before: int | None = None
    felt_safety_after: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class RatingDetails:
    """One partner's ratings at one point, each 0 to 10 or blank."""

    partner: str
    point: str
    felt_safety: int | None = None
    defensiveness: int | None = None
    regulation: int | None = None
    source: str = "therapist"


@dataclass(frozen=True, slots=True)
class CyclePart:
    """One partner's part in the cycle; `position` from the vocabulary `cycle_position`."""

    partner: str
    move: str = ""
    perception: str = ""
    secondary_emotion: str = ""
    primary_emotion: str = ""
    need: str = ""
    position: str | None = None


@dataclass(frozen=True, slots=True)
class CycleDetails:
    """One version of the couple's cycle."""

    trigger: str = ""
    pattern: str | None = None
    parts: tuple[CyclePart, ...] = ()


@dataclass(frozen=True, slots=True)
class ErrorDetails:
    """Why an entry was entered in error."""

    reason: str


@dataclass(frozen=True, slots=True)
class AddendumText:
    """What is added to a sealed note, and why."""

    text: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DisclosureDetails:
    """What one partner said alone. `disclosable`: whether they agree to its being shared."""

    by: str
    text: str
    disclosable: bool | None = None
    decision: str = "none"
    decision_reason: str = ""


@dataclass(frozen=True, slots=True)
class FlagDetails:
    """A safety flag: what it is about, how grave (1 to 3), what is done, by whom."""

    about: str
    level: int
    action: str
    owner: str = ""
    cleared_because: str = ""
