"""What one session note says, as plain values: the one screen of domain 2.6.

None means not told; an empty text means nothing written. Codes come from the vocabularies.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from clinic.notes.rules.json_values import WHEN_TOLD

RAISES_FLAG = "flag_raised"
"""The answer to the safety check that opens a safety flag when the note is signed."""
NIL_NOTED = "nil_noted"
"""The answer that needs no words: nothing was noted."""


@dataclass(frozen=True, slots=True)
class Attendance:
    """How one partner (`A`, `B`) took part; `code` from the vocabulary `attendance`."""

    partner: str
    code: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class SafetyCheck:
    """The result from the vocabulary `safety_check`; "nil noted" is a choice, not a blank.

    With `RAISES_FLAG` the text is the concern of the flag, and the rest is what the flag needs. A
    draft keeps them under another answer too, for when the answer goes back.
    """

    result: str | None = None
    text: str = ""
    level: int | None = field(default=None, metadata=WHEN_TOLD)
    action: str = field(default="", metadata=WHEN_TOLD)
    review_on: date | None = field(default=None, metadata=WHEN_TOLD)

    @property
    def raises_flag(self) -> bool:
        """Whether a signature under it opens a safety flag."""
        return self.result == RAISES_FLAG

    def answered(self, *, flag_open: bool = False) -> SafetyCheck:
        """What its answer calls for, the words typed under another answer left out.

        With a flag open already a raised one opens no second, and needs nothing but its words.
        """
        if self.raises_flag and not flag_open:
            return self
        said_nothing = self.result in {None, NIL_NOTED}
        return SafetyCheck(self.result, "" if said_nothing else self.text)


@dataclass(frozen=True, slots=True)
class Rating:
    """One partner's ratings at one point, each 0 to 10 or blank."""

    partner: str
    point: str
    felt_safety: int | None = None
    defensiveness: int | None = None
    regulation: int | None = None


@dataclass(frozen=True, slots=True)
class RuptureEntry:
    """A rupture in this session; `status` is what the therapist says of it today.

    Signing makes the change of status; `reason`, `reason_text` and what each partner confirmed
    are what it needs (domain 2.3).
    """

    ref: str
    worked_on: bool | None = None
    intensity_a: int | None = None
    intensity_b: int | None = None
    status: str | None = None
    note: str = ""
    reason: str | None = None
    reason_text: str = ""
    confirmed_a: bool | None = None
    confirmed_b: bool | None = None


@dataclass(frozen=True, slots=True)
class NewRupture:
    """A rupture named in this session; signing opens it.

    `key` is what the attempts of this note call it until it has its ref. `status` is `open`, or
    `in_repair` when repair was begun in the same session.
    """

    title: str
    types: tuple[str, ...] = ()
    occurred_on: date | None = None
    significance: int | None = None
    key: str = ""
    status: str = "open"
    level: str = "within_couple"
    injured: str = "both"
    precision: str = "unknown"
    ongoing: bool = False
    attachment_injury: bool = False
    nature: str | None = None
    visibility: str = "joint"


@dataclass(frozen=True, slots=True)
class CycleSeen:
    """The cycle observed, with a behaviour line for each partner as (`A`, text)."""

    text: str = ""
    pattern: str | None = None
    moves: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Intervention:
    """What the therapist did; `code` from the vocabulary `intervention`."""

    code: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A repair attempt; `happened_on` is set for one at home."""

    by: str
    acts: tuple[str, ...]
    receipt: str | None
    rupture: str | None = None
    happened_on: date | None = None
    felt_safety_before: int | None = None
    felt_safety_after: int | None = None
    facilitated: bool = False


@dataclass(frozen=True, slots=True)
class NoteContent:
    """The whole note. `checkins` and `responses` pair a partner with a text."""

    attendance: tuple[Attendance, ...] = ()
    safety: SafetyCheck = SafetyCheck()
    checkins: tuple[tuple[str, str], ...] = ()
    ratings: tuple[Rating, ...] = ()
    ruptures: tuple[RuptureEntry, ...] = ()
    new_ruptures: tuple[NewRupture, ...] = ()
    cycle: CycleSeen = CycleSeen()
    interventions: tuple[Intervention, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    responses: tuple[tuple[str, str], ...] = ()
    goals: tuple[str, ...] = ()
    stage: str = ""
    plan: str = ""
    exercises: tuple[str, ...] = ()
    free_text: str = ""

    def partners_written_about(self) -> frozenset[str]:
        """The partners of whom something was typed; that one was expected is no such thing."""
        texts = (*self.checkins, *self.responses, *self.cycle.moves)
        came = (one for one in self.attendance if one.text or one.code not in {None, "present"})
        return frozenset(
            [partner for partner, _text in texts]
            + [one.partner for one in came]
            + [one.partner for one in self.ratings]
        )

    def answered(self, *, flag_open: bool = False) -> NoteContent:
        """The note as a signature takes it and others read it: see `SafetyCheck.answered`."""
        return replace(self, safety=self.safety.answered(flag_open=flag_open))
