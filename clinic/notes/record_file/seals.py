"""Whether the seals of a record in a file hold: signatures, their chain, addenda. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from clinic.notes.record_file.document import CoupleRecord, NotePart
from clinic.notes.record_file.written_texts import written_of
from clinic.notes.rules.json_values import to_plain
from clinic.notes.rules.sealing import digest
from clinic.notes.rules.selectable_terms import Problem


def chain_problems(record: CoupleRecord) -> Iterator[Problem]:
    """Where a text is not the one that was signed, or the chain of seals is broken."""
    previous: str | None = None
    order = sorted(enumerate(record.notes), key=lambda one: one[1].seal_number or 0)
    expected = 1
    for at, note in order:
        if note.signed_digest is not None:
            signed = digest(_signed(record, note), previous_digest=None)
            if signed != note.signed_digest:
                yield f"notes[{at}].signed_digest", "The text is not the one that was signed."
        if note.seal_number is None:
            continue
        if note.previous_digest != previous or note.seal_number != expected:
            yield f"notes[{at}].previous_digest", "The chain of seals is broken here."
        elif digest(_signed(record, note), previous_digest=previous) != note.digest:
            yield f"notes[{at}].digest", "The seal does not hold."
        previous, expected = note.digest, note.seal_number + 1


def addenda_problems(record: CoupleRecord) -> Iterator[Problem]:
    """Where an addition does not follow what was said before, or its seal does not hold."""
    last = {note.id: note.digest for note in record.notes}
    written = written_of(record)
    order = sorted(enumerate(record.addenda), key=lambda one: (one[1].note_id, one[1].number))
    for at, one in order:
        content = {
            "note": one.note_id,
            "addendum": one.id,
            "number": one.number,
            "kind": one.kind,
            "at": to_plain(one.at),
            "author": one.author,
            "said": written.get(("addenda", one.id), to_plain(one.said)),
        }
        if one.previous_digest != last.get(one.note_id):
            yield f"addenda[{at}].previous_digest", "This does not follow what was said before."
        elif not _is_digest(one.previous_digest) or (
            digest(content, previous_digest=one.previous_digest) != one.digest
        ):
            yield f"addenda[{at}].digest", "The seal does not hold."
        last[one.note_id] = one.digest


def _signed(record: CoupleRecord, note: NotePart) -> dict[str, Any]:
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
        "body": written_of(record).get(("notes", note.id), to_plain(note.body)),
    }


def _is_digest(text: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{64}", text) is not None
