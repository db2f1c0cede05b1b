"""What a note still lacks, and what in it cannot be. Source: domain 2.2, 2.6.

Each finding carries the path of its field, so that the page can link to it, and a plain English
sentence that is the message id for translation; `detail` fills its one `%(detail)s`, if any.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from clinic.foundation.errors import N_
from clinic.notes.rules.note_content import NIL_NOTED, Attempt, NoteContent, SafetyCheck
from clinic.notes.rules.selectable_terms import Choosable
from clinic.notes.rules.text_limits import PART_MAX, REMARK_MAX, TEXT_MAX

PRESENT_CODES = frozenset({"present", "late", "left_early"})
TITLE_MAX = 80
LOWEST, HIGHEST = 0, 10
MOST_GRAVE = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to see to: the field's path and the sentence about it.

    `terms` stand in the sentence's places as (vocabulary, code); `allowed` are the statuses that
    are possible instead.
    """

    path: str
    message: str
    detail: str = ""
    terms: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    allowed: tuple[str, ...] = ()


def places_of(finding: Finding) -> dict[str, str]:
    """What stands in a sentence's places: its detail, and the codes of its terms."""
    found = {"detail": finding.detail} if "%(detail)" in finding.message else {}
    return found | {name: code for name, (_list, code) in finding.terms.items()}


@dataclass(frozen=True, slots=True)
class NoteSetting:
    """What is known around the note. `ruptures` maps each ref to the day it happened, if known."""

    members: tuple[str, ...]
    open_ruptures: tuple[str, ...]
    ruptures: Mapping[str, date | None]
    session_on: date
    couple_began: date
    choosable: Choosable = field(default_factory=Choosable)
    flag_open: bool = False
    """A safety flag is open already: none is opened twice."""
    today: date = date.min


def missing_to_sign(content: NoteContent, *, setting: NoteSetting) -> list[Finding]:
    """What stands between this note and a signature, in the order of the screen."""
    return [
        *_attendance_missing(content, setting),
        *_safety_missing(content, setting),
        *_statuses_missing(content, setting),
        *_interventions_missing(content),
        *_responses_missing(content, setting),
        *([] if _finding(content.plan) else [Finding("plan", N_("Write the plan."))]),
    ]


def wrong_values(content: NoteContent, *, setting: NoteSetting) -> list[Finding]:
    """Numbers outside their range, texts too long and dates that cannot be."""
    return [
        *_ratings_wrong(content),
        *_texts_wrong(content),
        *_session_date_wrong(setting),
        *_attempt_dates_wrong(content, setting),
        *_new_ruptures_wrong(content, setting),
        *(_flag_wrong(content.safety, setting) if _opens_flag(content, setting) else []),
    ]


def _finding(text: str) -> bool:
    return text.strip() != ""


def _attendance_missing(content: NoteContent, setting: NoteSetting) -> list[Finding]:
    told = {one.partner for one in content.attendance if one.code}
    return [
        Finding(f"attendance.{member}", N_("Say who took part."), member)
        for member in setting.members
        if member not in told
    ]


def _safety_missing(content: NoteContent, setting: NoteSetting) -> list[Finding]:
    if content.safety.result is None:
        return [Finding("safety.result", N_("Answer the safety check; “nil noted” is an answer."))]
    found = []
    if content.safety.result != NIL_NOTED and not _finding(content.safety.text):
        found.append(Finding("safety.text", N_("Say in words what was noted on safety.")))
    return found + (_flag_missing(content.safety) if _opens_flag(content, setting) else [])


def _opens_flag(content: NoteContent, setting: NoteSetting) -> bool:
    return content.safety.raises_flag and not setting.flag_open


def _flag_missing(safety: SafetyCheck) -> list[Finding]:
    found = []
    if not _finding(safety.action):
        found.append(Finding("safety.action", N_("Say what is done about it.")))
    if safety.level is None:
        found.append(Finding("safety.level", N_("Choose the level of the safety flag.")))
    if safety.review_on is None:
        said = N_("Choose the day on which the safety flag is looked at again.")
        found.append(Finding("safety.review_on", said))
    return found


def _flag_wrong(safety: SafetyCheck, setting: NoteSetting) -> list[Finding]:
    found = []
    if safety.level is not None and not 1 <= safety.level <= MOST_GRAVE:
        found.append(Finding("safety.level", N_("The level goes from 1 to 3.")))
    if safety.review_on is not None and safety.review_on < setting.today:
        found.append(Finding("safety.review_on", N_("Choose a day that is still to come.")))
    return found


def _statuses_missing(content: NoteContent, setting: NoteSetting) -> list[Finding]:
    told = {entry.ref for entry in content.ruptures if entry.status}
    return [
        Finding(f"ruptures.{ref}.status", N_("Say where this open rupture stands."), ref)
        for ref in setting.open_ruptures
        if ref not in told
    ]


def _interventions_missing(content: NoteContent) -> list[Finding]:
    if not content.interventions:
        return [Finding("interventions", N_("Name at least one intervention."))]
    return [
        Finding(f"interventions.{at}.text", N_("Say in words what “other” was."))
        for at, one in enumerate(content.interventions)
        if one.code == "other" and not _finding(one.text)
    ]


def _responses_missing(content: NoteContent, setting: NoteSetting) -> list[Finding]:
    present = {one.partner for one in content.attendance if one.code in PRESENT_CODES}
    told = {partner for partner, text in content.responses if _finding(text)}
    return [
        Finding(f"responses.{member}", N_("Write how this partner responded."), member)
        for member in setting.members
        if member in present and member not in told
    ]


def _outside(values: Iterable[tuple[str, int | None]]) -> list[Finding]:
    return [
        Finding(path, N_("Ratings go from 0 to 10; leave it blank if it was not told."), str(value))
        for path, value in values
        if value is not None and not LOWEST <= value <= HIGHEST
    ]


def _ratings_wrong(content: NoteContent) -> list[Finding]:
    values: list[tuple[str, int | None]] = []
    for rating in content.ratings:
        place = f"ratings.{rating.partner}.{rating.point}"
        values += [
            (f"{place}.felt_safety", rating.felt_safety),
            (f"{place}.defensiveness", rating.defensiveness),
            (f"{place}.regulation", rating.regulation),
        ]
    for entry in content.ruptures:
        values.append((f"ruptures.{entry.ref}.intensity_a", entry.intensity_a))
        values.append((f"ruptures.{entry.ref}.intensity_b", entry.intensity_b))
    for at, attempt in enumerate(content.attempts):
        values.append((f"attempts.{at}.felt_safety_before", attempt.felt_safety_before))
        values.append((f"attempts.{at}.felt_safety_after", attempt.felt_safety_after))
    return _outside(values)


def _texts_wrong(content: NoteContent) -> list[Finding]:
    """Texts longer than their limit, in the order of the screen."""
    texts = [(f"attendance.{a.partner}.text", a.text, REMARK_MAX) for a in content.attendance]
    texts += [("safety.text", content.safety.text, TEXT_MAX)]
    texts += [("safety.action", content.safety.action, TEXT_MAX)]
    texts += [(f"checkins.{partner}", text, TEXT_MAX) for partner, text in content.checkins]
    for e in content.ruptures:
        place = f"ruptures.{e.ref}"
        texts += [(f"{place}.note", e.note, REMARK_MAX)]
        texts += [(f"{place}.reason_text", e.reason_text, TEXT_MAX)]
    texts += [("cycle.text", content.cycle.text, TEXT_MAX)]
    texts += [(f"cycle.moves.{partner}", text, TEXT_MAX) for partner, text in content.cycle.moves]
    for at, done in enumerate(content.interventions):
        texts += [(f"interventions.{at}.text", done.text, REMARK_MAX)]
    texts += [(f"responses.{partner}", text, TEXT_MAX) for partner, text in content.responses]
    texts += [("goals", "\n".join(content.goals), TEXT_MAX), ("stage", content.stage, PART_MAX)]
    texts += [("plan", content.plan, TEXT_MAX), ("free_text", content.free_text, TEXT_MAX)]
    return _too_long(*texts)


def _too_long(*texts: tuple[str, str, int]) -> list[Finding]:
    return [
        Finding(path, N_("This text is longer than %(detail)s characters."), str(most))
        for path, text, most in texts
        if len(text) > most
    ]


def _session_date_wrong(setting: NoteSetting) -> list[Finding]:
    if setting.session_on >= setting.couple_began:
        return []
    began = setting.couple_began.isoformat()
    return [
        Finding("session_on", N_("The session lies before the couple began (%(detail)s)."), began)
    ]


def _attempt_dates_wrong(content: NoteContent, setting: NoteSetting) -> list[Finding]:
    found = []
    for at, attempt in enumerate(content.attempts):
        on = attempt.happened_on or setting.session_on
        field = "happened_on" if attempt.happened_on else "rupture"
        if on > setting.session_on:
            found.append(
                Finding(f"attempts.{at}.{field}", N_("The attempt lies after the session."))
            )
        found += _before_its_rupture(attempt, f"attempts.{at}.{field}", on, setting)
        found += _acts_wrong(attempt, f"attempts.{at}")
    return found


def _before_its_rupture(
    attempt: Attempt, path: str, on: date, setting: NoteSetting
) -> list[Finding]:
    if attempt.rupture is None:
        return []
    if attempt.rupture not in setting.ruptures:
        return [
            Finding(path, N_("There is no rupture %(detail)s in this record."), attempt.rupture)
        ]
    happened = setting.ruptures[attempt.rupture]
    if happened is None or on >= happened:
        return []
    said = happened.isoformat()
    return [Finding(path, N_("The repair lies before its rupture (%(detail)s)."), said)]


def _acts_wrong(attempt: Attempt, place: str) -> list[Finding]:
    found = []
    if not 1 <= len(attempt.acts) <= 4:
        found.append(Finding(f"{place}.acts", N_("Choose one to four acts.")))
    if attempt.receipt is None:
        found.append(Finding(f"{place}.receipt", N_("Ask the receiver how it was received.")))
    return found


def _new_ruptures_wrong(content: NoteContent, setting: NoteSetting) -> list[Finding]:
    found = []
    for at, new in enumerate(content.new_ruptures):
        place = f"new_ruptures.{at}"
        if not _finding(new.title) or len(new.title) > TITLE_MAX:
            found.append(Finding(f"{place}.title", N_("Give a title of at most 80 characters.")))
        if not 1 <= len(new.types) <= 3:
            found.append(Finding(f"{place}.types", N_("Choose one to three types.")))
        if new.significance is None or not 1 <= new.significance <= 5:
            found.append(Finding(f"{place}.significance", N_("Significance goes from 1 to 5.")))
        if new.occurred_on and new.occurred_on > setting.session_on:
            found.append(Finding(f"{place}.occurred_on", N_("The rupture lies after the session.")))
    return found
