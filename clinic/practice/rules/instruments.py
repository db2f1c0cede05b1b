"""Instruments as a clinic defines them: items, scales, scoring, cut-offs, licence. Pure.

No published questionnaire ships with the product: a clinic adds the definition files it may use.
A scale has no total when more items are missing than its rule allows; within the rule the missing
ones stand at the mean of the answered ones. Source: domain 3.6.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from clinic.foundation.errors import ClinicError
from clinic.foundation.texts.characters import places_of_refused_characters
from clinic.foundation.texts.json_nesting import refuse_deep_nesting
from clinic.practice.rules.instrument_file_check import problems_in

MAX_INSTRUMENT_BYTES = 200_000


class InstrumentBroken(ClinicError):
    """A definition cannot be used as it stands; `problems` lists everything that is wrong."""

    status = 422
    code = "instrument-broken"

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


@dataclass(frozen=True, slots=True)
class QuestionnaireItem:
    """One question. `look_from`: from this answer on the therapist is asked to look at it."""

    code: str
    text: str
    lowest: int
    highest: int
    labels: tuple[tuple[int, str], ...] = ()
    is_reversed: bool = False
    look_from: int | None = None

    def counted(self, value: int) -> int:
        """What an answer counts as: a reversed item is turned round within its range."""
        return self.lowest + self.highest - value if self.is_reversed else value


@dataclass(frozen=True, slots=True)
class CutOff:
    """A line with its meaning, and who says so."""

    value: Fraction
    direction: str
    meaning: str
    source: str

    def holds(self, score: Fraction) -> bool:
        """Whether a score lies on the side that the meaning speaks of."""
        return {
            "below": score < self.value,
            "at_or_below": score <= self.value,
            "above": score > self.value,
            "at_or_above": score >= self.value,
        }[self.direction]


@dataclass(frozen=True, slots=True)
class Scale:
    """What is worked out of some items. `change` is None where nobody gives a norm for it."""

    code: str
    name: str
    items: tuple[str, ...]
    method: str
    times: Fraction
    most_missing: int
    better: str
    cut_offs: tuple[CutOff, ...]
    change: Fraction | None
    norm_source: str | None
    lowest: Fraction
    highest: Fraction


@dataclass(frozen=True, slots=True)
class Instrument:
    """One definition; `code`, `version` and `language` name it."""

    code: str
    version: str
    language: str
    name: str
    licence: str
    source: str
    intro: str
    items: tuple[QuestionnaireItem, ...]
    scales: tuple[Scale, ...]

    @property
    def label(self) -> str:
        """How commands and the log call it."""
        return f"{self.code} {self.version} {self.language}"

    def item(self, code: str) -> QuestionnaireItem:
        """The item with this code."""
        return next(one for one in self.items if one.code == code)

    def is_like(self, other: Instrument) -> bool:
        """Whether both ask and score the same, whatever is said around it."""
        return other == replace(self, licence=other.licence, source=other.source, intro=other.intro)


@dataclass(frozen=True, slots=True)
class Score:
    """A scale's score, None where too many of its items are missing."""

    scale: str
    value: Fraction | None
    missing: int


def parse_instrument(text: str) -> Instrument:
    """Read one definition from JSON text, or raise `InstrumentBroken` with every problem."""
    if len(text.encode("utf-8", "replace")) > MAX_INSTRUMENT_BYTES:
        raise InstrumentBroken([f"the file is larger than {MAX_INSTRUMENT_BYTES} bytes"])
    try:
        raw = json.loads(text, parse_float=Decimal, parse_constant=_no_number)
        refuse_deep_nesting(raw)
    except (ValueError, RecursionError) as broken:
        raise InstrumentBroken([f"this is not JSON: {getattr(broken, 'msg', broken)}"]) from None
    problems = [
        f"{place or 'the file'}: holds characters that cannot be kept"
        for place in places_of_refused_characters(raw)
    ]
    if problems := problems or problems_in(raw):
        raise InstrumentBroken(problems)
    return _instrument(raw)


def score(instrument: Instrument, answers: Mapping[str, int]) -> tuple[Score, ...]:
    """The scores of all scales; an item that is not in `answers` is missing."""
    return tuple(_score(instrument, scale, answers) for scale in instrument.scales)


def answer_problems(instrument: Instrument, answers: Mapping[str, int]) -> list[str]:
    """The codes of answers outside their range, or of items that are not there."""
    known = {one.code: one for one in instrument.items}
    return [
        code
        for code, value in answers.items()
        if code not in known or not known[code].lowest <= value <= known[code].highest
    ]


def items_to_review(instrument: Instrument, answers: Mapping[str, int]) -> tuple[str, ...]:
    """The items whose answer asks the therapist to look at it, whatever the total."""
    return tuple(
        one.code
        for one in instrument.items
        if one.look_from is not None and answers.get(one.code, one.look_from - 1) >= one.look_from
    )


def _score(instrument: Instrument, scale: Scale, answers: Mapping[str, int]) -> Score:
    told = [instrument.item(code).counted(answers[code]) for code in scale.items if code in answers]
    missing = len(scale.items) - len(told)
    if missing > scale.most_missing:
        return Score(scale.code, None, missing)
    mean = Fraction(sum(told), len(told))
    value = mean if scale.method == "mean" else mean * len(scale.items)
    return Score(scale.code, value * scale.times, missing)


def _no_number(_text: str) -> Any:
    raise ValueError("NaN and Infinity are no numbers")


def _instrument(raw: Mapping[str, Any]) -> Instrument:
    items = tuple(_item(one) for one in raw["items"])
    return Instrument(
        code=raw["code"],
        version=raw["version"],
        language=raw["language"],
        name=raw["name"].strip(),
        licence=raw["licence"].strip(),
        source=raw["source"].strip(),
        intro=(raw.get("intro") or "").strip(),
        items=items,
        scales=tuple(_scale(one, items) for one in raw["scales"]),
    )


def _item(raw: Mapping[str, Any]) -> QuestionnaireItem:
    return QuestionnaireItem(
        code=raw["code"],
        text=raw["text"].strip(),
        lowest=raw["lowest"],
        highest=raw["highest"],
        labels=tuple((one["value"], one["text"]) for one in raw.get("labels", ())),
        is_reversed=raw.get("reversed", False),
        look_from=raw.get("look_from"),
    )


def _scale(raw: Mapping[str, Any], items: tuple[QuestionnaireItem, ...]) -> Scale:
    mine = [one for one in items if one.code in raw["items"]]
    times, count = Fraction(raw.get("times", 1)), len(mine)
    share = Fraction(1) if raw["method"] == "sum" else Fraction(1, count)
    change = raw.get("change") or {}
    return Scale(
        code=raw["code"],
        name=raw["name"].strip(),
        items=tuple(raw["items"]),
        method=raw["method"],
        times=times,
        most_missing=raw.get("most_missing", 0),
        better=raw.get("better", "neither"),
        cut_offs=tuple(
            CutOff(Fraction(one["value"]), one["direction"], one["meaning"], one["source"])
            for one in raw.get("cut_offs", ())
        ),
        change=Fraction(change["amount"]) if change.get("norm_source") else None,
        norm_source=change.get("norm_source"),
        lowest=sum(one.lowest for one in mine) * share * times,
        highest=sum(one.highest for one in mine) * share * times,
    )
