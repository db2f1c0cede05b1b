"""The definitions by which a record's measures were scored: they go along, and are checked. Pure.

A definition goes along as the file that the clinic imported. Where it is new it is added, and read
but not offered; where another one stands under its name the record is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from clinic.notes.record_file.document import CoupleRecord, InstrumentPart
from clinic.notes.rules.questionnaire_responses import MeasureDetails, from_answers
from clinic.notes.rules.selectable_terms import Problem
from clinic.practice.rules.instruments import (
    Instrument,
    InstrumentBroken,
    answer_problems,
    parse_instrument,
)

Key = tuple[str, str, str]
"""Code, version and language: what names a definition."""


def used_instruments(record: CoupleRecord, files: Mapping[Key, str]) -> tuple[InstrumentPart, ...]:
    """The definition files that the record's measures were scored by, in their one order."""
    used = {_scored_by(one.details) for one in record.measures}
    return tuple(InstrumentPart(*key, files[key]) for key in sorted(used & files.keys()))


def new_instruments(record: CoupleRecord, present: Mapping[Key, Instrument]) -> list[str]:
    """Return the definition files in the record that are not among the present ones."""
    return [one.definition for one in record.instruments if _key(one) not in present]


def instrument_problems(record: CoupleRecord) -> Iterator[Problem]:
    """What is wrong with the definitions in the file, and with the measures beside them."""
    seen: set[Key] = set()
    used = {_scored_by(one.details) for one in record.measures}
    for at, part in enumerate(record.instruments):
        place = f"instruments[{at}]"
        if _key(part) in seen:
            yield f"{place}.code", "This is there twice."
        elif _key(part) not in used:
            yield f"{place}.code", "No measure in the record was scored by this."
        else:
            yield from _definition_problems(record, part, place)
        seen.add(_key(part))


def instrument_clashes(
    record: CoupleRecord, present: Mapping[Key, Instrument]
) -> Iterator[Problem]:
    """Definitions of a checked record that ask or score otherwise than those known here."""
    for at, part in enumerate(record.instruments):
        here = present.get(_key(part))
        if here is not None and not here.is_like(parse_instrument(part.definition)):
            said = f"Here {here.label} is another definition."
            yield f"instruments[{at}].definition", said


def _definition_problems(
    record: CoupleRecord, part: InstrumentPart, place: str
) -> Iterator[Problem]:
    try:
        found = parse_instrument(part.definition)
    except InstrumentBroken as broken:
        yield from ((f"{place}.definition", said) for said in broken.problems)
        return
    if (found.code, found.version, found.language) != _key(part):
        yield f"{place}.definition", f"This defines {found.label}."
        return
    for at, one in enumerate(record.measures):
        if _scored_by(one.details) == _key(part):
            yield from _response_problems(one.details, found, f"measures[{at}].details")


def _response_problems(
    details: MeasureDetails, definition: Instrument, place: str
) -> Iterator[Problem]:
    if details.how != "items":
        return
    answers = {one.item: one.value for one in details.answers}
    strange = answer_problems(definition, answers)
    if strange:
        said = f"These are no answers to its definition: {', '.join(strange)}."
        yield f"{place}.answers", said
    elif from_answers(definition, partner=details.partner, answers=answers).scores != (
        details.scores
    ):
        yield f"{place}.scores", "By its definition the answers have other scores."


def _scored_by(details: MeasureDetails) -> Key:
    return details.instrument, details.version, details.language


def _key(part: InstrumentPart) -> Key:
    return part.code, part.version, part.language
