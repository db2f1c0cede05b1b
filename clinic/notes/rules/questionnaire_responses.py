"""A measure that a partner filled in: answers or totals, and what was scored of them. Pure.

What was scored is kept with the response, under the names it had that day, so that the record
tells it without the definition. Scores are exact decimals with up to four places, as text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from clinic.foundation.errors import N_
from clinic.notes.rules.selectable_terms import Problem
from clinic.practice.rules.instrument_file_check import INSTRUMENT_CODE, INSTRUMENT_VERSION
from clinic.practice.rules.instruments import (
    Instrument,
    Scale,
    Score,
    answer_problems,
    items_to_review,
    score,
)

HOW = ("items", "total")
PLACES = Decimal("0.0001")
MOST_ANSWERS = 200
_NUMBER = re.compile(r"-?[0-9]{1,7}([.,][0-9]{1,4})?")


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one item; an item that is left out was not answered."""

    item: str
    value: int


@dataclass(frozen=True, slots=True)
class TakenScore:
    """A scale as it was scored; `value` is None where too many items are missing."""

    scale: str
    name: str
    value: str | None
    missing: int = 0

    @property
    def number(self) -> Fraction | None:
        """The score as an exact number."""
        return None if self.value is None else Fraction(self.value)


@dataclass(frozen=True, slots=True)
class MeasureDetails:
    """One response of one partner; `how` is `items` or `total`."""

    partner: str
    instrument: str
    version: str
    language: str
    name: str
    how: str
    answers: tuple[Answer, ...] = ()
    scores: tuple[TakenScore, ...] = ()
    look_at: tuple[str, ...] = ()


def from_answers(
    instrument: Instrument, *, partner: str, answers: Mapping[str, int]
) -> MeasureDetails:
    """A response with its answers, scored. Raises `KeyError` for answers to no item."""
    return _details(
        instrument,
        partner=partner,
        how="items",
        answers=tuple(Answer(one.code, answers[one.code]) for one in instrument.items
                      if one.code in answers),
        scores=tuple(
            _scored(scale, found)
            for scale, found in zip(instrument.scales, score(instrument, answers), strict=True)
        ),
        look_at=items_to_review(instrument, answers),
    )  # fmt: skip


def from_totals(
    instrument: Instrument, *, partner: str, totals: Mapping[str, Fraction]
) -> MeasureDetails:
    """A response of which only totals are known."""
    return _details(
        instrument,
        partner=partner,
        how="total",
        scores=tuple(
            TakenScore(one.code, one.name, number_text(totals[one.code]))
            for one in instrument.scales
            if one.code in totals
        ),
    )


def response_problems(
    instrument: Instrument, *, answers: Mapping[str, int], totals: Mapping[str, Fraction]
) -> list[Problem]:
    """What is wrong with what was typed, by field."""
    found = [
        (f"items.{code}", N_("Choose one from the list."))
        for code in answer_problems(instrument, answers)
    ]
    scales = {one.code: one for one in instrument.scales}
    for code, value in totals.items():
        scale = scales.get(code)
        if scale is None or not scale.lowest <= value <= scale.highest:
            found.append((f"totals.{code}", N_("This lies outside the range of the scale.")))
    if not answers and not totals:
        found.append(("answers", N_("Give at least one answer or one total.")))
    return found


def measure_problems(
    details: MeasureDetails, *, taken_on: date, today: date, members: Iterable[str]
) -> list[Problem]:
    """What is wrong with a response, without its definition."""
    d = details
    found: list[Problem] = []
    if d.partner not in set(members):
        found.append(("partner", N_("Choose one from the list.")))
    if taken_on > today:
        found.append(("taken_on", N_("This day has not come yet.")))
    known = INSTRUMENT_CODE.fullmatch(d.instrument) and INSTRUMENT_VERSION.fullmatch(d.version)
    if not known or d.language not in {"en", "pt"} or not 1 <= len(d.name) <= 120:
        found.append(("instrument", N_("An instrument has a code, a version, a language, a name.")))
    if d.how not in HOW or (d.how == "total" and d.answers):
        found.append(("how", N_("A response has its answers or its totals.")))
    if len(d.answers) > MOST_ANSWERS or len({one.item for one in d.answers}) < len(d.answers):
        found.append(("answers", N_("Each item is answered once.")))
    if not d.scores or len({one.scale for one in d.scores}) < len(d.scores):
        found.append(("scores", N_("Each scale is scored once.")))
    for at, one in enumerate(d.scores):
        if one.value is not None and read_number(one.value) is None:
            found.append((f"scores.{at}.value", N_("Give a number.")))
        if one.missing < 0 or not INSTRUMENT_CODE.fullmatch(one.scale):
            found.append((f"scores.{at}", N_("A score names its scale.")))
    return found


def read_number(text: str) -> Fraction | None:
    """A number as people type it, with a point or a comma; None for anything else."""
    typed = text.strip()
    return Fraction(typed.replace(",", ".")) if _NUMBER.fullmatch(typed) else None


def number_text(value: Fraction) -> str:
    """A score as it is kept: a decimal with up to four places."""
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    text = f"{exact.quantize(PLACES, rounding=ROUND_HALF_UP):f}"
    return text.rstrip("0").rstrip(".") or "0"


def _scored(scale: Scale, found: Score) -> TakenScore:
    value = None if found.value is None else number_text(found.value)
    return TakenScore(scale.code, scale.name, value, found.missing)


def _details(
    instrument: Instrument,
    *,
    partner: str,
    how: str,
    scores: tuple[TakenScore, ...],
    answers: tuple[Answer, ...] = (),
    look_at: tuple[str, ...] = (),
) -> MeasureDetails:
    return MeasureDetails(
        partner=partner,
        instrument=instrument.code,
        version=instrument.version,
        language=instrument.language,
        name=instrument.name,
        how=how,
        answers=answers,
        scores=scores,
        look_at=look_at,
    )
