"""What is wrong with a couple's record that came as a file: every problem, with its place. Pure.

The form was read already; this looks at what the parts say together: ids and numbers, who points
to whom, whether the logs can be understood and the seals hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import available_timezones

from clinic.notes.choosable import REASON_LISTS, Choosable, whatever_is_known
from clinic.notes.clinical_rules import (
    attempt_problems,
    code_problems,
    cycle_problems,
    disclosure_problems,
    error_problems,
    flag_problems,
    rating_problems,
    rupture_problems,
)
from clinic.notes.plain_json import to_plain
from clinic.notes.record_shape import AttemptPart, CoupleRecord, EventPart, NotePart, RatingPart
from clinic.notes.record_terms import term_problems, terms_with
from clinic.notes.rupture_events import EventKind, HistoryBroken, RuptureEvent, RuptureStatus
from clinic.notes.rupture_history import derive_status
from clinic.notes.seal import digest
from clinic.notes.taken_measures import measure_problems
from clinic.notes.window_run import run_problems
from clinic.practice.own_terms import Terms

Problem = tuple[str, str]
LISTS = (
    "members",
    "notes",
    "versions",
    "addenda",
    "ruptures",
    "events",
    "entries",
    "attempts",
    "ratings",
    "cycles",
    "disclosures",
    "flags",
    "in_error",
    "runs",
    "measures",
)
UNIQUE = {
    "members": ("slot",),
    "versions": ("note_id", "number"),
    "addenda": ("note_id", "number"),
    "ruptures": ("number",),
    "events": ("number",),
    "entries": ("note_id", "rupture_id"),
    "cycles": ("number",),
}
ALLOWED = {
    "couple.status": ("enquiry", "intake", "active", "paused", "closed"),
    "notes.kind": (
        "consultation",
        "assessment",
        "joint",
        "individual_a",
        "individual_b",
        "closing",
    ),
    "notes.status": ("draft", "ready", "signed", "cosign_pending", "cosigned"),
    "versions.kind": ("autosave", "manual", "signed", "elsewhere"),
    "addenda.kind": ("addendum", "amendment", "late_entry", "entered_in_error", "returned"),
}
_ID = re.compile(r"[0-9a-f]{32}")
_CODE = re.compile(r"C-[0-9]{4,9}")
_LONGEST = {
    "author": 60,
    "saved_by": 60,
    "cosigned_by": 60,
    "cleared_by": 60,
    "withdrawn_by": 60,
    "digest": 64,
}
_LARGEST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Around:
    """What is known around the record: the day, and the terms known here or told in the file."""

    today: date
    choosable: Choosable


def record_problems(record: CoupleRecord, *, terms: Terms, today: date) -> list[Problem]:
    """Every problem of a record, in the order of the file; `terms` are the clinic's own."""
    rules: tuple[Callable[[CoupleRecord, Around], Iterator[Problem]], ...] = (
        _couple,
        _ids,
        _uniques,
        _values,
        _pointers,
        _notes,
        _chain,
        _addenda,
        _logs,
        _clinical,
        _in_error,
        _runs,
        _measures,
        _withdrawals,
    )
    around = Around(today, whatever_is_known(terms_with(record, terms)))
    found = [problem for rule in rules for problem in rule(record, around)]
    return [*found, *term_problems(record, terms)]


def event_of_part(part: EventPart) -> RuptureEvent:
    """An event of the file as the rules read it. Raises `ValueError`."""
    d = part.details
    return RuptureEvent(
        id=part.number,
        kind=EventKind(d.kind),
        effective_at=part.effective_at,
        entered_at=part.entered_at,
        by=part.author,
        to_status=RuptureStatus(d.to_status) if d.to_status else None,
        reason=d.reason,
        text=d.text,
        reverses=d.reverses,
        link=d.link,
    )


def signed_part(record: CoupleRecord, note: NotePart) -> dict[str, Any]:
    """What the signature of a note in the file stands under."""
    return {
        "note": note.id,
        "couple": record.couple.id,
        "kind": note.kind,
        "held_from": to_plain(note.held_from),
        "held_until": to_plain(note.held_until),
        "author": note.author,
        "signed_at": to_plain(note.signed_at),
        "is_late": note.is_late,
        "body": to_plain(note.body),
    }


def _each(record: CoupleRecord) -> Iterator[tuple[str, str, Any]]:
    for name in LISTS:
        for at, part in enumerate(getattr(record, name)):
            yield name, f"{name}[{at}]", part


def _couple(record: CoupleRecord, _around: Around) -> Iterator[Problem]:
    couple = record.couple
    if not _CODE.fullmatch(couple.code):
        yield "couple.code", "A code looks like C-0042."
    if not _ID.fullmatch(couple.id):
        yield "couple.id", "An id has 32 hexadecimal digits."
    if couple.status not in ALLOWED["couple.status"]:
        yield "couple.status", "This status is not known."
    if not record.members:
        yield "members", "A couple has at least one partner."
    lead = couple.lead_therapist
    if lead is not None and not (0 < len(lead.slug) <= 60 and 0 < len(lead.name) <= 120):
        yield "couple.lead_therapist", "A therapist has a slug and a name."
    zones = available_timezones()
    for at, member in enumerate(record.members):
        if member.person.time_zone not in zones:
            yield f"members[{at}].person.time_zone", "This time zone is not known."
        if member.person.language not in {"en", "pt"}:
            yield f"members[{at}].person.language", "This language is not spoken here."
        if member.slot not in set("ABCDEFGH"):
            yield f"members[{at}].slot", "Places go from A to H."


def _ids(record: CoupleRecord, _around: Around) -> Iterator[Problem]:
    seen: set[tuple[str, str]] = set()
    people = [(f"members[{at}].person", one.person) for at, one in enumerate(record.members)]
    parts = [*_each(record), *(("people", place, one) for place, one in people)]
    for name, place, part in parts:
        if not _ID.fullmatch(part.id):
            yield f"{place}.id", "An id has 32 hexadecimal digits."
        elif (name, part.id) in seen:
            yield f"{place}.id", "This id is there twice."
        seen.add((name, part.id))


def _uniques(record: CoupleRecord, _around: Around) -> Iterator[Problem]:
    seen: set[tuple[Any, ...]] = set()
    for name, place, part in _each(record):
        if name not in UNIQUE:
            continue
        key = (name, *(getattr(part, field) for field in UNIQUE[name]))
        if key in seen:
            yield f"{place}.{UNIQUE[name][-1]}", "This is there twice."
        seen.add(key)


def _values(record: CoupleRecord, _around: Around) -> Iterator[Problem]:
    for name, place, part in _each(record):
        for field in ("number", "revision", "seal_number"):
            value = getattr(part, field, None)
            if value is not None and not 1 <= value <= _LARGEST:
                yield f"{place}.{field}", "Numbers begin at 1."
        for field, most in _LONGEST.items():
            if len(getattr(part, field, None) or "") > most:
                yield f"{place}.{field}", f"This is longer than {most} characters."
        for field in ("kind", "status"):
            known = ALLOWED.get(f"{name}.{field}")
            if known is not None and getattr(part, field) not in known:
                yield f"{place}.{field}", "This is not known here."


def _pointers(record: CoupleRecord, _around: Around) -> Iterator[Problem]:
    notes = {one.id for one in record.notes}
    ruptures = {one.id for one in record.ruptures}
    for _name, place, part in _each(record):
        if getattr(part, "note_id", None) not in {None, *notes}:
            yield f"{place}.note_id", "There is no such note in the file."
        if getattr(part, "rupture_id", None) not in {None, *ruptures}:
            yield f"{place}.rupture_id", "There is no such rupture in the file."


def _notes(record: CoupleRecord, around: Around) -> Iterator[Problem]:
    for at, note in enumerate(record.notes):
        place = f"notes[{at}]"
        if note.held_from >= note.held_until:
            yield f"{place}.held_until", "A session ends after it began."
        if (note.signed_at is None) != (note.status in {"draft", "ready"}):
            yield f"{place}.signed_at", "A signed note says when, and no other does."
        if (note.signed_at is None) != (note.signed_digest is None):
            yield f"{place}.signed_digest", "A signed note has a digest, and no other has."
        sealed = {note.sealed_at is None, note.digest is None, note.seal_number is None}
        if len(sealed) > 1 or (note.sealed_at is not None and note.signed_at is None):
            yield f"{place}.sealed_at", "A sealed note is signed, numbered and has a digest."
        for path, said in code_problems(note.body.content, choosable=around.choosable):
            yield f"{place}.body.content.{path}", said


def _chain(record: CoupleRecord, _around: Around) -> Iterator[Problem]:
    previous: str | None = None
    order = sorted(enumerate(record.notes), key=lambda one: one[1].seal_number or 0)
    expected = 1
    for at, note in order:
        if note.signed_digest is not None:
            signed = digest(signed_part(record, note), previous_digest=None)
            if signed != note.signed_digest:
                yield f"notes[{at}].signed_digest", "The text is not the one that was signed."
        if note.seal_number is None:
            continue
        if note.previous_digest != previous or note.seal_number != expected:
            yield f"notes[{at}].previous_digest", "The chain of seals is broken here."
        elif digest(signed_part(record, note), previous_digest=previous) != note.digest:
            yield f"notes[{at}].digest", "The seal does not hold."
        previous, expected = note.digest, note.seal_number + 1


def _addenda(record: CoupleRecord, _around: Around) -> Iterator[Problem]:
    last = {note.id: note.digest for note in record.notes}
    order = sorted(enumerate(record.addenda), key=lambda one: (one[1].note_id, one[1].number))
    for at, one in order:
        content = {
            "note": one.note_id,
            "addendum": one.id,
            "number": one.number,
            "kind": one.kind,
            "at": to_plain(one.at),
            "author": one.author,
            "said": to_plain(one.said),
        }
        if one.previous_digest != last.get(one.note_id):
            yield f"addenda[{at}].previous_digest", "This does not follow what was said before."
        elif not _is_digest(one.previous_digest) or (
            digest(content, previous_digest=one.previous_digest) != one.digest
        ):
            yield f"addenda[{at}].digest", "The seal does not hold."
        last[one.note_id] = one.digest


def _is_digest(text: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{64}", text) is not None


def _logs(record: CoupleRecord, around: Around) -> Iterator[Problem]:
    logs: dict[str, list[RuptureEvent]] = {one.id: [] for one in record.ruptures}
    broken = False
    for at, part in enumerate(record.events):
        if part.effective_at > part.entered_at:
            yield f"events[{at}].effective_at", "It took effect after it was written."
        reason = (part.details.reason or None,)
        yield from around.choosable.problems(f"events[{at}].details.reason", reason, *REASON_LISTS)
        try:
            logs.setdefault(part.rupture_id, []).append(event_of_part(part))
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


def _clinical(record: CoupleRecord, around: Around) -> Iterator[Problem]:
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


def _in_error(record: CoupleRecord, _around: Around) -> Iterator[Problem]:
    open_to_recall = {note.id for note in record.notes if note.sealed_at is None}
    known: dict[str, AttemptPart | RatingPart] = {one.id: one for one in record.attempts}
    known |= {one.id: one for one in record.ratings}
    attempts = {one.id for one in record.attempts}
    seen: set[str] = set()
    for at, one in enumerate(record.in_error):
        place, told = f"in_error[{at}]", one.attempt_id or one.rating_id
        if told is None or (one.attempt_id and one.rating_id):
            yield place, "It speaks of one attempt or of one partner's ratings."
        elif told not in known or (told in attempts) != bool(one.attempt_id):
            yield place, "There is no such attempt and there are no such ratings in the file."
        elif told in seen:
            yield place, "This is there twice."
        elif known[told].from_note and known[told].note_id in open_to_recall:
            yield place, "Its note is not sealed."
        yield from _at(f"{place}.details", error_problems(one.details))
        seen.add(told or "")


def _runs(record: CoupleRecord, around: Around) -> Iterator[Problem]:
    members = tuple(one.slot for one in record.members)
    for at, run in enumerate(record.runs):
        found = run_problems(
            run.details, happened_on=run.happened_on, today=around.today, members=members
        )
        yield from _at(f"runs[{at}].details", found)


def _measures(record: CoupleRecord, around: Around) -> Iterator[Problem]:
    members = tuple(one.slot for one in record.members)
    for at, one in enumerate(record.measures):
        found = measure_problems(
            one.details, taken_on=one.taken_on, today=around.today, members=members
        )
        yield from _at(f"measures[{at}].details", found)


def _withdrawals(record: CoupleRecord, _around: Around) -> Iterator[Problem]:
    for name, place, part in _each(record):
        if name in {"runs", "measures"} and (part.withdrawn_at is None) != (
            part.withdrawn_by is None
        ):
            yield f"{place}.withdrawn_by", "Who withdrew it is told with when."


def _at(place: str, found: Iterable[Problem]) -> Iterator[Problem]:
    return ((f"{place}.{path}", said) for path, said in found)
