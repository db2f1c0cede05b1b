"""Check that the parts of a couple's record in a file agree: every problem, with its place. Pure.

Its structure was checked when it was read; this looks at what the parts say together: ids and
numbers, who points to whom, whether the logs can be understood and the seals hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from clinic.foundation.zone_offsets import zone_names
from clinic.notes.record_file.course_check import (
    Around,
    clinical_problems,
    correction_problems,
    log_problems,
    response_problems,
    window_problems,
)
from clinic.notes.record_file.document import CoupleRecord
from clinic.notes.record_file.instruments import instrument_problems
from clinic.notes.record_file.seals import addenda_problems, chain_problems
from clinic.notes.record_file.terms import term_problems, terms_with
from clinic.notes.record_file.written_texts import written_problems
from clinic.notes.rules.clinical_checks import code_problems
from clinic.notes.rules.selectable_terms import Problem, every_term
from clinic.practice.rules.custom_terms import Terms
from clinic.practice.rules.practice_rules import SITE_LANGUAGES

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
    "digest": 64,
}
_LARGEST = 2**31 - 1


def record_problems(record: CoupleRecord, *, terms: Terms, today: date) -> list[Problem]:
    """Every problem of a record, in the order of the file; `terms` are the clinic's own."""
    rules: tuple[Callable[[CoupleRecord, Around], Iterator[Problem]], ...] = (
        _couple,
        _ids,
        _uniques,
        _values,
        _pointers,
        _notes,
        lambda given, _around: chain_problems(given),
        lambda given, _around: addenda_problems(given),
        lambda given, _around: written_problems(given),
        log_problems,
        clinical_problems,
        correction_problems,
        window_problems,
        response_problems,
    )
    around = Around(today, every_term(terms_with(record, terms)))
    found = [problem for rule in rules for problem in rule(record, around)]
    return [*found, *term_problems(record, terms), *instrument_problems(record)]


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
    zones = zone_names()
    for at, member in enumerate(record.members):
        if member.person.time_zone not in zones:
            yield f"members[{at}].person.time_zone", "This time zone is not known."
        if member.person.language not in SITE_LANGUAGES:
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
