"""Points for one therapist, and the words behind them as codes with parameters.

Views turn a code and its parameters into a sentence in the reader's language. Source: domain 4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from clinic.matching.rules.inquiry import Candidate, Inquiry

WEIGHTS: Mapping[str, int] = {
    "specialism": 35,
    "modality": 20,
    "modality_also": 10,
    "language_preferred": 15,
    "language_acceptable": 8,
    "format_preferred": 10,
    "slot_7_days": 15,
    "slot_14_days": 10,
    "slot_28_days": 5,
    "preference": 5,
}
"""The published weights; the best possible sum is 100."""

MOST_REASONS = 4


@dataclass(frozen=True, slots=True)
class NeedRule:
    """What a need points to: its codes, and the modality first and also named for it."""

    code: str
    codes: tuple[str, ...]
    modality_first: str | None
    modality_also: str | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """A code with parameters; `only_for` names the one partner who may read it."""

    code: str
    params: tuple[tuple[str, str], ...] = ()
    only_for: str | None = None


@dataclass(frozen=True, slots=True)
class Points:
    """The points of one therapist by part."""

    specialism: int
    modality: int
    language: int
    format: int
    slot: int
    preference: int

    @property
    def total(self) -> int:
        """The sum, 0 to 100."""
        return (
            self.specialism
            + self.modality
            + self.language
            + self.format
            + self.slot
            + self.preference
        )


class _HasParams(Protocol):
    @property
    def code(self) -> str: ...
    @property
    def params(self) -> Mapping[str, object]: ...


def need_rules(terms: Sequence[_HasParams]) -> dict[str, NeedRule]:
    """The rules held by the terms of the vocabulary `need`; `other` points to nothing."""
    return {
        term.code: NeedRule(
            code=term.code,
            codes=_texts(term.params.get("codes")),
            modality_first=_text(term.params.get("modality_first")),
            modality_also=_text(term.params.get("modality_also")),
        )
        for term in terms
    }


def points_of(
    inquiry: Inquiry, *, candidate: Candidate, needs: Mapping[str, NeedRule], now: datetime
) -> Points:
    """The points of one therapist who passed the hard filters."""
    top = _top(inquiry, needs)
    return Points(
        specialism=WEIGHTS["specialism"] if _specialism(candidate, top) else 0,
        modality=_modality_points(candidate, top),
        language=WEIGHTS[
            "language_preferred"
            if _preferred_languages(inquiry, candidate)
            else "language_acceptable"
        ],
        format=WEIGHTS["format_preferred"] if _preferred_formats(inquiry, candidate) else 0,
        slot=_slot_points(candidate, now),
        preference=WEIGHTS["preference"] if _preferences_met(inquiry, candidate) else 0,
    )


def reasons_of(
    inquiry: Inquiry,
    *,
    candidate: Candidate,
    needs: Mapping[str, NeedRule],
    points: Points,
) -> tuple[Reason, ...]:
    """Two to four reasons. Language and format always hold; private wishes come on top of two."""
    top = _top(inquiry, needs)
    reasons = []
    if points.specialism and top:
        reasons.append(Reason("works_with_need", (("need", top.code), *_with(candidate, top))))
    elif points.modality and top:
        reasons.append(Reason("offers_modality", (("need", top.code), *_with(candidate, top))))
    reasons.append(_language_reason(inquiry, candidate))
    if points.slot and candidate.next_slot_at:
        reasons.append(Reason("first_joint_time", (("at", candidate.next_slot_at.isoformat()),)))
    reasons.append(_format_reason(inquiry, candidate))
    return (*reasons[:MOST_REASONS], *_private(inquiry, candidate, MOST_REASONS - len(reasons)))


def gap_of(
    inquiry: Inquiry,
    *,
    candidate: Candidate,
    needs: Mapping[str, NeedRule],
    points: Points,
) -> Reason:
    """The one thing most worth knowing that does not fit; never a partner's private wish."""
    top = _top(inquiry, needs)
    need = (("need", top.code),) if top else ()
    first = (("modality", top.modality_first or ""),) if top else ()
    slot = candidate.next_slot_at
    at = (("at", slot.isoformat()),) if slot else ()
    rest = [one for one in inquiry.needs[1:] if not _specialism(candidate, needs.get(one))]
    lacking = (
        (slot is None, Reason("no_time_in_your_windows")),
        (bool(top) and not points.specialism, Reason("no_stated_specialism", need)),
        (
            # A need that the clinic added names no modality that could be lacking.
            top is not None and top.modality_first is not None and not points.modality,
            Reason("modality_not_offered", first),
        ),
        (points.slot < WEIGHTS["slot_14_days"], Reason("first_time_is_far", at)),
        (not _preferred_languages(inquiry, candidate), Reason(f"language_{_NOT_BOTH}")),
        (not points.format, Reason(f"format_{_NOT_BOTH}")),
        (bool(rest), Reason("other_need_not_stated", tuple(("need", one) for one in rest[:1]))),
    )
    found = (reason for lacks, reason in lacking if lacks)
    return next(found, Reason("known_from_the_profile_only"))


_NOT_BOTH = "shared_not_first_choice_of_both"


def _top(inquiry: Inquiry, needs: Mapping[str, NeedRule]) -> NeedRule | None:
    return needs.get(inquiry.needs[0]) if inquiry.needs else None


def _specialism(candidate: Candidate, need: NeedRule | None) -> bool:
    return need is not None and bool(set(candidate.concerns) & {need.code, *need.codes})


def _modality_points(candidate: Candidate, need: NeedRule | None) -> int:
    if need is None:
        return 0
    if need.modality_first in candidate.modalities:
        return WEIGHTS["modality"]
    return WEIGHTS["modality_also"] if need.modality_also in candidate.modalities else 0


def _with(candidate: Candidate, need: NeedRule) -> tuple[tuple[str, str], ...]:
    for modality in (need.modality_first, need.modality_also):
        if modality is not None and modality in candidate.modalities:
            return (("modality", modality),)
    return ()


def _preferred_languages(inquiry: Inquiry, candidate: Candidate) -> list[str]:
    wished = [set(partner.languages_preferred) for partner in inquiry.partners]
    return sorted(set(candidate.languages).intersection(*wished))


def _preferred_formats(inquiry: Inquiry, candidate: Candidate) -> list[str]:
    wished = [set(partner.formats_preferred) for partner in inquiry.partners]
    return sorted(set(candidate.formats).intersection(*wished))


def _language_reason(inquiry: Inquiry, candidate: Candidate) -> Reason:
    preferred = _preferred_languages(inquiry, candidate)
    if preferred:
        return Reason("language_both_chose", (("language", preferred[0]),))
    shared = set(candidate.languages).intersection(*(p.languages() for p in inquiry.partners))
    return Reason("language_works_for_both", (("language", min(shared)),))


def _format_reason(inquiry: Inquiry, candidate: Candidate) -> Reason:
    preferred = _preferred_formats(inquiry, candidate)
    if preferred:
        return Reason("format_both_chose", (("format", preferred[0]),))
    shared = set(candidate.formats).intersection(*(p.formats() for p in inquiry.partners))
    return Reason("format_works_for_both", (("format", min(shared)),))


def _slot_points(candidate: Candidate, now: datetime) -> int:
    if candidate.next_slot_at is None:
        return 0
    wait = candidate.next_slot_at - now
    for days in (7, 14, 28):
        if wait <= timedelta(days=days):
            return WEIGHTS[f"slot_{days}_days"]
    return 0


def _preferences_met(inquiry: Inquiry, candidate: Candidate) -> bool:
    stated = {wish for partner in inquiry.partners for wish in partner.preferences}
    return bool(stated) and stated <= set(candidate.traits)


def _private(inquiry: Inquiry, candidate: Candidate, limit: int) -> tuple[Reason, ...]:
    """Return at most `limit` reasons, one a partner, each for the partner who wished it."""
    met = [
        Reason("preference_met", (("preference", wish),), only_for=partner.partner)
        for partner in inquiry.partners
        for wish in partner.preferences[:1]
        if wish in candidate.traits
    ]
    return tuple(met[: max(limit, 0)])


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, tuple | list) else ()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
