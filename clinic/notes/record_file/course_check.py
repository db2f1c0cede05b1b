"""What is wrong with the course that a record in a file tells: logs, attempts, ratings, runs. Pure.

The rules are those of the pages; here each finding gets its place in the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from clinic.notes.record_file.document import CoupleRecord, EventPart
from clinic.notes.rules.clinical_checks import (
    attempt_problems,
    cycle_problems,
    disclosure_problems,
    error_problems,
    flag_problems,
    rating_problems,
    rupture_problems,
)
from clinic.notes.rules.questionnaire_responses import measure_problems
from clinic.notes.rules.rupture_events import HistoryBroken, RuptureEvent, stored_event
from clinic.notes.rules.rupture_history import derive_status
from clinic.notes.rules.selectable_terms import REASON_LISTS, Choosable, Problem
from clinic.notes.rules.transparency_window import run_problems

SPOKEN_OF = {"attempt": "attempts", "rating": "ratings", "run": "runs", "measure": "measures"}
"""What a mark of an error can name, and the list it stands in."""


@dataclass(frozen=True, slots=True)
class Around:
    """What is known around the record: the day, and the terms known here or told in the file."""

    today: date
    choosable: Choosable


def log_problems(record: CoupleRecord, around: Around) -> Iterator[Problem]:
    """Where a rupture's events cannot be read, or do not follow from one another."""
    logs: dict[str, list[RuptureEvent]] = {one.id: [] for one in record.ruptures}
    broken = False
    for at, part in enumerate(record.events):
        if part.effective_at > part.entered_at:
            yield f"events[{at}].effective_at", "It took effect after it was written."
        reason = (part.details.reason or None,)
        yield from around.choosable.problems(f"events[{at}].details.reason", reason, *REASON_LISTS)
        try:
            logs.setdefault(part.rupture_id, []).append(_event(part))
        except ValueError:
            broken = True
            yield f"events[{at}].details", "This kind of event, or this status, is not known."
    if broken:
        return
    for at, rupture in enumerate(record.ruptures):
        try:
            state = derive_status(logs[rupture.id])
        except HistoryBroken as error:
            yield f"ruptures[{at}]", f"Its events do not follow from one another: {error}"
        else:
            if state.status is None:
                yield f"ruptures[{at}]", "It was never opened."


def clinical_problems(record: CoupleRecord, around: Around) -> Iterator[Problem]:
    """What the pages would have refused too."""
    members = tuple(one.slot for one in record.members)
    days = {f"R-{one.number:02}": one.details.occurred_on for one in record.ruptures}
    for at, rupture in enumerate(record.ruptures):
        found = rupture_problems(rupture.details, choosable=around.choosable, today=around.today)
        yield from _at(f"ruptures[{at}].details", found)
    for at, one in enumerate(record.attempts):
        found = attempt_problems(
            one.details,
            choosable=around.choosable,
            happened_on=one.happened_on,
            today=around.today,
            members=members,
            ruptures=days,
        )
        yield from _at(f"attempts[{at}].details", found)
    for at, rating in enumerate(record.ratings):
        found = rating_problems(rating.details, members=members)
        yield from _at(f"ratings[{at}].details", found)
    for at, cycle in enumerate(record.cycles):
        found = cycle_problems(cycle.details, choosable=around.choosable, members=members)
        yield from _at(f"cycles[{at}].details", found)
    for at, told in enumerate(record.disclosures):
        found = disclosure_problems(told.details, members=members)
        yield from _at(f"disclosures[{at}].details", found)
    for at, flag in enumerate(record.flags):
        yield from _at(f"flags[{at}].details", flag_problems(flag.details))


def correction_problems(record: CoupleRecord, _around: Around) -> Iterator[Problem]:
    """Where a mark of an error speaks of nothing, twice, or too early."""
    open_to_recall = {note.id for note in record.notes if note.sealed_at is None}
    entries: dict[tuple[str, str], Any] = {
        (what, one.id): one for what, told in SPOKEN_OF.items() for one in getattr(record, told)
    }
    seen: set[tuple[str, str]] = set()
    for at, one in enumerate(record.in_error):
        place = f"in_error[{at}]"
        named = [(what, name) for what in SPOKEN_OF if (name := getattr(one, f"{what}_id"))]
        if len(named) != 1:
            yield place, "It speaks of one attempt, one partner's ratings, one run or one measure."
        elif (entry := entries.get(named[0])) is None:
            yield place, "There is no such entry in the file."
        elif named[0] in seen:
            yield place, "This is there twice."
        elif getattr(entry, "from_note", False) and entry.note_id in open_to_recall:
            yield place, "Its note is not sealed."
        yield from _at(f"{place}.details", error_problems(one.details))
        seen.update(named)


def window_problems(record: CoupleRecord, around: Around) -> Iterator[Problem]:
    """What is wrong with Transparency Windows."""
    members = tuple(one.slot for one in record.members)
    for at, run in enumerate(record.runs):
        found = run_problems(
            run.details, happened_on=run.happened_on, today=around.today, members=members
        )
        yield from _at(f"runs[{at}].details", found)


def response_problems(record: CoupleRecord, around: Around) -> Iterator[Problem]:
    """What is wrong with measures."""
    members = tuple(one.slot for one in record.members)
    for at, one in enumerate(record.measures):
        found = measure_problems(
            one.details, taken_on=one.taken_on, today=around.today, members=members
        )
        yield from _at(f"measures[{at}].details", found)


def _event(part: EventPart) -> RuptureEvent:
    """An event of the file as the rules read it. Raises `ValueError`."""
    return stored_event(
        part.number,
        part.details,
        effective_at=part.effective_at,
        entered_at=part.entered_at,
        by=part.author,
    )


def _at(place: str, found: Iterable[Problem]) -> Iterator[Problem]:
    return ((f"{place}.{path}", said) for path, said in found)
